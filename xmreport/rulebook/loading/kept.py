"""The rulebook as it was last read, kept beside the ledger: reading six counties' YAML takes longer than a quiet pass.

What is kept is known by the content of every rule file and by the program that read it, and holds no fault; anything
else is read anew. Whoever can write into the folder can put something of his own there: nothing but the rulebook's own
classes is ever made of it.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import pydantic

from xmreport import __version__
from xmreport.rulebook.book import Rulebook
from xmreport.rulebook.loading.digests import misnamed_files, rule_files

NAME = "规则.bin"


def read_rulebook(rules: Path, cache: Path) -> Rulebook:
    """The rulebook of the folder `rules`, from the folder `cache` where it is kept there; nothing lies there yet, or
    something else, or half of it, is no obstacle.
    """
    try:
        stand = _stand(rules)
    except OSError:  # a file that cannot be read breaks one county at most: whoever reads them finds out which
        return _read(rules)
    path = cache / NAME
    with suppress(OSError):
        label, _, kept = path.read_bytes().partition(b"\n")
        if label == _label(stand, kept):
            with suppress(pickle.UnpicklingError):
                book = _Rules(io.BytesIO(kept)).load()
                assert isinstance(book, Rulebook)
                return book
    book = _read(rules)
    with suppress(OSError):  # a place where nothing can be kept costs only time
        if not book.faults and _stand(rules) == stand:
            cache.mkdir(parents=True, exist_ok=True)
            kept = pickle.dumps(book, pickle.HIGHEST_PROTOCOL)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_bytes(_label(stand, kept) + b"\n" + kept)
            draft.replace(path)
    return book


class _Rules(pickle.Unpickler):
    """Makes a rulebook, and no call that is not a class of it."""

    def find_class(self, module: str, name: str) -> Any:
        own = module.startswith(("xmreport.rulebook.", "xmreport.model.")) or module == "datetime"
        found = super().find_class(module, name) if own and "." not in name else None
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"no class of the rulebook: {module}.{name}")
        return found


def _read(rules: Path) -> Rulebook:
    from xmreport.rulebook.loading.folder import load_rulebook  # takes as long as all else: only where nothing is kept

    return load_rulebook(rules)


def _label(stand: str, kept: bytes) -> bytes:
    """What stands before it: a crash may leave a file that is not whole."""
    return f"{stand} {hashlib.sha256(kept).hexdigest()}".encode()


def _stand(rules: Path) -> str:
    """Tells apart every content of the rule files, and every program whose objects are kept."""
    made_by = (__version__, _own_code(), platform.python_version(), pydantic.VERSION)
    whole = hashlib.sha256("\0".join(made_by).encode())
    for path in (*rule_files(rules), *rule_files(rules / "forms")):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(rules).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    for path in (*misnamed_files(rules), *misnamed_files(rules / "forms")):
        whole.update(f"{path.relative_to(rules).as_posix()}\0".encode())
    return whole.hexdigest()


def _own_code() -> str:
    """Changes with the modules whose objects are kept, also where the version does not: in a checkout."""
    rulebook = Path(__file__).parent.parent
    rooms = (rulebook, rulebook.parent / "model")
    found = sorted((path.as_posix(), path.stat().st_mtime_ns) for room in rooms for path in room.rglob("*.py"))
    return hashlib.sha256(repr(found).encode()).hexdigest()
