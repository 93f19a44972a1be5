"""The rulebook as it was last read, kept beside the ledger: reading six counties' YAML takes longer than a quiet pass.

What is kept is known by the content of every rule file and by the program that read it, and holds no fault; anything
else is read anew.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
from contextlib import suppress
from pathlib import Path

import pydantic

from xmreport import __version__
from xmreport.rulebook.book import Rulebook
from xmreport.rulebook.loading.digests import rule_files

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
            book = pickle.loads(kept)  # noqa: S301 - written by this program, in its own folder, for these very rules
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
    return whole.hexdigest()


def _own_code() -> str:
    """Changes with the modules whose objects are kept, also where the version does not: in a checkout."""
    rooms = (Path(__file__).parent, Path(__file__).parent.parent / "model")
    found = sorted((path.name, path.stat().st_mtime_ns) for room in rooms for path in room.glob("*.py"))
    return hashlib.sha256(repr(found).encode()).hexdigest()
