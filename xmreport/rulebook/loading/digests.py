"""What tells one county's rules from others: hashes of rule files, without reading what they say."""

from __future__ import annotations

import hashlib
from pathlib import Path

CALENDAR_FILE = "节假日"


def rule_files(folder: Path) -> list[Path]:
    """The rule files of a folder; what an editor puts beside them while it is open is none."""
    return [path for path in sorted(folder.glob("*.yaml")) if not path.name.startswith((".", "~"))]


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
