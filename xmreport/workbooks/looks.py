"""How a cell looks, taken from a template and told in the writer's own property names."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles.colors import COLOR_INDEX, Color

GENERAL = "General"
Property = str | int | float | bool

_LINES = (
    *("thin", "medium", "dashed", "dotted", "thick", "double", "hair"),
    *("mediumDashed", "dashDot", "mediumDashDot", "dashDotDot", "mediumDashDotDot", "slantDashDot"),
)
_HORIZONTAL = {"centerContinuous": "center_across"}
_ARRANGEMENT = frozenset({"align", "valign", "text_wrap", "shrink", "indent", "rotation", "num_format"})
_VERTICAL = {"center": "vcenter", "justify": "vjustify", "distributed": "vdistributed"}

_OFFICE = ("FFFFFF", "000000", "E7E6E6", "44546A", "4472C4", "ED7D31", "A5A5A5", "FFC000", "5B9BD5", "70AD47")
"""The theme of a workbook that names none, in the order in which cells number it."""
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_THEME_ORDER = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")


@dataclass(frozen=True)
class Look:
    """The properties of a cell, in a fixed order so that equal looks are equal.

    Every cell asks its look, so what it says is worked out once.
    """

    properties: tuple[tuple[str, Property], ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Property]) -> Look:
        return cls(tuple(sorted(properties.items())))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.properties)

    @cached_property
    def _by_name(self) -> Mapping[str, Property]:
        return dict(self.properties)

    def get(self, name: str) -> Property | None:
        return self._by_name.get(name)

    def changed(self, **properties: Property) -> Look:
        return _changed(self, tuple(properties.items()))

    @cached_property
    def size(self) -> float:
        return float(self.get("font_size") or 11)

    @cached_property
    def number_format(self) -> str:
        return str(self.get("num_format") or GENERAL)

    @cached_property
    def wraps(self) -> bool:
        return bool(self.get("text_wrap"))


@lru_cache(maxsize=4_096)
def _changed(look: Look, properties: tuple[tuple[str, Property], ...]) -> Look:
    return Look.of({**dict(look.properties), **dict(properties)})


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a workbook's theme: what a clerk picks from the top rows of Excel's colour list."""

    theme: tuple[str, ...] = _OFFICE

    @classmethod
    def read(cls, xml: bytes | str | None) -> Palette:
        if not xml:
            return cls()
        scheme: Element | None = fromstring(xml).find(f".//{_DRAWING}clrScheme")
        if scheme is None:
            return cls()
        found = {}
        for slot in scheme:
            for shade in slot:
                found[slot.tag.removeprefix(_DRAWING)] = shade.get("lastClr") or shade.get("val") or "000000"
        return cls(tuple(found.get(name, "000000") for name in _THEME_ORDER))

    def rgb(self, colour: Color | None) -> str | None:
        """'#RRGGBB', or None where the cell leaves it to the program."""
        if colour is None:
            return None
        if colour.type == "rgb" and isinstance(colour.rgb, str):
            plain = colour.rgb[-6:]
        elif colour.type == "theme" and isinstance(colour.theme, int) and colour.theme < len(self.theme):
            plain = self.theme[colour.theme]
        elif colour.type == "indexed" and isinstance(colour.indexed, int) and colour.indexed < len(COLOR_INDEX):
            plain = COLOR_INDEX[colour.indexed][-6:]
        else:
            return None
        return "#" + _tinted(plain, float(colour.tint or 0))


def look_of(cell: Cell | MergedCell, palette: Palette) -> Look:
    """The look of a template's cell."""
    found: dict[str, Any] = {
        **_font(cell, palette),
        **_border(cell, palette),
        **_alignment(cell),
    }
    if cell.fill.fill_type == "solid":
        found["bg_color"] = palette.rgb(cell.fill.fgColor)
    if cell.number_format != GENERAL:
        found["num_format"] = cell.number_format
    return Look.of({name: value for name, value in found.items() if value not in (None, False, "")})


def overlay(look: Look, style: Look) -> Look:
    """`look` with the fill and the font's colour and weight of `style`."""
    wanted = ("bg_color", "font_color", "bold", "italic")
    return look.changed(**{k: v for k, v in style.properties if k in wanted})


def arranged(look: Look, model: Look) -> Look:
    """`look` with the alignment and the number format of `model`."""
    own = {name: value for name, value in look.properties if name not in _ARRANGEMENT}
    return Look.of(own | {name: value for name, value in model.properties if name in _ARRANGEMENT})


def _font(cell: Cell | MergedCell, palette: Palette) -> dict[str, Any]:
    font = cell.font
    return {
        "font_name": font.name,
        "font_size": float(font.sz) if font.sz else None,
        "bold": bool(font.b),
        "italic": bool(font.i),
        "underline": {"single": 1, "double": 2}.get(font.u or ""),
        "font_strikeout": bool(font.strike),
        "font_color": palette.rgb(font.color),
    }


def _border(cell: Cell | MergedCell, palette: Palette) -> dict[str, Any]:
    found: dict[str, Any] = {}
    border = cell.border
    for name, side in (("left", border.left), ("right", border.right), ("top", border.top), ("bottom", border.bottom)):
        if side is not None and side.style in _LINES:
            found[name] = _LINES.index(side.style) + 1
            found[f"{name}_color"] = palette.rgb(side.color)
    return found


def _alignment(cell: Cell | MergedCell) -> dict[str, Any]:
    alignment = cell.alignment
    turned = int(alignment.textRotation or 0)
    return {
        "align": _HORIZONTAL.get(alignment.horizontal or "", alignment.horizontal)
        if alignment.horizontal != "general"
        else None,
        "valign": _VERTICAL.get(alignment.vertical or "", alignment.vertical),
        "text_wrap": bool(alignment.wrap_text),
        "shrink": bool(alignment.shrink_to_fit),
        "indent": int(alignment.indent or 0),
        # Excel stores a turn downwards as 91 to 180 and stacked letters as 255.
        "rotation": 270 if turned == 255 else 90 - turned if turned > 90 else turned,
    }


def _tinted(plain: str, tint: float) -> str:
    if not tint:
        return plain.upper()
    hue, light, saturation = colorsys.rgb_to_hls(*(int(plain[at : at + 2], 16) / 255 for at in (0, 2, 4)))
    light = light * (1 + tint) if tint < 0 else light + (1 - light) * tint
    return "".join(f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, light, saturation))
