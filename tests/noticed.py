"""What the notices demand, written down from the notices themselves: a file a county in `notices/`."""

from functools import cache
from pathlib import Path

import yaml

KEYS = ("guxian", "huozhou", "linxian", "qinshui", "zhangzi", "linfen")


@cache
def notice(key):
    """One county's demands; days as text."""
    return _texts(yaml.safe_load((Path(__file__).parent / "notices" / f"{key}.yaml").read_text("utf-8")))


def parts(what):
    """(county, name) of each entry under a heading of every county's file."""
    return [(key, name) for key in KEYS for name in notice(key).get(what, {})]


def _texts(value):
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return None if value is None else str(value)
