"""Rules that say more than a queue, and webhooks, in the configuration: what does not fit."""

import base64
from pathlib import Path

import pytest

from daemon import config
from daemon.config.loading import secret_problems
from daemon.config.rules import Rule
from daemon.config.webhooks import EVENTS, Webhook
from daemon.records import PRIORITIES
from daemon.webhooks.events import OVERDUE, TYPES
from tests.stages.test_config_problems import FILE, SMALL, problems

ERP = """
[webhooks.erp]
url = "https://erp.example.org/hooks/backdesk"
events = ["case.opened"]
"""
WITHOUT_RELAY = SMALL[: SMALL.index("[relays.main]")]
PEOPLE = '[people.anna]\naddress = "anna@example.org"\n'


def ruled(says: str, text: str = SMALL) -> str:
    """Return a configuration with a rule that says this."""
    return f'{text}\n[[rules]]\nname = "new"\nwhen = {{ language = "it" }}\n{says}\n'


def hooked(*lines: str, url: str = "https://erp.example.org/x") -> str:
    """Return a configuration with a webhook."""
    return "\n".join([SMALL, "[webhooks.erp]", f'url = "{url}"', *lines]) + "\n"


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (ruled('priority = "hihg"'), "priority", 'one of: "low", "normal", "high", "urgent"'),
        (ruled("priority = 1"), "priority", "one of"),
        (ruled('owner = " "'), "owner", "not empty"),
        (ruled('owner = "ana"', SMALL + PEOPLE), "owner", "did you mean anna?"),
        (ruled('deadline = "it-enrgy"'), "deadline", "did you mean it-energy?"),
        (ruled('deadline = "sla"'), "deadline", "write [hours.house]"),
        (ruled('webhook = "erb"', SMALL + ERP), "webhook", "did you mean erp?"),
        (ruled('webhook = "erp"'), "webhook", "'erp' is not a webhook; allowed: nothing"),
        (ruled('acknowledgement = "../etc"'), "acknowledgement", "is not a name"),
        (ruled("acknowledgement = true"), "acknowledgement", "or false for none"),
        (ruled('acknowledgement = "vip"', WITHOUT_RELAY), "acknowledgement", "no relay"),
        (ruled('tags = [""]'), "tags[0]", "not empty"),
        (ruled('forward = ["nobody"]'), "forward[0]", "is not an e-mail address"),
        (ruled('forward = "a@x.example"', WITHOUT_RELAY), "forward", "no relay"),
        (ruled('forward = ["a@x.example", "Info@example.org"]'), "forward[1]",
         "an address of the house (accounts.info)"),
        (ruled('forward = "info+x@example.org"'), "forward", "an address of the house"),
        (ruled(""), "queue", "or something to add: priority, owner"),
        (ruled("tags = []"), "queue", "is missing"),
        (ruled('queue = "complaints"\nstop = true\npriority = "low"'), "stop", "one of both"),
    ],
)  # fmt: skip
def test_mistakes_of_a_rule_are_named(text: str, key: str, message: str) -> None:
    """With the key, and what is allowed."""
    ((_, where, told),) = problems(text)
    assert where == f"rules[1].{key}"
    assert message in told


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (hooked('events = ["case.open"]'), "events[0]", '"case.opened"'),
        (hooked(), "events", "is never called"),
        (hooked('events = ["case.opened"]', url="http://x.example/"), "url", 'allowed: "https'),
        (hooked('events = ["case.opened"]', url="ftp://localhost/"), "url", "allowed"),
        (hooked('events = ["case.opened"]', url="https://"), "url", "allowed"),
        (hooked('events = ["case.opened"]', url="https://x.example:99999/"), "url", "allowed"),
        (hooked('events = ["case.opened"]', url="https://x.example/a b"), "url", "allowed"),
        (hooked('events = ["case.opened"]', url="https://u:p@x.example/"), "url", "neither user"),
        (hooked('events = ["case.opened"]', url="https://10.1.2.3/"), "url", "private = true"),
        (hooked('events = ["case.opened"]', "timeout_s = 0"), "timeout_s", "0.1 or more"),
        (hooked('events = ["case.opened"]', 'secret = "whsec_x"'), "secret", "secret_file, the"),
        (f'{SMALL}[webhooks.erp]\nevents = ["case.opened"]\n', "url", "is missing"),
    ],
)  # fmt: skip
def test_mistakes_of_a_webhook_are_named(text: str, key: str, message: str) -> None:
    """With the key, and what is allowed; no secret is repeated."""
    ((_, where, told),) = problems(text)
    assert where == f"webhooks.erp.{key}"
    assert message in told
    assert "whsec_x" not in told


def test_two_webhooks_at_one_address_are_a_mistake() -> None:
    """Each event would come twice."""
    second = ERP.replace("webhooks.erp", "webhooks.second")
    ((_, where, told),) = problems(SMALL + ERP + second)
    assert (where, "the same as webhooks.erp" in told) == ("webhooks.second.url", True)


def test_all_of_it_together() -> None:
    """A rule that only adds is no rule too late, even when it takes all mail."""
    says = (
        'priority = "high"\nowner = "Anna Bianchi"\ndeadline = "it-energy"\ntags = "vip"\n'
        'acknowledgement = false\nforward = "bills@other.example"\nwebhook = "erp"\n'
    )
    first = f'[[rules]]\nname = "all"\nwhen = {{}}\n{says}\n[[rules]]'
    settings = config.parse(SMALL.replace("[[rules]]", first) + ERP, FILE)
    rule = settings.rules[0]
    assert (rule.ends, settings.rules[1].ends) == (False, True)
    assert (rule.acknowledgement, rule.tags, rule.forward) == (
        "", ("vip",), ("bills@other.example",),
    )  # fmt: skip
    hook = settings.webhooks["erp"]
    assert (hook.events, hook.timeout_s, hook.private) == (("case.opened",), 15.0, False)


@pytest.mark.parametrize(
    ("secret", "message"),
    [(None, "no secret found"), ("geheim", "must be whsec_ and 24 to 64 bytes"), ("", "is empty")],
)
def test_a_secret_that_is_missing_or_malformed(
    tmp_path: Path, secret: str | None, message: str
) -> None:
    """`check` names it by its key, and never says what it is."""
    line = 'secret_file = "erp"\n' if secret is not None else ""
    text = f'[service]\ntimezone = "Europe/Rome"\n{ERP}{line}'
    (tmp_path / "backdesk.toml").write_text(text)
    (tmp_path / "erp").write_text(secret or "")
    (problem,) = secret_problems(config.load(tmp_path / "backdesk.toml"), {})
    assert (problem.key, message in problem.message) == ("webhooks.erp", True)
    assert "geheim" not in problem.message
    good = "whsec_" + base64.b64encode(bytes(32)).decode()
    environ = {"BACKDESK_WEBHOOKS_ERP_SECRET": good}
    assert secret_problems(config.load(tmp_path / "backdesk.toml"), environ) == ()


def test_the_events_and_priorities_are_those_of_the_rooms() -> None:
    """The configuration stands beside them and may not import them; both say the same."""
    assert {*TYPES.values(), OVERDUE} == set(EVENTS)
    for event in EVENTS:
        assert Webhook.model_validate(
            {"name": "x", "url": "https://x.example", "events": [event]}, context={}
        ).events == (event,)
    for priority in PRIORITIES:
        table = {"name": "x", "when": {}, "priority": priority}
        assert Rule.model_validate(table).priority == priority
