"""The pure parts of the fake IMAP server: names, number sets, sections."""

from hypothesis import given
from hypothesis import strategies as st

from tests.servers.imap_answers import section
from tests.servers.imap_wire import decode_name, encode_name, number_set, numbers


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")))
def test_folder_names_survive_the_wire(name: str) -> None:
    """Modified UTF-7 brings every name back."""
    assert decode_name(encode_name(name).encode("ascii")) == name


@given(st.sets(st.integers(1, 500), min_size=1))
def test_number_sets_hold_exactly_their_numbers(values: set[int]) -> None:
    """A set written with ranges contains what was put in and nothing else."""
    held = numbers(number_set(sorted(values)), 500)
    assert {number for number in range(1, 501) if held(number)} == values


@given(st.binary())
def test_header_and_text_make_up_the_mail(raw: bytes) -> None:
    """No byte of any mail is lost between its two sections."""
    assert section(raw, b"HEADER") + section(raw, b"TEXT") == raw
