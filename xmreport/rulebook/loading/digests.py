"""What tells one county's rules from others: hashes of rule files, without reading what they say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

CALENDAR_FILE = "节假日"
_MEANT = re.compile(r"\.ya?ml(?:\.txt)?$", re.IGNORECASE)


def rule_files(folder: Path) -> list[Path]:
    """The rule files of a folder; what an editor puts beside them while it is open is none."""
    return [path for path in sorted(folder.glob("*.yaml")) if not path.name.startswith((".", "~"))]


def misnamed_files(folder: Path) -> dict[Path, Path]:
    """Files that look like rules and are not read, and what each should be called: qinyuan.yaml.txt, qinyuan.yml."""
    read = set(rule_files(folder))
    found = (path for path in sorted(folder.glob("*")) if path not in read and not path.name.startswith((".", "~")))
    return {path: path.with_name(_MEANT.sub(".yaml", path.name)) for path in found if _MEANT.search(path.name)}


def county_digest(folder: Path, key: str) -> str:
    """The hash of all the rules that a county of this folder is judged under, without reading what they say."""
    return digest_of(folder / f"{key}.yaml", shared_digest(folder))


def digest_of(path: Path, shared: str) -> str:
    """The hash of a county's own file and of what it shares with the others."""
    return hashlib.sha256(path.read_bytes() + shared.encode()).hexdigest()


def shared_digest(folder: Path) -> str:
    """The hash of what all counties share: the forms and the calendar."""
    parts = hashlib.sha256()
    names = [f"forms/{path.name}" for path in rule_files(folder / "forms")]
    for name in [*names, f"{CALENDAR_FILE}.yaml"]:
        parts.update(name.encode() + b"\0" + _content(folder / name) + b"\0")
    return parts.hexdigest()


def _content(path: Path) -> bytes:
    """Nothing where it cannot be read: what needs it is broken, and says so."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
