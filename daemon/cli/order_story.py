"""What rules say of a mail beside its queue, for `explain`: which rule, and what came of it."""

from typing import Any

from daemon.intake.stories import Story, orders_in
from daemon.intake.views import HeldMail
from daemon.jobs import House
from daemon.records import Reading
from daemon.sending.store import Outgoing
from daemon.triage.forward import forwards_for
from daemon.webhooks.records import MATCHED
from daemon.webhooks.views import deliveries_of_mail


def rule_story(story: Story) -> list[dict[str, str]]:
    """Return what each rule has added, in the order of the rules."""
    orders = orders_in((story.decision or {}).get("orders"))
    return [{"rule": one.rule, "says": one.key, "value": one.value} for one in orders.said]


def forward_story(
    house: House, story: Story, held: HeldMail, reading: Reading | None
) -> list[dict[str, Any]]:
    """Return whom a mail is sent on to, and how that stands, or why it is not.

    Of a mail that is only observed it says what would have been.
    """
    orders = orders_in((story.decision or {}).get("orders"))
    if reading is None or not orders.forward:
        return []
    original = (story.reading or {}).get("copy_of") or held.id
    rows = {one.recipient: one for one in Outgoing(house.store).forwards_of(original)}
    told = []
    for one in forwards_for(reading, orders.forward, house.pipeline.policy.forwarding):
        row = rows.get(one.address)
        state = row.state if row else "none" if one.refusal else "would be sent"
        why = row.reply if row else one.refusal or None
        told.append({"to": one.address, "state": state, "why": why})
    return told


def webhook_story(house: House, story: Story, held: HeldMail) -> list[dict[str, Any]]:
    """Return which webhooks rules tell of a mail, and how that stands."""
    orders = orders_in((story.decision or {}).get("orders"))
    if not orders.webhooks:
        return []
    original = (story.reading or {}).get("copy_of") or held.id
    with house.store.read() as connection:
        rows = {one.webhook: one for one in deliveries_of_mail(connection, original)}
    told = []
    for name in orders.webhooks:
        row = rows.get(name)
        state = row.state if row else "would be told"
        told.append({"webhook": name, "event": MATCHED, "state": state, "why": row and row.reply})
    return told
