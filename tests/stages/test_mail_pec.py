"""The receipt time of certified mail is read safely."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.pec import daticert_time, is_envelope

CERT = (
    '<?xml version="1.0" encoding="UTF-8"?><postacert tipo="avvenuta-consegna"><dati>'
    '<data zona="{zone}"><giorno>{day}</giorno><ora>{time}</ora></data></dati></postacert>'
)


def _cert(day="06/09/2026", time="15:30:21", zone="+0200") -> bytes:
    return CERT.format(day=day, time=time, zone=zone).encode()


def test_the_moment_is_read_in_utc():
    """Day, time and zone of `dati/data`."""
    assert daticert_time(_cert()) == datetime(2026, 9, 6, 13, 30, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        _cert(day="31/02/2026"),
        _cert(time="25:00:00"),
        _cert()[:-20],
        b"<!DOCTYPE p SYSTEM 'http://x.example/p.dtd'>" + _cert().partition(b"?>")[2],
        _cert().replace(b"<postacert", b'<!DOCTYPE p [<!ENTITY a "b">]><postacert'),
        b"<a>" * 50_000,
        _cert() + b" " * 300_000,
    ],
)
def test_what_is_broken_or_hostile_has_no_moment(xml):
    """Neither errors, nor entities, nor size get through."""
    assert daticert_time(xml) is None


@given(st.binary(max_size=500))
def test_any_bytes_are_safe(xml):
    """Nothing comes out but a moment or none."""
    assert daticert_time(xml) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-trasporto": "posta-certificata"}, True),
        ({"x-trasporto": "errore"}, True),
        ({"from": '"Per conto di: a@pec.example" <posta-certificata@g.example>'}, True),
        ({"from": "posta-certificata@g.example"}, False),
        ({}, False),
    ],
)
def test_an_envelope_is_told_by_its_headers(headers, expected):
    """Receipts and anomalies are no envelopes of somebody's mail."""
    assert is_envelope(headers) is expected
