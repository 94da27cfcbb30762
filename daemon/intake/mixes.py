"""The scores of the house's newest mails -> how often each label comes here."""

import logging

import msgspec
from sqlalchemy import select

from daemon.store.engine import Store
from daemon.store.tables import deliveries, readings
from daemon.triage.mix import HouseMix, estimate

_log = logging.getLogger(__name__)

NEWEST = 1_000
"""Mails that the mix is estimated from."""


def mix_of(store: Store) -> HouseMix:
    """Return how often each label comes in this house, by the scores of its newest mails.

    Whatever is wrong with these: then no mix is known, and nothing else is lost.
    """
    try:
        model, scores = _recent_scores(store)
        return HouseMix(model=model, shares=estimate(scores))
    except Exception as error:  # noqa: BLE001 - rim: a row of the past must not stop the house
        _log.warning("No class mix", extra={"action": "mix", "reason": type(error).__name__})
        return HouseMix()


class _Scored(msgspec.Struct):
    """What is needed of a Reading record here."""

    scores: dict[str, float] | None = None
    model: str | None = None


def _recent_scores(store: Store) -> tuple[str | None, list[dict[str, float]]]:
    """Return the newest model, and its scores of the newest mails that people sent.

    Copies and imported mail are left out: they say nothing of what comes here.
    """
    arrived = select(deliveries.c.id).where(
        deliveries.c.mail_id == readings.c.mail_id, deliveries.c.origin == "arrived"
    )
    newest = (
        select(readings.c.detail)
        .where(readings.c.automatic.is_(None), readings.c.copy_of.is_(None), arrived.exists())
        .order_by(readings.c.mail_id.desc())
        .limit(NEWEST)
    )
    with store.read() as connection:
        details = connection.execute(newest).scalars().all()
    scored = [msgspec.json.decode(detail, type=_Scored) for detail in details]
    model = next((one.model for one in scored if one.scores), None)
    return model, [one.scores for one in scored if one.scores and one.model == model]
