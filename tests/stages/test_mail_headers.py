"""Headers are read by mail-parser, and by the stdlib to the same effect where that fails."""

from datetime import UTC, datetime
from email.message import Message

from daemon.mail.headers import View, envelope_view, read_envelope

HEADERS = {
    "from": "Anna Rossi <anna@cliente.example>",
    "to": "ufficio@azienda.example, Jan <jan@azienda.example>",
    "subject": "Preventivo",
    "date": "Mon, 02 Mar 2026 09:15:00 +0100",
    "message-id": "<m1@cliente.example>",
    "received": "from a.example by mx.azienda.example; Mon, 02 Mar 2026 09:15:07 +0100",
}


class _Breaking(Message):
    """A message on which mail-parser fails, as it does on some broken mail."""

    def walk(self):
        raise AttributeError("walk")


def _named(name: str) -> Message:
    part = Message()
    part["Content-Type"] = "application/pdf"
    part["Content-Disposition"] = f'attachment; filename="{name}"'
    part.set_payload("")
    return part


def _breaking(view: View) -> View:
    message = _Breaking()
    for name, value in view.message.items():
        message[name] = value
    message.set_payload(view.message.get_payload())
    return View(message=message, addresses=view.addresses)


def test_the_envelope_is_what_the_headers_say():
    """Addresses, dates in UTC, the hop's time and the attachments' names."""
    envelope = read_envelope(envelope_view(HEADERS, [_named("a.pdf"), _named("b.pdf")], ()))

    assert envelope.from_ == (("Anna Rossi", "anna@cliente.example"),)
    assert [email for _, email in envelope.to] == ["ufficio@azienda.example", "jan@azienda.example"]
    assert envelope.sent_at == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    assert envelope.hop_received_at == datetime(2026, 3, 2, 8, 15, 7, tzinfo=UTC)
    assert [name for name, _ in envelope.attachments] == ["a.pdf", "b.pdf"]
    assert envelope.defects == ()


def test_where_mail_parser_fails_the_stdlib_reads_the_same():
    """The fallback gives the same envelope and says that it was one."""
    view = envelope_view(HEADERS, [_named("a.pdf")], ())
    usual, fallback = read_envelope(view), read_envelope(_breaking(view))

    assert fallback.defects == ("mail-parser failed: AttributeError",)
    for field in ("from_", "to", "subject", "message_id", "sent_at", "hop_received_at"):
        assert getattr(fallback, field) == getattr(usual, field), field
    assert fallback.attachments == usual.attachments


def test_the_fallback_reads_nonsense_as_nothing():
    """Broken dates and addresses are absent, not errors."""
    headers = {"from": "<<<", "date": "soon", "received": "x; y", "subject": "", "to": ""}
    envelope = read_envelope(_breaking(envelope_view(headers, (), ())))

    assert (envelope.sent_at, envelope.hop_received_at, envelope.to) == (None, None, ())
