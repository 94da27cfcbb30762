"""Folding: what people take for the same word is the same word."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.triage.fold import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Reclamo", "reclamo"),
        ("  Żółta\tŁÓDŹ \n", "zolta lodz"),
        ("perché", "perche"),
        ("STRASSE Straße", "strasse strasse"),
        ("Ærø", "aero"),
        ("ﬁne №1", "fine no1"),
        ("a\u00a0b", "a b"),
        ("", ""),
    ],
)
def test_case_accents_and_spaces_do_not_count(text: str, folded: str) -> None:
    """Also for letters that Unicode does not take apart, such as ł and ß."""
    assert fold(text) == folded


@given(st.text(st.characters()))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    """Needle and haystack are folded once each, and meet."""
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_both_unicode_forms_fold_alike(text: str) -> None:
    """Some clients send composed letters, some decomposed."""
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
