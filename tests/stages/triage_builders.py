"""Readings for the tests of decisions: everything has a plain default."""

from typing import Any

from daemon.records import Address, Reading


def address(email: str) -> Address:
    """Return an address without a name."""
    return Address(name="", email=email)


def reading(**changes: Any) -> Reading:
    """Return what a child answers for a short Italian mail, with some fields changed."""
    plain: dict[str, Any] = {
        "content_digest": bytes(32),
        "message_id": "<1@client.example>",
        "in_reply_to": None,
        "references": (),
        "subject": "Perché la lampada è rotta?",
        "sender": address("Anna.Rossi@client.example"),
        "reply_to": (),
        "to": (address("info@desk.example"),),
        "cc": (address("sales@desk.example"),),
        "sent_at": None,
        "headers": (),
        "attachments": (),
        "automatic": None,
        "list_id": None,
        "language": "it",
        "scores": {"complaint": 0.7, "request": 0.2, "newsletter": 0.05, "other": 0.05},
        "model": "base-1",
        "pec_received_at": None,
        "hop_received_at": None,
        "snippet": "",
    }
    return Reading(**{**plain, **changes})
