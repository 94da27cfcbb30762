"""Tokens of links: only ours are believed, each for its purpose only, and none that was changed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.mail.links import Link, Links, Purpose
from tests.builders import MORNING

KEY, OLD = b"a key of the tests, 32 bytes long.", b"an older key of the tests, 32 b..."
LINKS = Links([KEY])
URL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - made aware by `timezones`
    lambda moment: moment.replace(microsecond=0)
)
SUBJECTS = st.lists(
    st.text(max_size=40).filter(str.isprintable), min_size=1, max_size=3
).map(tuple)  # fmt: skip
ANY = st.builds(Link, purpose=st.sampled_from(Purpose), subjects=SUBJECTS, until=MOMENTS)


def link(*subjects: str, purpose: Purpose = Purpose.LABEL) -> Link:
    """Return a link that is good for a month."""
    return Link(purpose=purpose, subjects=subjects, until=MORNING + timedelta(days=30))


@given(ANY)
def test_what_goes_in_comes_out(one: Link) -> None:
    """Purpose, subjects (empty ones as well) and expiry; in letters that a URL has as they are."""
    token = LINKS.token(one)
    assert LINKS.read(token, one.purpose) == one
    assert re.fullmatch(r"[A-Za-z0-9_-]+[A-Za-z0-9]", token)


@given(ANY, st.data())
def test_any_changed_character_is_refused(one: Link, data: st.DataObject) -> None:
    """At any place, by any other letter that a token may have."""
    token = LINKS.token(one)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(URL_LETTERS.replace(token[place], "")))
    assert LINKS.read(token[:place] + letter + token[place + 1 :], one.purpose) is None


@given(ANY, st.data())
def test_cut_or_longer_is_refused(one: Link, data: st.DataObject) -> None:
    """No beginning of a token is one, and nothing may follow it."""
    token = LINKS.token(one)
    cut = data.draw(st.integers(0, len(token) - 1))
    more = data.draw(st.text(st.sampled_from(URL_LETTERS + "=\n \x00é"), min_size=1))
    assert LINKS.read(token[:cut], one.purpose) is None
    assert LINKS.read(token + more, one.purpose) is None


@given(st.text())
def test_no_text_is_a_token(text: str) -> None:
    """Whatever a stranger writes, the answer is no, never an error."""
    assert LINKS.read(text, Purpose.LABEL) is None


@given(ANY, ANY)
def test_two_links_have_two_tokens(one: Link, other: Link) -> None:
    """Two subjects cannot be told as one, nor one as two."""
    assume(one != other)
    assert LINKS.token(one) != LINKS.token(other)


def test_a_token_is_good_for_its_purpose_only() -> None:
    """The link to a calendar labels nothing."""
    token = LINKS.token(link("7", purpose=Purpose.DEADLINES))
    assert LINKS.read(token, Purpose.DEADLINES) is not None
    assert LINKS.read(token, Purpose.LABEL) is None


def test_the_newest_key_signs_and_all_are_believed() -> None:
    """A new key in front leaves old links good; a forgotten one ends them."""
    old, both = Links([OLD]), Links([KEY, OLD])
    assert both.read(old.token(link("7")), Purpose.LABEL) == link("7")
    assert both.token(link("7")) == LINKS.token(link("7"))
    assert LINKS.read(old.token(link("7")), Purpose.LABEL) is None
    assert Links([]).read(old.token(link("7")), Purpose.LABEL) is None


@pytest.mark.parametrize("subject", ["a\nb", "a\0", "\r", "\u2028", "\ud800", "x" * 800])
def test_what_cannot_stand_in_a_link_is_an_error(subject: str) -> None:
    """Before anybody gets a link that does not work."""
    with pytest.raises(ValueError, match="of a link"):
        LINKS.token(link("7", subject))


def test_a_link_fits_into_a_line() -> None:
    """An address of 25 characters makes a token of some 70."""
    assert len(LINKS.token(link("123456", "anna.rossi@aurora.example"))) < 80
