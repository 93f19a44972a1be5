"""Bytes → grids: values at true addresses, and what a careless reader would hide."""

from xmreport.reading.book import read
from xmreport.reading.failure import ReadFailure

__all__ = ["ReadFailure", "read"]
