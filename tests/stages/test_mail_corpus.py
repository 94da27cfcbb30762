"""Every mail in tests/mails reads as its expected file says."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from daemon.records import Address, Mail

MAILS = Path(__file__).parent.parent / "mails"
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))


def _people(addresses):
    return [[one.name, one.email] for one in addresses]


def _shown(mail: Mail, field: str, expected):
    """Return a field of the mail in the form the expected file uses."""
    value = getattr(mail, field)
    if isinstance(value, Address):
        return [value.name, value.email]
    if isinstance(value, datetime):
        return value.isoformat()
    if field in {"to", "cc", "reply_to"}:
        return _people(value)
    if field == "attachments":  # an expected size of null: any, but not nothing
        return [
            [one.filename, one.media_type, None if wanted[2] is None and one.size else one.size]
            for one, wanted in zip(value, expected, strict=True)
        ]
    return list(value) if isinstance(value, tuple) else value


def _differs(mail: Mail, field: str, expected) -> bool:
    if field.endswith("_contain"):
        return not any(expected in one for one in getattr(mail, field.removesuffix("_contain")))
    if field.endswith("_contains"):
        return expected not in getattr(mail, field.removesuffix("_contains"))
    if field == "sha256":
        return [one.sha256.hex() for one in mail.attachments] != expected
    return _shown(mail, field, expected) != expected


@pytest.mark.parametrize("name", NAMES)
def test_each_mail_reads_as_expected(name):
    """All fields named in the expected file hold, and no text has a NUL or lone surrogate."""
    raw = (MAILS / f"{name}.eml").read_bytes()
    expected = json.loads((MAILS / f"{name}.json").read_text(encoding="utf-8"))

    mail = read_mail(raw, MailLimits(), own_instance="house-1")

    wrong = {
        field: (wanted, getattr(mail, field, None))
        for field, wanted in expected.items()
        if _differs(mail, field, wanted)
    }
    assert wrong == {}


def test_there_are_enough_mails_and_none_without_its_expected_file():
    """The corpus does not shrink, and every mail has something to hold."""
    assert len(NAMES) >= 40
    assert sorted(path.stem for path in MAILS.glob("*.json")) == NAMES
