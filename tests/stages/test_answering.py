"""Who may be answered by a machine, from whom a mail really is, and words only we can write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.answering import bar_to_answering
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from daemon.mail.tokens import Tokens
from daemon.mail.trust import FAIL, PASS, UNKNOWN, authenticity
from daemon.reading.draft import reading_of
from daemon.triage.acknowledge import untagged
from tests.builders import TOKENS
from tests.stages.triage_builders import address

ANNA = address("anna@client.example")
HEADERS = st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200)), max_size=5)


@pytest.mark.parametrize(
    "header",
    [
        ("auto-submitted", "auto-generated"),
        ("auto-submitted", "Auto-Replied; x=y"),
        ("return-path", " < > "),
        ("precedence", "List"),
        ("precedence", "junk"),
        ("list-id", "<x.example>"),
        ("list-unsubscribe", "<mailto:x@x.example>"),
        ("feedback-id", "1:2:3"),
        ("x-auto-response-suppress", "DR, AutoReply"),
        ("x-auto-response-suppress", "All"),
    ],
)
def test_headers_that_forbid_an_answer(header: tuple[str, str]) -> None:
    """Wherever they stand among the others."""
    assert bar_to_answering([("subject", "x"), header], ANNA, ())


@pytest.mark.parametrize(
    "header",
    [
        ("auto-submitted", "no"),
        ("return-path", "<anna@client.example>"),
        ("precedence", "first-class"),
        ("x-auto-response-suppress", "DR, RN, NRN"),
        ("x-mailer", "bulk list All"),
    ],
)
def test_headers_that_forbid_nothing(header: tuple[str, str]) -> None:
    """People's mail has them."""
    assert bar_to_answering([header], ANNA, ()) == ""


@pytest.mark.parametrize(
    "local",
    [
        "noreply", "no-reply", "No_Reply", "do-not-reply", "donotreply", "shop-noreply",
        "noreply-orders", "nonrispondere", "nie-odpowiadaj", "nicht-antworten", "ne-pas-repondre",
        "no-responder", "MAILER-DAEMON", "postmaster", "bounces+12", "owner-list", "list-request",
        "listserv", "autoreports",
    ],
)  # fmt: skip
def test_addresses_behind_which_nobody_reads(local: str) -> None:
    """In the languages of our customers and their neighbours."""
    assert "nobody reads" in bar_to_answering([], address(f"{local}@x.example"), ())


@pytest.mark.parametrize(
    "local", ["reply", "norbert.eply", "anna.request", "info", "autohaus", "postmann", "bouncer.bo"]
)
def test_addresses_of_people(local: str) -> None:
    """Names that only look like it."""
    assert bar_to_answering([], address(f"{local}@x.example"), ()) == ""


def test_where_answers_are_wanted() -> None:
    """With a colleague, good; with another house, none."""
    assert bar_to_answering([], ANNA, (address("office@client.example"),)) == ""
    assert "another place" in bar_to_answering([], ANNA, (address("victim@other.example"),))
    assert "does not say" in bar_to_answering([], None, ())
    assert "does not say" in bar_to_answering([], address("anna"), ())


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("mx.desk.example; dmarc=pass header.from=client.example", PASS),
        ("MX.desk.example 1; dmarc=pass (p=none) header.from=client.example", PASS),
        ("mx.desk.example; dmarc=fail header.from=client.example", FAIL),
        ("mx.desk.example; dmarc=none", UNKNOWN),
        ("mx.desk.example; spf=pass smtp.mailfrom=a@client.example", PASS),
        ("mx.desk.example; spf=pass smtp.mailfrom=other.example", UNKNOWN),
        ("mx.desk.example; dkim=pass header.d=example", UNKNOWN),
        ("mx.desk.example; dkim=pass header.i=@client.example; dmarc=fail", FAIL),
        ("mx.desk.example; dkim=fail header.d=client.example", UNKNOWN),
        ("mx.desk.example; dmarc=pass header.from=other.example", UNKNOWN),
        ("mx.desk.example; none", UNKNOWN),
        ("other.example; dmarc=pass header.from=client.example", UNKNOWN),
        ("(mx.desk.example;) x; dmarc=pass header.from=client.example", UNKNOWN),
        ("mx.desk.example; x=y (dmarc=pass; dmarc=pass header.from=client.example)", UNKNOWN),
        ('mx.desk.example; spf=none smtp.mailfrom="; dmarc=pass "@x.example', UNKNOWN),
        ('mx.desk.example; spf=none smtp.mailfrom="\\"; dmarc=pass "@x.example', UNKNOWN),
        ('mx.desk.example; spf=none smtp.mailfrom="; dmarc=pass', UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_what_our_server_found(value: str, found: str) -> None:
    """DMARC first; DKIM and SPF where they speak for the sender's domain."""
    headers = [("received", "x"), ("authentication-results", value)]
    assert authenticity(headers, {"mx.desk.example"}, "client.example") == found
    assert authenticity(headers, (), "client.example") == UNKNOWN


def test_only_the_topmost_word_of_our_server_counts() -> None:
    """What stands below came with the mail; what others wrote above is passed over."""
    ours = ("authentication-results", "mx.desk.example; dmarc=fail header.from=client.example")
    forged = ("authentication-results", "mx.desk.example; dmarc=pass header.from=client.example")
    others = ("authentication-results", "list.example; dmarc=pass header.from=client.example")
    servers = {"mx.desk.example"}
    assert authenticity([others, ours, forged], servers, "client.example") == FAIL
    assert authenticity([forged, ours], servers, "client.example") == PASS


@given(headers=HEADERS, value=st.text(alphabet='();=mx.deskplai "d', max_size=5000))
def test_hostile_headers_raise_nothing(headers: list[tuple[str, str]], value: str) -> None:
    """Strangers write them."""
    bar_to_answering(headers, ANNA, ())
    authenticity([*headers, ("authentication-results", value)], {"mx"}, "client.example")


@given(case=st.integers(1, 10**17), key=st.text(max_size=40))
def test_our_words_lead_home_and_no_others(case: int, key: str) -> None:
    """In any case of letters; with another number, another key or another purpose they do not."""
    message_id, tag = TOKENS.message_id(case, key, "desk.example"), TOKENS.tag(case)
    assert TOKENS.case_of_id(message_id) == TOKENS.case_of_id(message_id.upper()) == case
    assert TOKENS.case_of_address(f"info+{tag}@desk.example", "+") == case
    assert TOKENS.case_of_address(f"info-{tag}@desk.example", "+") is None
    assert TOKENS.case_of_address(f"{tag}@desk.example", "+") is None
    other = Tokens([b"another key of 32 bytes, as it is"])
    assert other.case_of_id(message_id) is None
    assert Tokens([b"new" * 11, b"a key of the tests, 32 bytes long."]).case_of_id(message_id)
    assert TOKENS.case_of_id(message_id.replace(f"<c{case}.", f"<c{case + 1}.")) is None
    assert TOKENS.case_of_id(message_id.replace("<c", "<c0")) is None


@given(st.text(max_size=400))
def test_strangers_words_lead_nowhere(text: str) -> None:
    """Whatever they hold."""
    assert TOKENS.case_of_id(text) is None
    assert TOKENS.case_of_id(f"<c1.{text}@desk.example>") is None
    assert TOKENS.case_of_address(text, "+-") is None


@pytest.mark.parametrize("letter", ["\u017f", "\u212a", "\u0130", "\uff17"])
def test_letters_that_only_fold_to_ours_are_not_ours(letter: str) -> None:
    """One hostile character must not stop a mail."""
    assert TOKENS.case_of_id(f"<c1.aaaaaaaa.{letter}aaaaaaaaaaaaaaa@x.example>") is None
    assert TOKENS.case_of_address(f"info+c1.{letter}aaaaaaaaaaaaaaa@x.example", "+") is None
    assert TOKENS.case_of_id(f"<c{letter}.aaaaaaaa.aaaaaaaaaaaaaaaa@x.example>") is None


def test_a_mailbox_has_one_name_for_the_limits() -> None:
    """Tags and capitals make no new people."""
    assert untagged("Anna+Shop@Client.Example") == "anna@client.example"
    assert untagged("+x@client.example") == "+x@client.example"


def test_an_envelope_proves_nothing_of_the_mail_inside() -> None:
    """Anybody can make one: what is sealed in it neither confirms a sender nor lifts a bar."""
    inner = (
        "From: bank@bank.example\r\nTo: info@desk.example\r\nSubject: x\r\n"
        "Auto-Submitted: no\r\nReturn-Path: <bank@bank.example>\r\n"
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=bank.example\r\n\r\nx\r\n"
    )
    outer = (
        "Return-Path: <>\r\nX-Trasporto: posta-certificata\r\nAuto-Submitted: auto-replied\r\n"
        "Authentication-Results: mx.desk.example; dmarc={} header.from=pec.example\r\n"
        "From: posta-certificata@pec.example\r\nSubject: POSTA CERTIFICATA: x\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        '--b\r\nContent-Type: message/rfc822; name="postacert.eml"\r\n\r\n'
        f"{inner}--b--\r\n"
    )
    for found, told in (("pass", UNKNOWN), ("fail", FAIL), ("none", UNKNOWN)):
        mail = read_mail(outer.format(found).encode(), MailLimits())
        assert mail.sender.email == "bank@bank.example"
        read = reading_of(mail, "x", frozenset(), None, ("mx.desk.example",))
        assert (read.authentic, bool(read.barred)) == (told, True)
