"""`simulate`: what another configuration would have done with the mail of the past.

Its rules and costs are applied to what was read then; no mail is read again, and all of it is taken
as if it were live.
"""

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon import clock
from daemon.cli.exits import complain
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_table
from daemon.config.loading import load
from daemon.config.settings import Settings
from daemon.fitting import policy
from daemon.intake.records import Judged
from daemon.intake.views import Decided, decided_since
from daemon.outbox.acknowledgements import NAME as LETTER
from daemon.policy import Policy, decide
from daemon.records import Acknowledgement, Reading
from daemon.triage.casework import Arrival, wish_of
from daemon.triage.route import compile_rules

app = typer.Typer()

_SINCE = re.compile(r"(\d{1,5})([dhw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


_ARROW = " > "
_SAID = ("owner", "priority", "deadline", "tags", "forward", "webhook", "acknowledgement")
"""What can change beside label and queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One mail that would have gone another way."""

    id: int
    account: str
    sender: str
    subject: str
    label_before: str | None
    label_after: str | None
    queue_before: str | None
    queue_after: str | None
    before: dict[str, str | None]  # by the names in `_SAID`
    after: dict[str, str | None]
    rule: str | None  # of the candidate
    rules: tuple[str, ...]  # of the candidate that say something beside
    reason: str

    def document(self) -> dict[str, object]:
        """Return it for JSON: `owner_before`, `owner_after` and so on stand beside the queue."""
        plain = asdict(self)
        before, after = plain.pop("before"), plain.pop("after")
        for name in _SAID:
            plain |= {f"{name}_before": before[name], f"{name}_after": after[name]}
        return plain

    def steps(self) -> dict[str, str]:
        """Return what it was and is, by column, for people."""
        label = _step(self.label_before, self.label_after)
        steps = {"label": label, "queue": _step(self.queue_before, self.queue_after)}
        return steps | {name: _step(self.before[name], self.after[name]) for name in _SAID}


@app.callback()
def _group() -> None:
    """Keep `simulate` a command of a group."""


def _span(text: str) -> timedelta:
    match = _SINCE.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no span; write 12h, 30d or 4w")
    return int(match[1]) * _UNITS[match[2]]


@app.command()
def simulate(
    candidate: Annotated[
        Path, typer.Option("--candidate", metavar="FILE", help="The other configuration.")
    ],
    since: Annotated[
        timedelta,
        typer.Option("--since", metavar="30d", parser=_span, help="How far back: 12h, 30d, 4w."),
    ] = "30d",  # type: ignore[assignment]  # typer parses the default as it parses the option
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what would change with another configuration, and why."""
    other = load(candidate)
    with open_house(config) as house:
        unknown = _unkept_headers(house.settings, other)
        now = house.pipeline.policy
        chosen, mails, changes = policy(other, now.mix), 0, list[Change]()
        for decided in decided_since(house.store, clock.now() - since):
            mails += 1
            changes += _change(decided, now, chosen)
        has_model = other.classifier.model == house.settings.classifier.model
    if not has_model:
        complain("the model is not compared: the scores are those of the time")
    if unknown:
        complain(f"headers not kept in the past, rules on them never match: {', '.join(unknown)}")
    if as_json:
        rows = [change.document() for change in changes]
        print_json({"mails": mails, "changed": len(changes), "changes": rows})
    else:
        _print(changes, mails)


def _change(decided: Decided, now: Policy, other: Policy) -> list[Change]:
    """Return the change of one mail, nothing where both do the same with it today."""
    reading = msgspec.json.decode(decided.detail, type=Reading)
    judged, before = decide(other, decided.mail, reading), decide(now, decided.mail, reading)
    verdict, decision = judged.verdict, judged.decision
    if verdict is None or decision is None:
        return []
    was, will_be = _said(now, before, reading), _said(other, judged, reading)
    if _way(judged) == _way(before) and was == will_be:
        return []
    change = Change(
        id=decided.mail.mail_id,
        account=decided.mail.account,
        sender=reading.sender.email if reading.sender else "",
        subject=reading.subject,
        label_before=decided.label,
        label_after=verdict.label,
        queue_before=decided.queue,
        queue_after=decision.queue,
        before=was,
        after=will_be,
        rule=decision.rule,
        rules=tuple(dict.fromkeys(one.rule for one in decision.orders.said)),
        reason=f"{verdict.reason}; {decision.reason}",
    )
    return [change]


def _way(judged: Judged) -> tuple[str | None, str | None]:
    return (
        judged.verdict.label if judged.verdict else None,
        judged.decision.queue if judged.decision else None,
    )


def _said(policy: Policy, judged: Judged, reading: Reading) -> dict[str, str | None]:
    """Return what is done with a mail beside its queue, as if it were live; None: nothing."""
    verdict, decision, mail = judged.verdict, judged.decision, judged.mail
    if verdict is None or decision is None:
        return dict.fromkeys(_SAID)
    orders = decision.orders
    came = Arrival(account=mail.account, received_at=mail.received_at)
    wish = wish_of(reading, verdict, decision, came, policy.cases)
    sent = [f"{one.address}{_because(one.refusal)}" for one in judged.forwards]
    return {
        "owner": orders.owner,
        "priority": orders.priority,
        "deadline": wish.profile if wish else None,
        "tags": ", ".join(orders.tags) or None,
        "forward": ", ".join(sent) or None,
        "webhook": ", ".join(orders.webhooks) or None,
        "acknowledgement": _answered(wish.acknowledgement if wish else None),
    }


def _answered(asked: Acknowledgement | None) -> str | None:
    if asked is None or asked.refusal:
        return None if asked is None else f"none: {asked.refusal}"
    return asked.letter or LETTER


def _because(refusal: str) -> str:
    return f" (not: {refusal})" if refusal else ""


def _unkept_headers(now: Settings, other: Settings) -> list[str]:
    """Return the headers that the candidate's rules ask for and the past did not keep."""
    kept, wanted = compile_rules(now.rules).headers, compile_rules(other.rules).headers
    return sorted(set(wanted) - set(kept))


def _print(changes: list[Change], mails: int) -> None:
    """Print a row for each change; a column that no change has is left out."""
    steps = [change.steps() for change in changes]
    changed = [name for name in ("label", "queue", *_SAID) if any(_ARROW in s[name] for s in steps)]
    rows = [
        [
            change.id,
            change.sender,
            change.subject[:60],
            *(step[name] for name in changed),
            ", ".join(dict.fromkeys(filter(None, (*change.rules, change.rule)))) or None,
            change.reason,
        ]
        for change, step in zip(changes, steps, strict=True)
    ]
    print_table(["id", "from", "subject", *changed, "rules", "why"], rows)
    print(f"{len(changes)} of {mails} mails would have gone another way")


def _step(before: str | None, after: str | None) -> str:
    return (before or "-") if before == after else f"{before or '-'}{_ARROW}{after or '-'}"
