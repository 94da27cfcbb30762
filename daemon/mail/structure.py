"""The stdlib's message tree -> which leaves are the mail's text and which are attachments.

An enclosed mail (message/rfc822) and the parts of a delivery report are attachments of this mail,
their insides are not looked into: what another mail says is not what this one says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Part = Message[str, str]
else:  # generic for the type checker only
    Part = Message

_TEXT_TYPES = frozenset({"text/plain", "text/html", "text/enriched", "text/markdown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of the mail's text, in its plain form, its HTML form, or both to choose from."""

    plain: tuple[Part, ...] = ()
    html: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """The leaves of one mail in their order, and what the parser found wrong with them."""

    passages: tuple[Passage, ...]
    attachments: tuple[tuple[int, Part], ...]  # (1-based number of the leaf, part)
    media_types: frozenset[str]
    defects: tuple[Exception, ...]


@dataclass(frozen=True, slots=True)
class _Leaf:
    number: int
    part: Part
    media_type: str
    is_text: bool
    is_attachment: bool
    group: int  # number of the alternative it belongs to, 0 for none


def structure_of(message: Part) -> Structure:
    """Return the leaves of `message`; raises nothing that its part headers could cause."""
    defects: list[Exception] = []
    leaves: list[_Leaf] = []
    types: set[str] = set()
    for part, media_type, group, inside in _walk(message, 0, inside=False):
        defects += part.defects
        types.add(media_type)
        if not _is_container(part, media_type):
            leaves.append(_leaf(len(leaves) + 1, part, media_type, group, inside=inside))
    return Structure(
        passages=tuple(_passages(leaves)),
        attachments=tuple((leaf.number, leaf.part) for leaf in leaves if leaf.is_attachment),
        media_types=frozenset(types),
        defects=tuple(defects),
    )


def _walk(part: Part, group: int, *, inside: bool) -> Iterator[tuple[Part, str, int, bool]]:
    """Yield each part, its type, its alternative's id, and whether an attachment holds it."""
    media_type = part.get_content_type()
    yield part, media_type, group, inside
    if not _is_container(part, media_type):
        return
    if media_type == "multipart/alternative" and not group:
        group = id(part)
    inside = inside or disposition(part) == "attachment"
    for child in part.get_payload():
        if isinstance(child, Message):
            yield from _walk(child, group, inside=inside)


def _is_container(part: Part, media_type: str) -> bool:
    return media_type.startswith("multipart/") and part.is_multipart()


def _leaf(number: int, part: Part, media_type: str, group: int, *, inside: bool) -> _Leaf:
    how = disposition(part)
    is_body_type = media_type in _TEXT_TYPES or media_type.startswith("multipart/")
    is_text = is_body_type and not inside and how != "attachment"
    is_named = is_text and _is_named(part)
    if is_named and how != "inline":
        is_text = False
    return _Leaf(
        number=number,
        part=part,
        media_type=media_type,
        is_text=is_text,
        is_attachment=is_named or not is_text,
        group=group,
    )


def disposition(part: Part) -> str:
    """Return the lower-case disposition of a part, empty when it has none."""
    value = part.get("content-disposition")
    return str(value).partition(";")[0].strip().lower() if value is not None else ""


def _is_named(part: Part) -> bool:
    """Say whether a file name is given; looks for the parameters before parsing them."""
    given = f"{part.get('content-disposition', '')};{part.get('content-type', '')}".lower()
    return "name" in given and bool(file_name(part))


def file_name(part: Part) -> str:
    """Return the file name a part claims, as the stdlib reads it, empty when it cannot."""
    try:
        return str(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):  # NUL or nonsense in an RFC 2231 charset
        return ""


def _passages(leaves: list[_Leaf]) -> Iterator[Passage]:
    """Yield the text leaves, those of one alternative together, where its first one stands."""
    groups: dict[int, list[_Leaf]] = {}
    for leaf in leaves:
        if leaf.is_text:
            groups.setdefault(leaf.group or -leaf.number, []).append(leaf)
    for members in groups.values():
        html = tuple(one.part for one in members if one.media_type == "text/html")
        plain = tuple(one.part for one in members if one.media_type != "text/html")
        yield Passage(plain=plain, html=html)
