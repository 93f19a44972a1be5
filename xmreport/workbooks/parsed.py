"""A part of a workbook as a tree of elements."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from lxml import etree


def parsed(xml: bytes) -> Element:
    """The root of a part. It is lxml's, which keeps to the interface of ElementTree; nothing that the part names
    elsewhere is fetched or put in.

    Raises:
        ValueError: it is no XML, or it has a document type.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root: Element = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    if root.getroottree().docinfo.doctype:  # type: ignore[attr-defined]
        raise ValueError("a document type")
    return root
