"""Frozen data that the rooms hand each other. Nothing here reads, writes or decides."""
