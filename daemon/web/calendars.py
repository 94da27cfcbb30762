"""The deadlines of open cases as a calendar that programs subscribe to (RFC 5545)."""

from daemon.cases.views import open_clocks
from daemon.digest.links import PATHS
from daemon.digest.words import words as digest_words
from daemon.jobs import House
from daemon.mail.links import Purpose
from daemon.web.ics import Due, calendar
from daemon.web.records import Page, Reply, Visit
from daemon.web.tongues import page_words

MOST = 5_000  # clocks, those due first


def answer(house: House, visit: Visit) -> Reply:
    """Return the clocks that press in a queue, or in the house; no word of a customer's."""
    (queue,) = visit.link.subjects
    settings = house.settings
    words, names = page_words(settings.service.language), digest_words(settings.service.language)
    with house.store.read() as connection:
        clocks = open_clocks(connection, queue or None, MOST)
    dues = [
        Due(
            uid=f"{line.reference}.{one.name}@{settings.mark}",
            title=" · ".join(
                filter(
                    None,
                    (line.reference, names.name("labels", line.kind), line.queue, one.name),
                )
            ),
            at=one.due_at,
        )
        for line, one in clocks
    ]
    title = words.say("calendar_queue", queue=queue) if queue else words.say("calendar")
    body = calendar(title, dues, settings.service.zone, visit.now)
    return Reply(body=body, media_type="text/calendar; charset=utf-8")


PAGE = Page(
    path=PATHS[Purpose.DEADLINES], purpose=Purpose.DEADLINES, takes_forms=False, answer=answer
)
