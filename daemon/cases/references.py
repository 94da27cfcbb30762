"""The public reference of a case: year, number, and two check digits against slips of the pen."""

import re

_REFERENCE = re.compile(r"(?<![0-9-])(\d{4})-(\d{5,9})-(\d{2})(?![0-9-])")
_MODULUS = 97


def reference_of(year: int, number: int) -> str:
    """Return the reference of a year's case: `2026-00042-11` (ISO 7064, MOD 97-10)."""
    digits = f"{year}{number:05d}"
    return f"{year}-{number:05d}-{_MODULUS + 1 - int(digits) * 100 % _MODULUS:02d}"


def references_in(text: str) -> tuple[str, ...]:
    """Return the references in a text, in order, each once; slips are passed over."""
    found = (match for match in _REFERENCE.finditer(text[:2000]))
    right = (m[0] for m in found if int(m[1] + m[2] + m[3]) % _MODULUS == 1)
    return tuple(dict.fromkeys(right))
