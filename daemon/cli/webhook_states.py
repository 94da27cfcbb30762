"""How the webhooks do -> documents, and lines on what needs a person."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from daemon.jobs import House
from daemon.webhooks.records import Health
from daemon.webhooks.views import healths

OFTEN = 3  # times in a row that a server was away, before people are told


def webhook_states(house: House) -> list[dict[str, Any]]:
    """Return how each webhook does: those of the configuration, and others with rows."""
    configured = house.settings.webhooks
    with house.store.read() as connection:
        known = healths(connection)
    names = [*configured, *sorted(known.keys() - configured.keys())]
    return [
        {
            **asdict(known.get(name) or Health(name=name)),
            "url": configured[name].url if name in configured else None,
            "events": list(configured[name].events) if name in configured else [],
            "configured": name in configured,
        }
        for name in names
    ]


def webhook_problems(state: dict[str, Any]) -> Iterator[str]:
    """Yield what needs a person in one webhook."""
    name, hint = state["name"], f"`backdesk webhook retry {state['name']}`"
    if not state["configured"]:
        if state["waiting"]:
            yield f"webhook {name}: not configured any more, {state['waiting']} events wait"
        return
    if state["disabled_at"]:
        yield f"webhook {name}: its server wants no more ({state['last_error']}): {hint}"
    elif state["failures"] >= OFTEN:
        yield f"webhook {name}: away {state['failures']} times in a row: {state['last_error']}"
    if state["given_up"]:
        yield f"webhook {name}: {state['given_up']} events were given up: {hint}"
