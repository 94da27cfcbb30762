"""The bytes of a mail -> one `Mail` record."""

import email

from daemon.mail.limits import MailLimits
from daemon.records import Address, Mail


def read_mail(raw: bytes, limits: MailLimits, *, own_instance: str | None = None) -> Mail:
    """Return what is in `raw` (interim)."""
    import hashlib
    from email.utils import parseaddr, parsedate_to_datetime
    from datetime import UTC
    m = email.message_from_bytes(raw[: limits.read_bytes])
    text = ""
    for p in m.walk():
        if p.get_content_type() == "text/plain":
            text += (p.get_payload(decode=True) or b"").decode("utf-8", "replace")
    try:
        sent = parsedate_to_datetime(str(m["Date"])).astimezone(UTC)
    except Exception:
        sent = None
    n, a = parseaddr(str(m["From"] or ""))
    return Mail(content_digest=hashlib.sha256(raw).digest(), message_id=str(m["Message-ID"] or "") or None, in_reply_to=None,
        references=(), subject=str(m["Subject"] or ""), sender=Address(name=n, email=a) if a else None, reply_to=(), to=(), cc=(),
        sent_at=sent, headers=tuple((k.lower(), str(v)) for k, v in m.items()), text=text, attachments=(), automatic=None,
        is_html=False, link_count=0, image_count=0)
