"""`simulate`: what another configuration would have done with the mail of the past.

Its rules and costs are applied to what was read then; no mail is read again.
"""

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon import clock
from daemon.bootstrap import policy
from daemon.cli.exits import complain
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_table
from daemon.config.loading import load
from daemon.config.settings import Settings
from daemon.intake.records import Judged
from daemon.intake.views import Decided, decided_since
from daemon.policy import Policy, decide
from daemon.records import Reading
from daemon.triage.route import compile_rules

app = typer.Typer()

_SINCE = re.compile(r"(\d{1,5})([dhw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


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
    rule: str | None  # of the candidate
    reason: str


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
        rows = [asdict(change) for change in changes]
        print_json({"mails": mails, "changed": len(changes), "changes": rows})
    else:
        _print(changes, mails)


def _change(decided: Decided, now: Policy, other: Policy) -> list[Change]:
    """Return the change of one mail, nothing where both send it the same way today."""
    reading = msgspec.json.decode(decided.detail, type=Reading)
    judged, before = decide(other, decided.mail, reading), decide(now, decided.mail, reading)
    verdict, decision = judged.verdict, judged.decision
    if verdict is None or decision is None or _way(judged) == _way(before):
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
        rule=decision.rule,
        reason=f"{verdict.reason}; {decision.reason}",
    )
    return [change]


def _way(judged: Judged) -> tuple[str | None, str | None]:
    return (
        judged.verdict.label if judged.verdict else None,
        judged.decision.queue if judged.decision else None,
    )


def _unkept_headers(now: Settings, other: Settings) -> list[str]:
    """Return the headers that the candidate's rules ask for and the past did not keep."""
    kept, wanted = compile_rules(now.rules).headers, compile_rules(other.rules).headers
    return sorted(set(wanted) - set(kept))


def _print(changes: list[Change], mails: int) -> None:
    columns = ["id", "from", "subject", "label", "queue", "why"]
    rows = [
        [
            change.id,
            change.sender,
            change.subject[:60],
            _step(change.label_before, change.label_after),
            _step(change.queue_before, change.queue_after),
            change.reason,
        ]
        for change in changes
    ]
    print_table(columns, rows)
    print(f"{len(changes)} of {mails} mails would have gone another way")


def _step(before: str | None, after: str | None) -> str:
    return (before or "-") if before == after else f"{before or '-'} > {after or '-'}"
