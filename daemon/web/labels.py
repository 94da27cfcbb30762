"""The page on which a reader of the digest says what a mail is."""

from collections.abc import Iterator
from typing import NamedTuple

from daemon.cases.records import CLOSED, ActRefused, CaseLine
from daemon.deciding import Outcome, Word, label_mail, labels_of, standing_case
from daemon.digest.legible import SENDER_CHARS, SUBJECT_CHARS, legible
from daemon.digest.links import PATHS
from daemon.digest.readers import language_for
from daemon.digest.words import words as digest_words
from daemon.intake.stories import Story, original_of, story_of
from daemon.jobs import House
from daemon.mail.links import Purpose
from daemon.web.records import Page, Reply, Visit
from daemon.web.sheets import Button, Sheet, reply_of, short_reply
from daemon.web.tongues import page_words

_FIELD = "label"
_STATUS = {Outcome.NO_CASE: 409}


class _Standing(NamedTuple):
    """How a mail stands."""

    mail_id: int
    story: Story
    case: CaseLine | None


def answer(house: House, visit: Visit) -> Reply:
    """Show a mail and what it may be; a form with a label says what it is."""
    number, reader = visit.link.subjects
    language = language_for(house.settings, reader)
    standing = _standing(house, int(number))
    if standing is None:
        return short_reply("gone", language, 404)
    if visit.form is None:
        return reply_of(_sheet(house, standing, language, "ask"))
    label = visit.form.get(_FIELD, "")
    if label not in labels_of(house):
        return short_reply("refused", language, 400)
    try:
        with house.store.write() as connection:
            word = Word(standing.mail_id, label, reader, visit.now)
            outcome = label_mail(house, connection, word)
    except ActRefused:  # merged with another case while this page was open
        return short_reply("trouble", language, 409)
    after = _standing(house, standing.mail_id) or standing
    said = {Outcome.DONE: "done", Outcome.ALREADY: "already", Outcome.KEPT: "kept"}
    sheet = _sheet(house, after, language, said.get(outcome, "ask"), label)
    return reply_of(sheet, _STATUS.get(outcome, 200))


PAGE = Page(path=PATHS[Purpose.LABEL], purpose=Purpose.LABEL, takes_forms=True, answer=answer)


def _standing(house: House, mail_id: int) -> _Standing | None:
    """Return how a mail stands; None for one that is not there, or was not read."""
    story = story_of(house.store, mail_id)
    if story.reading is None:
        return None
    with house.store.read() as connection:
        case = standing_case(connection, original_of(connection, mail_id))
    return _Standing(mail_id, story, case)


def _sheet(house: House, standing: _Standing, language: str, said: str, label: str = "") -> Sheet:
    words, names = page_words(language), digest_words(language)
    case, decision = standing.case, standing.story.decision
    if case is None:
        is_observed = decision is None or not decision["live"]
        line = words.say("observed" if is_observed else "no_case")
        buttons: tuple[Button, ...] = ()
    else:
        kind = names.name("labels", case.kind)
        told = names.name("labels", label)
        line = words.say(said, label=told, kind=kind, reference=case.reference)
        buttons = tuple(
            Button(
                name=_FIELD,
                value=one,
                text=names.name("labels", one).capitalize(),
                is_now=one == case.kind,
            )
            for one in labels_of(house)
        )
    return Sheet(
        language=language,
        title=words.say("label_title"),
        lines=(line,),
        facts=tuple(_facts(house, standing, language)),
        legend=words.say("legend" if said == "ask" else "legend_again"),
        buttons=buttons,
    )


def _facts(house: House, standing: _Standing, language: str) -> Iterator[tuple[str, str]]:
    words, names = page_words(language), digest_words(language)
    reading, decision, case = standing.story.reading or {}, standing.story.decision, standing.case
    yield words.say("f_number"), str(standing.mail_id)
    subject = legible(reading["subject"], SUBJECT_CHARS)
    yield words.say("f_subject"), subject or names.say("no_subject")
    address = legible(reading["sender"] or "", SENDER_CHARS)
    name = legible(reading["sender_name"] or "", SENDER_CHARS)
    both = f"{name} <{address}>" if name and address else address or name
    yield words.say("f_sender"), both or names.say("no_sender")
    if decision is not None:
        reason, label = decision["verdict_reason"], decision["label"] or ""
        is_unsure = decision["abstained"] or not label
        proposal = names.why_unsure(reason) if is_unsure else names.name("labels", label)
        yield words.say("f_proposal"), legible(proposal, SUBJECT_CHARS)
    if case is not None:
        state = words.say("closed" if case.state == CLOSED else "open")
        kind = names.name("labels", case.kind)
        yield words.say("f_case"), f"{case.reference} · {kind} · {state}"
        if case.due_at is not None:
            zone = house.settings.service.zone
            yield words.say("f_due"), names.moment(case.due_at, zone)
