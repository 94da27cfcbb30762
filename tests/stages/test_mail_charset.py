"""Text of unsure charset is read by the ladder, and never comes out broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.charset import clean, decode_bytes, decode_value

SENTENCES = [
    ("cp1250", "Proszę o zwrot pieniędzy, łóżko się złamało: „skandal”."),
    ("iso8859-2", "Zażółć gęślą jaźń, więc śpię źle."),
    ("cp1252", "È già la terza volta: perché nessuno risponde? Così non può andare…"),
    ("cp1252", "Die Größe passt nicht, bitte um Rückgabe für 20 €."),
    ("cp1252", "J'ai déjà téléphoné à vos collègues français."),
    ("cp1252", "El señor Núñez llegó mañana con otro año."),
    ("utf-8", "Łódź, città, größe, señor, 日本"),
]


@pytest.mark.parametrize(("charset", "text"), SENTENCES)
@pytest.mark.parametrize("declared", [None, "utf-8", "us-ascii", "x-unknown", "undefined"])
def test_undeclared_or_misdeclared_text_is_read_by_its_letters(charset, text, declared):
    """Polish and western bytes are told apart, whatever the label says."""
    assert decode_bytes(text.encode(charset), declared)[0] == text


@pytest.mark.parametrize(("charset", "text"), SENTENCES)
def test_a_declared_charset_that_fits_is_believed(charset, text):
    """The label comes first."""
    assert decode_bytes(text.encode(charset), charset) == (text, True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?Za=C5=BC=C3=B3=C5=82=C4=87?=", "Zażółć"),
        ("=?iso-8859-2?Q?Za=BF=F3=B3=E6?=", "Zażółć"),
        ("=?utf-8?Q?one?= =?utf-8?Q?two?= three", "onetwo three"),
        ("=?utf-8?Q?a?=\r\n b", "a b"),
        ("=?UTF-8*en?b?aGk?=", "hi"),
        ("=?utf-8?Q?with space?=", "with space"),
        ("plain =?not a word", "plain =?not a word"),
        ("=?utf-8?B?!?=", "=?utf-8?B?!?="),
        ("fold\r\n\ted", "fold ed"),
    ],
)
def test_header_values_are_decoded_as_mail_programs_do(value, text):
    """RFC 2047, and what is commonly sent instead of it."""
    decoded, _ = decode_value(value)

    assert decoded in {text, ""} if text.startswith("=?utf-8?B?!") else decoded == text


@given(
    st.binary(max_size=400),
    st.one_of(
        st.none(),
        st.text(max_size=20),
        st.sampled_from(
            [
                "utf-7",
                "utf-16",
                "utf-32",
                "idna",
                "punycode",
                "base64",
                "unicode_escape",
                "hz",
                "big5",
            ]
        ),
    ),
)
def test_any_bytes_become_clean_text(data, declared):
    """No NUL, no lone surrogate, no error, whatever charset is claimed."""
    text, _ = decode_bytes(data, declared)

    assert "\0" not in text
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_header_value_becomes_one_clean_line(value):
    """Folds, lone surrogates and control characters included."""
    text, _ = decode_value(value)

    assert not set(text) & {"\0", "\r", "\n"}
    assert clean(text) == text
