"""Mails that a colleague attaches: each is read as if it had come, and believed before the text."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from daemon.mail.forwards import ATTACHED, ForwardRules, Passed, passed_on
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from tests.stages.forward_oddities import BRUNO, CARLA, DARIO
from tests.stages.forward_shapes import ANNA, HERE, STAFF, WHO, outlook
from tests.stages.mail_builders import MAILS

RULES = ForwardRules(staff=STAFF, limits=MailLimits(), our_servers=("mx.example.org",))
SENT = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
HOP = ("Received", "from x by mx.example.org; Mon, 23 Nov 2026 10:15:09 +0100")


def letter(sender: str = WHO, *headers: tuple[str, str], text: str = "Rimborsate.") -> EmailMessage:
    """Return a mail as it came to a colleague."""
    mail = EmailMessage(policy=policy.SMTP)
    for name, value in headers:
        mail[name] = value
    mail["From"], mail["To"], mail["Subject"] = sender, HERE, "Fattura di ottobre"
    mail["Message-ID"] = "<orig@client.example>"
    mail["Date"] = "Mon, 23 Nov 2026 10:15:00 +0100"
    mail.set_content(text)
    return mail


def note(
    *attached: EmailMessage,
    sender: str = HERE,
    subject: str = "Per voi",
    text: str = "Vedi allegato.",
    to: str = "info@example.org",
) -> EmailMessage:
    """Return a colleague's mail with others attached."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"], mail["Date"] = "<fwd@example.org>", "Mon, 23 Nov 2026 11:40:00 +0100"
    mail.set_content(text)
    for one in attached:
        mail.add_attachment(one)
    return mail


def passed(mail: EmailMessage | bytes) -> Passed | None:
    """Return what a mail passes on."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    return passed_on(read_mail(raw, RULES.limits), raw, RULES)


def asked(mail: EmailMessage | bytes) -> tuple[str, list[str]]:
    """Return why a person is asked, and who is proposed."""
    found = passed(mail)
    assert found is not None
    assert found.forwarded.customer is None
    return found.forwarded.why, [one.email for one in found.forwarded.proposed]


def as_file(data: bytes, name: str, media_type: str = "application/octet-stream") -> EmailMessage:
    """Return a colleague's mail with a file."""
    mail = note()
    main, _, sub = media_type.partition("/")
    mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail


def test_the_attached_mail_s_own_headers_tell() -> None:
    """Who, when it was written and received, which mail it is and which it answers."""
    headers = (HOP, ("In-Reply-To", "<b@x>"), ("References", "<a@x> <b@x>"))
    found = passed(note(letter(WHO, *headers)))
    forward = found.forwarded
    assert (forward.customer.name, forward.customer.email) == ("Anna Rossi", ANNA)
    assert (forward.how, forward.why, forward.barred) == (ATTACHED, "", "")
    assert (forward.subject, forward.message_id) == ("Fattura di ottobre", "<orig@client.example>")
    assert forward.answers == ("<b@x>", "<a@x>")
    assert forward.sent_at == SENT
    assert forward.received_at == SENT.replace(second=9)
    assert found.text == "Rimborsate."


@pytest.mark.parametrize("name", ["fattura.eml", "FATTURA.EML"])
def test_a_mail_as_a_file(name: str) -> None:
    """As Outlook on the web and drag-and-drop send it."""
    assert passed(as_file(letter().as_bytes(), name)).forwarded.customer.email == ANNA


def test_a_mail_encoded_as_it_must_not_be() -> None:
    """Base64 round message/rfc822 (against RFC 2046 5.2.1), as some gateways send it."""
    body = base64.encodebytes(letter().as_bytes()).decode()
    raw = (
        f"From: {HERE}\r\nTo: info@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nVedi.\r\n--b\r\n"
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{body}\r\n--b--\r\n"
    )
    assert passed(raw.encode()).forwarded.customer.email == ANNA


def test_several_mails_of_one_customer_are_hers() -> None:
    """In whatever case she writes her address; our answers between them are passed over."""
    again = letter(f"Anna <{ANNA.upper()}>")
    assert passed(note(letter(), letter(BRUNO), again)).forwarded.customer.email == ANNA


def test_mails_of_several_customers_ask() -> None:
    """Each is proposed, the first first."""
    why, proposed = asked(note(letter(), letter(DARIO)))
    assert why == "several people wrote what is passed on"
    assert proposed == [ANNA, "dario@neighbour.example"]


def test_a_forward_that_is_attached_to_a_forward() -> None:
    """By colleagues only: the mail in the middle tells, attached or in its text."""
    deep = note(note(note(letter()), sender=BRUNO), sender=CARLA)
    assert passed(deep).forwarded.customer.email == ANNA
    written = note(text=outlook("it"), subject="I: Fattura", sender=BRUNO)
    forward = passed(note(written)).forwarded
    assert (forward.customer.email, forward.how) == (ANNA, "headers")


def test_beyond_the_depth_a_person_is_asked() -> None:
    """Six colleagues."""
    mail = letter()
    for _ in range(6):
        mail = note(mail)
    assert asked(mail) == ("only colleagues wrote what is passed on", [])


def test_the_text_may_say_the_same_or_another() -> None:
    """The same is no doubt; another writer is."""
    agreed = note(letter(), text=outlook("it"), subject="I: Fattura")
    assert passed(agreed).forwarded.customer.email == ANNA
    why, proposed = asked(note(letter(DARIO), text=outlook("it"), subject="I: Fattura"))
    assert why == "several people wrote what is passed on"
    assert set(proposed) == {ANNA, "dario@neighbour.example"}


def test_a_colleague_s_mail_attached_to_her_mail_in_the_text() -> None:
    """What is attached is nobody's; the text tells."""
    mixed = note(letter(BRUNO), text=outlook("it"), subject="I: Fattura")
    assert passed(mixed).forwarded.customer.email == ANNA
    assert asked(note(letter(BRUNO))) == ("only colleagues wrote what is passed on", [])


@pytest.mark.parametrize(
    ("attached", "why", "proposed"),
    [
        (letter(WHO, ("List-Id", "<news.shop.example>")), "it was sent to many", [ANNA]),
        (letter(WHO, ("List-Unsubscribe", "<mailto:x@y.example>")), "it was sent to many", [ANNA]),
        (letter("Form <noreply@forms.example>"), "nobody reads what is sent to its sender", None),
        (
            letter("Form <form@forms.example>", ("Reply-To", WHO)),
            "it wants answers at another place than its sender",
            [ANNA, "form@forms.example"],
        ),
        (
            letter("Form <form@forms.example>", ("Reply-To", HERE)),
            "it wants answers at another place than its sender",
            ["form@forms.example"],
        ),
        (
            letter(WHO, ("Auto-Submitted", "auto-replied")),
            "a machine wrote an attached mail",
            [ANNA],
        ),
    ],
)
def test_what_is_attached_and_leaves_a_doubt(
    attached: EmailMessage, why: str, proposed: Sequence[str] | None
) -> None:
    """Lists, forms and machines."""
    found = asked(note(attached))
    assert found[0] == why
    assert proposed is None or found[1] == proposed


def test_an_attached_mail_without_a_sender() -> None:
    """It does not say who wrote it."""
    nobody = letter()
    del nobody["From"]
    assert asked(note(nobody)) == ("an attached mail does not say who wrote it", [])


@pytest.mark.parametrize(
    "mail",
    [
        as_file(b"\xd0\xcf\x11\xe0 a mail of Outlook's", "fattura.msg"),
        as_file(b"\xd0\xcf\x11\xe0", "fattura", "application/vnd.ms-outlook"),
        as_file(b"", "fattura.eml"),
        as_file(b"no header at all", "fattura.eml"),
        as_file(b"From: a@b.example\r\nX: " + b"x" * 2_000_000, "fattura.eml"),
    ],
    ids=["msg", "outlook", "empty", "headless", "over-a-limit"],
)
def test_what_cannot_be_read_asks(mail: EmailMessage) -> None:
    """Whatever else there is."""
    assert asked(mail)[0] == "an attached mail cannot be read"


def test_more_mails_than_are_read_ask() -> None:
    """The eleventh may be another's."""
    assert asked(note(*[letter() for _ in range(11)])) == (
        "an attached mail cannot be read",
        [ANNA],
    )
    assert passed(note(*[letter() for _ in range(10)])).forwarded.is_sure


def test_certified_mail_is_the_mail_in_the_envelope() -> None:
    """With the receipt that its provider proves, and no answer by a machine."""
    envelope = message_from_bytes((MAILS / "pec_envelope.eml").read_bytes(), policy=policy.SMTP)
    forward = passed(note(envelope)).forwarded
    inner = read_mail((MAILS / "pec_envelope.eml").read_bytes(), RULES.limits)
    assert forward.customer.email == inner.sender.email
    assert forward.received_at == inner.pec_received_at
    assert forward.barred == "certified mail is answered by certified mail"


@pytest.mark.parametrize(
    ("headers", "barred"),
    [
        ((("Precedence", "bulk"),), "it is bulk mail (Precedence: bulk)"),
        ((("X-Auto-Response-Suppress", "All"),), "its sender wants no automatic answer"),
        (
            (("Authentication-Results", "mx.example.org; dmarc=fail header.from=client.example"),),
            "our server found that it is not from whom it says",
        ),
        ((("Authentication-Results", "mx.other.example; dmarc=fail"),), ""),
    ],
)
def test_why_no_machine_answers_it(headers: Sequence[tuple[str, str]], barred: str) -> None:
    """By the attached mail's own headers; whose it is stays sure."""
    forward = passed(note(letter(WHO, *headers))).forwarded
    assert (forward.customer.email, forward.barred) == (ANNA, barred)


def test_who_answers_somebody_passes_nothing_on() -> None:
    """A colleague's answer to the customer, with her mail attached, and us in copy."""
    answer = note(letter(), subject="Re: Fattura", to=f"{WHO}, info@example.org")
    assert passed(answer) is None
    assert passed(note(letter(), sender=DARIO)) is None
