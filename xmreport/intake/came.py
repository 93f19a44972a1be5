"""When a file came to be where it is, as its file system keeps it: nothing that whoever sends it can set."""

from __future__ import annotations

import datetime as dt
import os
import sys

from xmreport.model.dates import CHINA

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _ATTRIBUTES, _SHARED, _EXISTING = 0x80, 0x7, 3
    """Asks to read no content, lets others read, write and delete it meanwhile, and creates nothing."""
    _AS_IT_STANDS = 0x02000000 | 0x00200000
    """A folder may be asked, too, and no link is followed."""
    _TICKS, _UNIX = 10_000_000, 11_644_473_600
    """Windows counts a second in so many steps, from 1601 on: so many seconds before Unix does."""
    _windows = ctypes.WinDLL("kernel32", use_last_error=True)
    _windows.CreateFileW.restype = wintypes.HANDLE

    class _Moments(ctypes.Structure):
        _fields_ = (
            ("created", ctypes.c_int64),
            ("read", ctypes.c_int64),
            ("written", ctypes.c_int64),
            ("changed", ctypes.c_int64),
            ("attributes", wintypes.DWORD),
        )

    def came(path: str, status: os.stat_result) -> dt.datetime:
        """A file that is moved keeps the day of its creation; that of its last change, a move included, is later."""
        created = float(getattr(status, "st_birthtime", status.st_ctime))
        return dt.datetime.fromtimestamp(max(created, _changed(path)), CHINA)

    def _changed(path: str) -> float:
        """0 where the file system does not keep it, or the file is away."""
        handle = _windows.CreateFileW(path, _ATTRIBUTES, _SHARED, None, _EXISTING, _AS_IT_STANDS, None)
        if handle == wintypes.HANDLE(-1).value:
            return 0.0
        moments = _Moments()
        try:
            told = _windows.GetFileInformationByHandleEx(
                wintypes.HANDLE(handle), 0, ctypes.byref(moments), ctypes.sizeof(moments)
            )
        finally:
            _windows.CloseHandle(wintypes.HANDLE(handle))
        return moments.changed / _TICKS - _UNIX if told and moments.changed else 0.0

else:

    def came(_path: str, status: os.stat_result) -> dt.datetime:
        """The time of its last change, a move included."""
        return dt.datetime.fromtimestamp(status.st_ctime, CHINA)
