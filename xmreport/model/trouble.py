"""Something a clerk can put right."""

from __future__ import annotations


class Trouble(Exception):
    """Told in a Chinese sentence that says what to do, never with a traceback."""
