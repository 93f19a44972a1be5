"""The life of a guarded worker process: limits first, then job after job until the pipe closes."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any

from xmreport.reading.forking import held_mib

Answer = tuple[str, Any, str]
WORN_MIB = 150
"""Memory from which a worker is replaced after the job at hand: what it once took it hardly gives back."""

_TOO_MUCH = "需要的内存超过上限"

LARGEST_DRAFT = 256 << 20
"""Bytes a worker may write to one temporary file: openpyxl drafts a workbook there that it rebuilds."""


def serve(
    pipe: Connection,
    memory_mib: int,
    initializer: Callable[..., object] | None,
    initargs: tuple[Any, ...],
    inherited: Iterable[int] = (),
) -> None:
    """Answer each job: ("result", value, ""), ("raised", error, traceback), ("memory" | "broken", words, traceback).

    Behind each answer comes whether this worker is worn out. Files `inherited` of the parent are closed first: the
    ledger is not for a worker to touch, and a pipe held by a sister would outlive the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for descriptor in inherited:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    answer = _attempt(_prepare, initializer, initargs)
    _silence()
    _limit(memory_mib)
    # The rules stay as long as the worker does: a collector that looks through them again and again finds nothing.
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
    _send(pipe, answer)
    while answer[0] in ("result", "raised"):
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        answer = _attempt(_call, message)
        # The job's bytes go before the next are received.
        del message
        _send(pipe, answer)


def _prepare(initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
    if initializer is not None:
        initializer(*initargs)


def _call(message: bytes) -> Any:
    function, args, kwargs = pickle.loads(message)  # noqa: S301 - from our own parent
    return function(*args, **kwargs)


def _attempt(call: Callable[..., Any], *args: Any) -> Answer:
    try:
        return "result", call(*args), ""
    except MemoryError:
        return "memory", _TOO_MUCH, traceback.format_exc()
    except Exception as error:  # noqa: BLE001 - it goes back to whoever asked
        return "raised", error, traceback.format_exc()
    except BaseException as error:  # noqa: BLE001 - a panic of a library: this worker is not to be trusted again
        return "broken", f"读取程序异常退出（{type(error).__name__}）", traceback.format_exc()


def _send(pipe: Connection, answer: Answer) -> None:
    outcome, value, text = answer
    worn = held_mib() > WORN_MIB
    try:
        message = pickle.dumps((*answer, worn), pickle.HIGHEST_PROTOCOL)
        if outcome == "raised":
            pickle.loads(message)  # noqa: S301 - an exception may pickle and yet not come back
    except MemoryError:
        message = pickle.dumps(("memory", _TOO_MUCH, text, True))
    except Exception as error:  # noqa: BLE001 - whatever a foreign object raises when it is pickled
        said = f"{type(value).__name__} cannot be sent: {error}"
        message = pickle.dumps(("raised", RuntimeError(said), text or traceback.format_exc(), worn))
    pipe.send_bytes(message)


def _limit(memory_mib: int) -> None:
    """Address space, and how much is written to disk. A system without such limits has the wall limit left."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return
    for kind, wanted in (
        (resource.RLIMIT_AS, memory_mib << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, LARGEST_DRAFT),
    ):
        # A limit that the system set already may be lower, and cannot be raised.
        hard = resource.getrlimit(kind)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (most, most))


def _silence() -> None:
    """A library that aborts writes its last words to the clerk's console; answers go through the pipe alone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
