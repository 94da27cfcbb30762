"""What a reader of our mail may open -> the address of it, where the house has public pages."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from daemon.config.settings import Settings
from daemon.mail.links import Link, Links, Purpose

PATHS = {Purpose.LABEL: "/l/{token}", Purpose.DEADLINES: "/deadlines/{token}.ics"}
"""Where the pages stand below `web.public_url`."""


def label_link(
    settings: Settings, keys: Sequence[bytes], mail_id: int, recipient: str, now: datetime
) -> str | None:
    """Return where one reader may say what a mail is; None where there are no public pages.

    Args:
        settings: of the house.
        keys: those of the links (`store.keys.LINKS`), the newest first.
        mail_id: of the mail.
        recipient: the reader's address; in the case's events it is who has said it.
        now: from which `web.link_days` are counted.
    """
    return _address(settings, keys, Purpose.LABEL, (str(mail_id), recipient), now)


def calendar_link(
    settings: Settings, keys: Sequence[bytes], queue: str, now: datetime
) -> str | None:
    """Return where a calendar finds the deadlines of a queue, "" for the whole house.

    None where there are no public pages.
    """
    return _address(settings, keys, Purpose.DEADLINES, (queue,), now)


def ends_at(settings: Settings, purpose: Purpose, now: datetime) -> datetime:
    """Return until when a link that is made now is good."""
    web = settings.web
    days = web.link_days if purpose is Purpose.LABEL else web.calendar_days
    return (now + timedelta(days=days)).replace(microsecond=0)


def _address(
    settings: Settings,
    keys: Sequence[bytes],
    purpose: Purpose,
    subjects: tuple[str, ...],
    now: datetime,
) -> str | None:
    if not settings.web.public_url:
        return None
    link = Link(purpose=purpose, subjects=subjects, until=ends_at(settings, purpose, now))
    return settings.web.public_url + PATHS[purpose].format(token=Links(keys).token(link))
