"""Strangers' words -> one harmless line that reads in the order it is written."""

import re

SUBJECT_CHARS = 120
SENDER_CHARS = 100

# Bidi controls can show a text in another order than it has, the rest can hide in it:
# U+061C, 200B, 200E-200F, 202A-202E, 2060-2069, FEFF, FFF9-FFFB, tags U+E0000-E007F.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def legible(text: str, most: int) -> str:
    """Return `text` as one line of at most `most` characters, cut with an ellipsis."""
    shown = text.encode("utf-8", "replace").decode()
    line = " ".join(_CONTROLS.sub(" ", _HIDDEN.sub("", shown)).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
