"""Splitting workers off their parent: they have at once what it has imported, and keep none of its open files."""

from __future__ import annotations

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_MEMORY = Path("/proc/self/statm")
LARGEST_MIB = 75
"""A larger parent hands too much down: a worker begins with its parent's memory."""


def can_split() -> bool:
    """Whether this process may be split: a small one, with one thread; what another holds would stay locked.

    Only where the system tells: Linux.
    """
    if not hasattr(os, "fork"):
        return False
    try:
        threads = [*Path("/proc/self/task").iterdir()]
    except OSError:
        return False
    return len(threads) == 1 and held_mib() <= LARGEST_MIB


def open_files() -> frozenset[int]:
    """The descriptors that are open now, but for the three standard ones."""
    listed = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    # The listing's own was among them, and is closed again.
    return frozenset(number for number in listed if number > 2 and _is_open(number))


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def held_mib() -> float:
    """The memory this process holds; 0 where the system does not tell. (Its own peak would count its parent's too.)"""
    try:
        pages = int(_MEMORY.read_bytes().split()[1])
    except OSError:
        return 0.0
    return pages * _PAGE / 2**20
