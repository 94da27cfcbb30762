"""A small XML document of a stranger -> the few texts wanted from it.

XML 1.0; nothing is fetched and nothing is expanded: entities are how XML bombs are built.
"""

import re
from collections.abc import Mapping
from xml.parsers import expat

XML_BYTES = 262_144  # daticert.xml of a mail to hundreds is a tenth of it
_TEXT = 400  # characters of a wanted text; an address has at most 320

_DEPTH = 32
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def texts_of(
    xml: bytes, wanted: Mapping[tuple[str, ...], str], *, may_name_dtd: bool = False
) -> Mapping[str, str]:
    """Return the wanted texts that are in a document, each by the name `wanted` gives it.

    Raises nothing. Of an element that comes again the first one counts. A document that is broken,
    deep, over `XML_BYTES`, with a document type or with entities gives nothing at all.

    Args:
        xml: the document, in any encoding that it declares and that expat knows.
        wanted: path of element names from the root, without namespace prefixes, to a name; the
            last step of the path may be an attribute: `@zona`.
        may_name_dtd: accept a document type with a plain file name (`SYSTEM "Segnatura.dtd"`) and
            without a subset of its own. The file is not read.
    """
    if len(xml) > XML_BYTES:
        return {}
    reader = _Reader(wanted, may_name_dtd=may_name_dtd)
    try:
        reader.read(xml)
    except (expat.ExpatError, _Refused, ValueError, LookupError):
        return {}
    return reader.found


class _Refused(Exception):
    """Takes a parser callback's refusal out to the caller."""


class _Reader:
    """Collects the wanted texts while expat goes through a document."""

    def __init__(self, wanted: Mapping[tuple[str, ...], str], *, may_name_dtd: bool) -> None:
        self.found: dict[str, str] = {}
        self._wanted = wanted
        self._may_name_dtd = may_name_dtd
        self._path: list[str] = []
        self._closed: set[str] = set()

    def read(self, xml: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._refuse
        parser.SkippedEntityHandler = self._refuse
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)  # noqa: FBT003 - expat takes no keywords

    def _doctype(self, _name: str, system: str | None, public: str | None, subset: int) -> None:
        is_plain = system is not None and _PLAIN_NAME.fullmatch(system) is not None
        if not self._may_name_dtd or not is_plain or public is not None or subset:
            raise _Refused

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.rpartition(":")[2])
        if len(self._path) > _DEPTH:
            raise _Refused
        for attribute, value in attributes.items():
            wanted = self._wanted.get((*self._path, f"@{attribute}"))
            if wanted:
                self.found.setdefault(wanted, value[:_TEXT])

    def _close(self, _name: str) -> None:
        wanted = self._wanted.get(tuple(self._path))
        if wanted:
            self._closed.add(wanted)
        self._path.pop()

    def _text(self, text: str) -> None:
        wanted = self._wanted.get(tuple(self._path))
        if wanted and wanted not in self._closed:
            self.found[wanted] = (self.found.get(wanted, "") + text)[:_TEXT]
