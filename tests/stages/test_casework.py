"""What a mail asks of the register, when it was received, and references that survive slips."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import config
from daemon.cases.references import reference_of, references_in
from daemon.cases.threads import id_of, ids_answered, writer_of
from daemon.fitting import case_rules, policy
from daemon.intake.records import Unread
from daemon.policy import decide
from daemon.records import Automatic, CaseWish, Decision, Verdict
from daemon.triage.casework import UNSURE, Arrival, clocks_for, first_receipt, wish_of
from daemon.triage.deadlines import Course
from tests.stages.test_config_problems import FILE, SMALL
from tests.stages.triage_builders import address, reading

RECEIVED = datetime(2026, 11, 20, 9, tzinfo=UTC)
CAME = Arrival(account="info", received_at=RECEIVED)
RULES = case_rules(
    config.parse(
        SMALL.replace('folder = "Queues/C', 'deadline = "it-energy"\nfolder = "Queues/C'), FILE
    )
)


def wish(label: str | None, *, queue: str | None = "complaints", **changes) -> CaseWish | None:
    """Return what a mail with this label asks for."""
    verdict = Verdict(label=label, confidence=0.9, abstained=label is None, reason="model")
    decision = Decision(queue=queue, rule=None, reason="")
    return wish_of(reading(**changes), verdict, decision, CAME, RULES)


def test_a_complaint_opens_a_case_under_the_deadlines_of_its_queue() -> None:
    """With each clock of the profile, from the receipt."""
    asked = wish("complaint")
    assert (asked.kind, asked.profile, asked.channel) == ("complaint", "it-energy", "mail")
    assert [clock.name for clock in asked.clocks][:2] == ["reply", "billing-correction"]
    assert asked.clocks[0].due_at.astimezone(UTC) == datetime(2026, 12, 21, 22, 59, 59, tzinfo=UTC)
    assert (asked.clocks[0].only_if, asked.clocks[1].only_if) == ("", "billing")


@pytest.mark.parametrize(
    ("label", "kind"),
    [("complaint", "complaint"), ("request", "request"), (None, UNSURE), ("other", None)],
)
def test_what_opens_a_case(label: str | None, kind: str | None) -> None:
    """An unsure mail runs on its queue's clocks until a person decides; other mail opens none."""
    asked = wish(label, queue="elsewhere")
    assert asked.kind == kind


def test_a_queue_without_deadlines_has_no_clock() -> None:
    """The case is opened all the same."""
    for queue in (None, "elsewhere"):
        asked = wish("complaint", queue=queue)
        assert (asked.kind, asked.profile, asked.clocks) == ("complaint", None, ())


@pytest.mark.parametrize("kind", Automatic)
def test_automatic_mail_asks_nothing(kind: Automatic) -> None:
    """It neither opens nor joins, so it never reopens a case or stops a clock."""
    assert wish("complaint", automatic=kind) is None


def test_why_no_clock_runs_is_told() -> None:
    """A profile that was not in force; hours that nobody configured. An earlier version counts."""
    early = RECEIVED.replace(year=2025)
    name, clocks, why = clocks_for(RULES, "it-energy", Course(received=early))
    assert (name, len(clocks), why) == ("it-energy-2025", 3, "")
    none = clocks_for(RULES, "it-bank", Course(received=early.replace(year=2019)))
    assert none == (None, (), "it-bank was not in force on 2019-11-20")
    assert clocks_for(RULES, "sla", Course(received=early))[2].startswith(
        "sla: business hours are counted"
    )
    assert clocks_for(RULES, None, Course(received=early)) == (None, (), "")


def test_mail_in_a_queue_with_deadlines_is_a_case_whatever_its_label() -> None:
    """A rule or a person put it there; what it is a person decides."""
    asked = wish("other")
    assert (asked.kind, asked.profile) == (UNSURE, "it-energy")


def test_unsure_mail_runs_under_the_deadlines_it_would_have_as_a_complaint() -> None:
    """Its own queue is the one in which people look at it."""
    verdict = Verdict(label=None, confidence=0.4, abstained=True, reason="unsure")
    decision = Decision(queue="unsure", rule=None, reason="", deadlines_of="complaints")
    asked = wish_of(reading(), verdict, decision, CAME, RULES)
    assert (asked.kind, asked.queue, asked.profile) == (UNSURE, "unsure", "it-energy")


def test_the_earliest_proven_receipt_starts_the_clock() -> None:
    """The mailbox, our server's line, the certified delivery; a wrong clock proves nothing."""
    hop, pec = RECEIVED - timedelta(hours=3), RECEIVED - timedelta(hours=5)
    assert first_receipt(reading(), RECEIVED) == (RECEIVED, "the mailbox")
    assert first_receipt(reading(hop_received_at=hop), RECEIVED)[0] == hop
    both = first_receipt(reading(hop_received_at=hop, pec_received_at=pec), RECEIVED)
    assert both == (pec, "the certified delivery")
    later = RECEIVED + timedelta(hours=1)
    assert first_receipt(reading(hop_received_at=later), RECEIVED)[0] == RECEIVED
    for absurd in (datetime(1970, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        told = reading(hop_received_at=absurd, pec_received_at=absurd)
        assert first_receipt(told, RECEIVED) == (RECEIVED, "the mailbox")
    assert wish("complaint", pec_received_at=pec).channel == "pec"


@given(st.integers(2000, 2999), st.integers(1, 999_999_999))
def test_references_are_known_in_a_text(year: int, number: int) -> None:
    """Each once, in order, whatever stands around it."""
    one, other = reference_of(year, number), reference_of(2026, 7)
    found = references_in(f"Re: [{one}] e {other}, ancora {one}")
    assert found == tuple(dict.fromkeys((one, other)))


@given(st.integers(2000, 2999), st.integers(1, 99_999), st.data())
def test_slips_are_no_references(year: int, number: int, data: st.DataObject) -> None:
    """One digit wrong, or two neighbours exchanged, is always seen (ISO 7064)."""
    digits = list(reference_of(year, number))
    places = [n for n, char in enumerate(digits) if char.isdigit()]
    place = data.draw(st.sampled_from(places))
    wrong = digits.copy()
    wrong[place] = data.draw(st.sampled_from("0123456789".replace(digits[place], "")))
    assert references_in("".join(wrong)) == ()
    left = data.draw(st.sampled_from([n for n in places if n + 1 in places]))
    swapped = digits.copy()
    swapped[left], swapped[left + 1] = swapped[left + 1], swapped[left]
    assert swapped == digits or not references_in("".join(swapped))


def test_a_number_within_a_longer_one_is_no_reference() -> None:
    """Nor one of another shape."""
    one = reference_of(2026, 42)
    for text in (f"1{one}", f"{one}0", f"{one}-1", one.replace("-", ""), "", "2026-00042-"):
        assert references_in(text) == (), text


def test_the_nearest_mail_is_answered_first() -> None:
    """In-Reply-To, then References from the end, then the first of them."""
    mail = reading(in_reply_to="<b@x>", references=("<first@x>", "<a@x>", "<b@x>"))
    assert ids_answered(mail) == ("<b@x>", "<a@x>", "<first@x>")
    assert ids_answered(reading(in_reply_to="<" + "a" * 1000 + "@x>")) == ()


def test_five_thousand_references_are_a_few() -> None:
    """The last ones and the first are looked at."""
    many = tuple(f"<{n}@x>" for n in range(5000))
    found = ids_answered(reading(references=many))
    assert len(found) == 33
    assert (found[0], found[-1]) == ("<4999@x>", "<0@x>")


def test_only_who_wrote_a_mail_is_known_by_it() -> None:
    """Not whom it names in To and Cc; ids and addresses that no index holds are left out."""
    assert writer_of(reading(reply_to=(address("eve@x.example"),))) == "anna.rossi@client.example"
    assert writer_of(reading(sender=None)) is None
    assert writer_of(reading(sender=address("a" * 400 + "@x.example"))) is None
    assert id_of(reading()) == "<1@client.example>"
    assert id_of(reading(message_id="<" + "\u6f22" * 200 + "@x>")) is None
    assert id_of(reading(message_id=None)) is None


def test_unsure_mail_is_routed_a_second_time_as_a_complaint() -> None:
    """So that the clock is known while a person still looks at it."""
    text = SMALL.replace('folder = "Queues/C', 'deadline = "it-energy"\nfolder = "Queues/C')
    text += '[queues.unsure]\naccount = "info"\nfolder = "Queues/Unsure"\n'
    text += '[[rules]]\nname = "unsure"\nwhen = { label = "unsure" }\nqueue = "unsure"\n'
    chosen = policy(config.parse(text, FILE))
    mail = Unread(
        mail_id=1, account="info", folder="INBOX", digest=bytes(32), raw=None, size=1, attempts=1,
        cut=None, received_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip
    unsure = {"complaint": 0.3, "request": 0.3, "newsletter": 0.2, "other": 0.2}
    judged = decide(chosen, mail, reading(scores=unsure))
    assert judged.decision.queue == "unsure"
    assert (judged.wish.kind, judged.wish.profile) == (UNSURE, "it-energy")
    sure = {"complaint": 0.0, "request": 0.0, "newsletter": 1.0, "other": 0.0}
    assert decide(chosen, mail, reading(scores=sure)).wish.kind is None


def test_a_matter_starts_its_own_clocks_whatever_the_label() -> None:
    """A right of the data subject within a complaint runs beside the complaint's own term."""
    asked = wish("complaint", matters=("data-subject", "unheard-of"))
    names = [clock.name for clock in asked.clocks]
    assert names[0] == "reply"
    assert names[-1] == "data-subject:reply"
    month = asked.clocks[-1].due_at.astimezone(UTC)
    assert month == datetime(2026, 12, 21, 22, 59, 59, tzinfo=UTC)
    other = wish("other", queue=None, matters=("withdrawal", "data-breach"))
    assert (other.kind, other.profile) == (UNSURE, None)
    assert [clock.name for clock in other.clocks] == ["withdrawal:refund", "data-breach:notice"]
    assert wish("other", queue=None, matters=("unheard-of",)).kind is None


def test_a_house_that_asks_for_none_gets_none() -> None:
    """An empty profile looks for nothing."""
    off = "[matters]\n" + "".join(
        f'{key} = ""\n' for key in ("data_subject", "withdrawal", "data_breach", "whistleblowing")
    )
    rules = case_rules(config.parse(SMALL + off, FILE))
    verdict = Verdict(label="other", confidence=0.9, abstained=False, reason="model")
    decision = Decision(queue=None, rule=None, reason="")
    asked = wish_of(reading(matters=("withdrawal",)), verdict, decision, CAME, rules)
    assert (asked.kind, asked.clocks) == (None, ())
