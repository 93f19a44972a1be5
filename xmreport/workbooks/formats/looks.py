"""How a cell looks, taken from a template and told in the writer's own property names."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from msgspec import Struct

from xmreport.workbooks.formats.stencil import NOTHING, StencilCell, Style, child, is_on, says_yes
from xmreport.workbooks.parsed import parsed

GENERAL = "General"
Property = str | int | float | bool

_LINES = (
    *("thin", "medium", "dashed", "dotted", "thick", "double", "hair"),
    *("mediumDashed", "dashDot", "mediumDashDot", "dashDotDot", "mediumDashDotDot", "slantDashDot"),
)
_HORIZONTAL = {"centerContinuous": "center_across"}
_ARRANGEMENT = frozenset({"align", "valign", "text_wrap", "shrink", "indent", "rotation", "num_format"})
_VERTICAL = {"center": "vcenter", "justify": "vjustify", "distributed": "vdistributed"}

_INDEXED = (
    *("000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF"),
    *("000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF"),
    *("800000", "008000", "000080", "808000", "800080", "008080", "C0C0C0", "808080"),
    *("9999FF", "993366", "FFFFCC", "CCFFFF", "660066", "FF8080", "0066CC", "CCCCFF"),
    *("000080", "FF00FF", "FFFF00", "00FFFF", "800080", "800000", "008080", "0000FF"),
    *("00CCFF", "CCFFFF", "CCFFCC", "FFFF99", "99CCFF", "FF99CC", "CC99FF", "FFCC99"),
    *("3366FF", "33CCCC", "99CC00", "FFCC00", "FF9900", "FF6600", "666699", "969696"),
    *("003366", "339966", "003300", "333300", "993300", "993366", "333399", "333333"),
)
"""Colours that a file names by their number."""
_OFFICE = ("FFFFFF", "000000", "E7E6E6", "44546A", "4472C4", "ED7D31", "A5A5A5", "FFC000", "5B9BD5", "70AD47")
"""The theme of a workbook that names none, in the order in which cells number it."""
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_THEME_ORDER = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")


class Look(Struct, frozen=True, dict=True):
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


class Palette(Struct, frozen=True):
    """The colours of a workbook's theme: what a clerk picks from the top rows of Excel's colour list."""

    theme: tuple[str, ...] = _OFFICE

    @classmethod
    def read(cls, xml: bytes | None) -> Palette:
        if not xml:
            return cls()
        scheme: Element | None = parsed(xml).find(f".//{_DRAWING}clrScheme")
        if scheme is None:
            return cls()
        found = {}
        for slot in scheme:
            for shade in slot:
                found[slot.tag.removeprefix(_DRAWING)] = shade.get("lastClr") or shade.get("val") or "000000"
        return cls(tuple(found.get(name, "000000") for name in _THEME_ORDER))

    def rgb(self, colour: Element) -> str | None:
        """'#RRGGBB', or None where the cell leaves it to the program."""
        if "indexed" in colour.attrib:
            at = int(colour.attrib["indexed"])
            if at >= len(_INDEXED):
                return None
            plain = _INDEXED[at]
        elif "theme" in colour.attrib:
            at = int(colour.attrib["theme"])
            if at >= len(self.theme):
                return None
            plain = self.theme[at]
        elif says_yes(colour, "auto"):
            return None
        else:
            plain = colour.get("rgb", "000000")[-6:]
        return "#" + _tinted(plain, float(colour.get("tint", 0)))


def look_of(cell: StencilCell, palette: Palette) -> Look:
    """The look of a template's cell."""
    return _look(cell.style, cell.corner, palette)


@lru_cache(maxsize=1_024)
def _look(style: Style, corner: Style, palette: Palette) -> Look:
    fill = child(style.fill, "patternFill")
    found: dict[str, Any] = {
        **_font(style.font, palette),
        **_border(style.border, corner.border, palette),
        **_alignment(style.alignment),
        "num_format": None if style.number_format == GENERAL else style.number_format,
    }
    if fill.get("patternType") == "solid":
        found["bg_color"] = palette.rgb(child(fill, "fgColor"))
    return Look.of({name: value for name, value in found.items() if value not in (None, False, "")})


def overlay(look: Look, style: Look) -> Look:
    """`look` with the fill and the font's colour and weight of `style`."""
    wanted = ("bg_color", "font_color", "bold", "italic")
    return look.changed(**{k: v for k, v in style.properties if k in wanted})


def arranged(look: Look, model: Look) -> Look:
    """`look` with the alignment and the number format of `model`."""
    own = {name: value for name, value in look.properties if name not in _ARRANGEMENT}
    return Look.of(own | {name: value for name, value in model.properties if name in _ARRANGEMENT})


def _font(font: Element, palette: Palette) -> dict[str, Any]:
    size, line, colour = (child(font, name) for name in ("sz", "u", "color"))
    return {
        "font_name": child(font, "name").get("val"),
        "font_size": float(size.get("val", 0)) or None,
        "bold": is_on(child(font, "b")),
        "italic": is_on(child(font, "i")),
        "underline": {"single": 1, "double": 2}.get(line.get("val", "single")) if line is not NOTHING else None,
        "font_strikeout": is_on(child(font, "strike")),
        "font_color": palette.rgb(colour) if colour is not NOTHING else None,
    }


def _border(border: Element, last: Element, palette: Palette) -> dict[str, Any]:
    """The lines around a cell: what a block's first cell does not say of its right and bottom, its last one does."""
    found: dict[str, Any] = {}
    for name in ("left", "right", "top", "bottom"):
        sides = [child(border, name)]
        if name in {"right", "bottom"}:
            sides.append(child(last, name))
        style = next((side.get("style") for side in sides if side.get("style") in _LINES), None)
        if style is not None:
            colours = (child(side, "color") for side in sides)
            found[name] = _LINES.index(style) + 1
            found[f"{name}_color"] = next((palette.rgb(each) for each in colours if each is not NOTHING), None)
    return found


def _alignment(alignment: Element) -> dict[str, Any]:
    turned = int(alignment.get("textRotation", 0))
    across, down = alignment.get("horizontal", ""), alignment.get("vertical", "")
    return {
        "align": _HORIZONTAL.get(across, across) if across != "general" else None,
        "valign": _VERTICAL.get(down, down),
        "text_wrap": says_yes(alignment, "wrapText"),
        "shrink": says_yes(alignment, "shrinkToFit"),
        "indent": int(float(alignment.get("indent", 0))),
        # Excel stores a turn downwards as 91 to 180 and stacked letters as 255.
        "rotation": 270 if turned == 255 else 90 - turned if turned > 90 else turned,
    }


def _tinted(plain: str, tint: float) -> str:
    if not tint:
        return plain.upper()
    hue, light, saturation = colorsys.rgb_to_hls(*(int(plain[at : at + 2], 16) / 255 for at in (0, 2, 4)))
    light = light * (1 + tint) if tint < 0 else light + (1 - light) * tint
    return "".join(f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, light, saturation))
