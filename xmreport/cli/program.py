"""The program from its first word to its exit status: no traceback ever reaches a clerk."""

from __future__ import annotations

import gc
import logging
import os
import sqlite3
import sys
from collections.abc import Sequence

from xmreport.cli.arguments import Miswritten
from xmreport.cli.asked import Refused, say
from xmreport.cli.commands import COMMANDS
from xmreport.model.text import visible
from xmreport.model.trouble import Trouble

INTERRUPTED = 130
"""The exit status of what Ctrl+C ended, as shells have it."""

log = logging.getLogger("xmreport")


def main() -> None:
    """The console script. A clerk sees a sentence, never a traceback; the log keeps the rest."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8" if not stream.isatty() else None, errors="replace")
    gc.set_threshold(200_000, 20, 10)  # what a pass makes lives as long as the pass: looking for garbage in it is idle
    # Figures are added up, no more: the threads of numpy's linear algebra would cost more to start than all of it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # No plugin of pydantic is wanted: looking for one reads the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    logging.raiseExceptions = False  # a log that cannot be written must not reach a clerk's screen as a traceback
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.WARNING)
    screen.setFormatter(_Sentence())
    log.addHandler(screen)
    try:
        status = answer(sys.argv[1:])
        print(end="", flush=True)
        sys.exit(status)
    except BrokenPipeError:
        # Whoever reads along, such as `head`, has seen enough. Python flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        # The last boundary: what nobody foresaw is said, and kept in the log.
        log.critical("程序自身出错，没有做完：%r。请把日志交给维护人员。", error, exc_info=True)
        sys.exit(1)
    finally:
        gc.freeze()  # the process ends: it need not look through all that for garbage once more


def answer(words: Sequence[str]) -> int:
    """Do what is asked and give the exit status; what a clerk can put right is said in a sentence: 2."""
    try:
        return COMMANDS.read(words)()
    except Miswritten as wrong:
        command = " ".join(["xmreport", *words])
        say(f"命令写得不对：{visible(command)}（{visible(str(wrong))}）。写法看 {wrong.program} --help。")
    except KeyboardInterrupt:
        say("已停下，没有做完的再运行一次就会接着做。")
        return INTERRUPTED
    except Trouble as trouble:
        say(str(trouble))
    except Refused:
        pass  # it has been said
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename or ''}（{error.strerror or error}）"
        log.exception("读写失败：%s。请检查磁盘空间、权限和网络后再运行一次。", where)
    except sqlite3.OperationalError as error:
        why = str(error)
        log.exception("台账打不开或写不进去（%s）。请检查台账文件夹的权限和磁盘空间后再运行一次。", why)
    return 2


class _Sentence(logging.Formatter):
    """What the screen shows of the log: the sentence, never where in the program it arose."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(record.getMessage())
