"""`explain`: everything about one mail, and why it is where it is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import typer

from daemon.cli.case_story import case_story
from daemon.cli.counted import print_counted
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.mails import MailName, address, bytes_of, the_mail
from daemon.cli.order_story import forward_story, rule_story, webhook_story
from daemon.cli.output import print_json, print_pairs, print_table
from daemon.errors import BackdeskError
from daemon.intake.placement import Placement
from daemon.intake.stories import Facts, Story, story_of
from daemon.intake.views import HeldMail
from daemon.jobs import House
from daemon.records import Reading
from daemon.triage.forwarding import forward_of
from daemon.triage.mix import HouseMix, under

app = typer.Typer()

WORDS = 8
ORIGINS = {
    "arrived": "arrived there",
    "sent": "sent from there",
    "sighted": "seen there as well",
    "rematched": "met again under a new UIDVALIDITY",
    "own": "moved there by us",
    "import": "taken in from a file",
}
DELIVERY = (
    "account",
    "folder",
    "uidvalidity",
    "uid",
    "received_at",
    "seen_at",
    "gone_at",
    "origin",
)


@app.callback()
def _group() -> None:
    """Keep `explain` a command of a group."""


@app.command()
def explain(mail: MailName, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Say everything about one mail: ledger, stages, scores, rule, moves and who made them."""
    with open_house(config) as house:
        held = the_mail(house, mail)
        story = story_of(house.store, held.id)
        reading = _reading(story)
        document = _document(house, held, story, reading)
    if as_json:
        print_json(document)
    else:
        _print(document)


def _reading(story: Story) -> Reading | None:
    if story.reading is None:
        return None
    return msgspec.json.decode(story.reading["detail"], type=Reading)


def _document(
    house: House, held: HeldMail, story: Story, reading: Reading | None
) -> dict[str, Any]:
    placement = house.pipeline.policy.placement
    return {
        "id": held.id,
        "digest": held.digest,
        "size": held.size,
        "account": held.account,
        "cut": held.cut,
        "state": held.state,
        "attempts": held.attempts,
        "stages": _stages(held, story),
        "mail": None if reading is None else _read(reading, house.pipeline.policy.mix),
        "decision": _decision(story, reading),
        "words": _words(house, held, story, reading),
        "outcome": _outcome(held, story, placement),
        "deliveries": [_delivery(one) for one in story.deliveries],
        "actions": [_picked(one, _ACTION) for one in story.actions],
        "appends": [_picked(one, _APPEND) for one in story.appends],
        "sightings": [_picked(one, _SIGHTING) for one in story.sightings],
        "quarantine": [_picked(one, _QUARANTINE) for one in story.quarantine],
        "rules": rule_story(story),
        "forwards": forward_story(house, story, held, reading),
        "webhooks": webhook_story(house, story, held),
        "case": case_story(house, story, held, reading),
        "copy_of": (story.reading or {}).get("copy_of"),
        "copies": list(story.copies),
    }


_TABLES = (
    "rules", "forwards", "webhooks", "deliveries", "actions", "appends", "sightings", "quarantine",
)  # fmt: skip
_ACTION = (
    "folder", "target", "state", "how", "attempts", "note",
    "planned_at", "issued_at", "finished_at",
)  # fmt: skip
_APPEND = (
    "from_account", "folder", "account", "target", "state", "attempts", "note",
    "planned_at", "issued_at", "retry_at", "finished_at",
)  # fmt: skip
_SIGHTING = ("account", "from_folder", "to_folder", "seen_at", "outcome", "settled_at")
_QUARANTINE = ("reason", "detail", "since", "ended_at", "outcome")


def _picked(row: Facts, names: Sequence[str]) -> Facts:
    return {name: row[name] for name in names}


def _stages(held: HeldMail, story: Story) -> list[dict[str, Any]]:
    """Return the stages that the mail went through, with their moments, in order."""
    moments: list[tuple[str, datetime | None]] = [
        ("received by the server", held.received_at),
        ("stored", held.stored_at),
        ("read", (story.reading or {}).get("read_at")),
        ("decided", (story.decision or {}).get("decided_at")),
    ]
    for one in story.quarantine:
        moments += [("set aside", one["since"]), (one["outcome"] or "", one["ended_at"])]
    for one in story.actions:
        moments += [
            ("move planned", one["planned_at"]),
            (f"move {one['state']}", one["finished_at"]),
        ]
    for one in story.appends:
        moments += [
            (f"passing on to {one['account']} planned", one["planned_at"]),
            (f"passing on {one['state']}", one["finished_at"]),
        ]
    reached = [{"stage": stage, "at": at} for stage, at in moments if at is not None]
    return sorted(reached, key=lambda one: str(one["at"]))


def _read(reading: Reading, house: HouseMix) -> dict[str, Any]:
    mix = house.seen_by(reading.model)
    return {
        "subject": reading.subject,
        "from": address(reading.sender),
        "to": [address(one) for one in reading.to],
        "sent_at": reading.sent_at,
        "message_id": reading.message_id,
        "language": reading.language,
        "automatic": reading.automatic,
        "passed_on": _passed_on(reading),
        "list_id": reading.list_id,
        "model": reading.model,
        "scores": reading.scores,
        "scores_here": under(reading.scores, mix) if reading.scores and mix else None,
        "pec_received_at": reading.pec_received_at,
        "snippet": reading.snippet,
        "attachments": [one.filename for one in reading.attachments],
        "defects": list(reading.defects),
        "cuts": list(reading.cuts),
    }


def _passed_on(reading: Reading) -> str | None:
    """Say in one sentence whose mail a colleague passed on; None where he did not."""
    forward = forward_of(reading)
    if forward is None:
        return None
    of = f"the mail of {address(forward.customer)}" if forward.customer else "ask who wrote it"
    who = ", ".join(one.email for one in forward.proposed)
    why = f": {forward.why}" if forward.why else ""
    return f"{of} ({forward.how}){why}" + (f"; perhaps {who}" if who else "")


def _decision(story: Story, reading: Reading | None) -> dict[str, Any] | None:
    if story.decision is None or reading is None:
        return None
    names = (
        "label", "confidence", "abstained", "verdict_reason", "queue", "rule", "reason", "live",
    )  # fmt: skip
    return _picked(story.decision, names)


def _words(
    house: House, held: HeldMail, story: Story, reading: Reading | None
) -> dict[str, Any] | None:
    """Return what in the mail speaks for its label, or for the likeliest when there is none."""
    if reading is None or not reading.scores:
        return None
    scores = under(reading.scores, house.pipeline.policy.mix.seen_by(reading.model))
    best = max(scores, key=scores.__getitem__)
    label = (story.decision or {}).get("label") or best
    try:
        return {"label": label, "reasons": house.pool.reasons(bytes_of(house, held), label, WORDS)}
    except BackdeskError as error:
        return {"label": label, "reasons": [], "error": str(error)}


def _delivery(row: Facts) -> Facts:
    return {**_picked(row, DELIVERY), "failure": row["failure"]}


def _outcome(held: HeldMail, story: Story, placement: Placement) -> str:
    """Say in one sentence what became of the mail, or would have."""
    if held.state == "quarantined":
        last = story.quarantine[-1] if story.quarantine else {"reason": "?"}
        return f"set aside, because it could not be read: {last['reason']}"
    if story.decision is None:
        return "not read yet" if held.state == "received" else "released by a person, unread"
    queue = story.decision["queue"]
    if queue is None:
        return "stays where it is"
    place = placement.queues.get(queue)
    target = place.folder if place else f"the queue {queue}, which is no longer configured"
    is_known = held.account in placement.accounts  # else it was taken in from a file
    if place is not None and is_known and place.account != held.account:
        target = f"{target} of the account {place.account}"
    if not story.decision["live"]:
        return f"observed only: would have been moved to {target}"
    return _put(story.appends[-1]) if story.appends else _moved(story, target)


def _put(last: Facts) -> str:
    """Say what became of a mail whose queue lies in another account."""
    place = f"{last['target']} of the account {last['account']}"
    words = {
        "planned": f"is to be put into {place}",
        "issued": f"is being put into {place}",
        "done": f"was put into {place}",
        "superseded": f"was to be put into {place}, but: {last['note']}",
        "failed": f"could not be put into {place}: {last['note']}",
    }
    return words.get(last["state"]) or str(last["state"])


def _moved(story: Story, target: str) -> str:
    if not story.actions:
        return f"belongs to {target}; nothing is to be moved"
    last = story.actions[-1]
    words = {
        "planned": f"is to be moved to {target}",
        "issued": f"is being moved to {target}",
        "done": f"moved to {target} by {last['how']}",
        "superseded": f"was to be moved to {target}, but: {last['note']}",
        "failed": f"could not be moved to {target}: {last['note']}",
    }
    return words.get(last["state"]) or str(last["state"])


def _print(document: dict[str, Any]) -> None:
    names = ("digest", "size", "account", "cut", "state", "attempts", "outcome")
    print_pairs(f"mail {document['id']}", [(name, document[name]) for name in names])
    if mail := document["mail"]:
        print_pairs("read", [(name, _flat(value)) for name, value in mail.items() if value])
    if decision := document["decision"]:
        print_pairs("decided", list(decision.items()))
    if words := document["words"]:
        print_pairs(f"speaks for {words['label']}", [("", line) for line in words["reasons"]])
    print_table(["stage", "at"], [[one["stage"], one["at"]] for one in document["stages"]])
    for title in _TABLES:
        if rows := document[title]:
            print_table(list(rows[0]), [_told(title, row) for row in rows], title)
    if case := document["case"]:
        _print_case(case)
    if copies := document["copies"]:
        print_pairs("copies", [("mails", ", ".join(map(str, copies)))])


def _print_case(case: dict[str, Any]) -> None:
    clocks = case.pop("clocks")
    print_pairs("case", [(name.replace("_", " "), value) for name, value in case.items()])
    for one in clocks:
        only = f", only if it is about {one['only_if']}" if one["only_if"] else ""
        due = one["due_at"].astimezone(UTC)
        title = f"{one['name']}: {one['term']}{only}, due {due:%Y-%m-%d %H:%MZ}"
        print_counted(title, one["days"])


def _told(title: str, row: Facts) -> list[Any]:
    if title == "deliveries":
        row = {**row, "origin": ORIGINS.get(row["origin"], row["origin"])}
    if title == "sightings":
        row = {**row, "outcome": _WHO.get(row["outcome"], row["outcome"])}
    return list(row.values())


_WHO = {None: "not explained yet", "own": "moved by us", "person": "moved by a person"}


def _flat(value: Any) -> Any:  # noqa: ANN401 - any cell
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{name} {number:.3f}" for name, number in ordered)
    return "; ".join(map(str, value)) if isinstance(value, list) else value
