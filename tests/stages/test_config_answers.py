"""What the configuration says of relays and acknowledgements, and what does not fit together."""

import pytest

from daemon import bootstrap, config, fitting
from tests.stages.test_config_problems import FILE, SMALL, problems

CERTIFIED = """
[relays.pec]
host = "pec.example.org"
username = "desk@pec.example.org"
pec = true
"""


@pytest.mark.parametrize(
    ("more", "key", "message"),
    [
        ('[relays.b]\nhost = "b"\nfallback = "mayn"', "relays.b.fallback", "did you mean main?"),
        ('[relays.b]\nhost = "b"\nfallback = "b"', "relays.b.fallback", "'b' is not a relay"),
        (
            f'{CERTIFIED}[relays.b]\nhost = "b"\nfallback = "pec"',
            "relays.b.fallback",
            "pec takes certified mail only",
        ),
        (f'{CERTIFIED}fallback = "main"', "relays.pec.fallback", "main takes no certified mail"),
        (
            '[relays.pec]\nhost = "pec"\nusername = "desk"\npec = true',
            "relays.pec.username",
            "must be the address of the certified mailbox",
        ),
        ('[acknowledgements]\nrelay = "x"', "acknowledgements.relay", "'x' is not a relay"),
        (
            f'{CERTIFIED}[acknowledgements]\nrelay = "pec"',
            "acknowledgements.relay",
            "pec takes certified mail only",
        ),
        ('[matters]\ndata_subject = "eu-data-subjct"', "matters.data_subject", "eu-data-subject?"),
        ('[matters]\nwithdrawal = "sla"', "matters.withdrawal", "write [hours.house]"),
        (
            '[matters]\nwhistleblowing_queue = "complaint"',
            "matters.whistleblowing_queue",
            "did you mean complaints?",
        ),
        ('[acknowledgements]\nkinds = ["other"]', "acknowledgements.kinds[0]", "complaint"),
        (
            '[acknowledgements]\ncontact = { it = "tel.", en = "phone" }',
            "acknowledgements.contact",
            "lacks pl; allowed: one text, or one for each of it, pl, en",
        ),
        (
            '[acknowledgements]\nfrom_name = { it = "A", pl = "A", en = "A", de = "A" }',
            "acknowledgements.from_name.de",
            'must be one of: "it", "pl", "en"',
        ),
        ("[acknowledgements]\ncontact = 3", "acknowledgements.contact", "must be a text, or"),
        ("[acknowledgements]\nopen_case_days = -1", "acknowledgements.open_case_days", "0 or more"),
        ("[acknowledgements]\nper_domain_hour = -1", "acknowledgements.per_domain_hour", "0 or"),
        ('[acknowledgements]\nproviders = ["@x.y"]', "acknowledgements.providers[0]", "a domain"),
        ("[acknowledgements]\nlate_s = 0", "acknowledgements.late_s", "must be 1 or more"),
    ],
)
def test_mistakes_are_named(more: str, key: str, message: str) -> None:
    """With the key, and what is allowed."""
    ((_, where, told),) = problems(f"{SMALL}\n{more}\n")
    assert where == key
    assert message in told


def test_one_text_is_for_all_languages() -> None:
    """A table says it in each."""
    more = 'contact = "tel. 1"\nfrom_name = { it = "Ufficio", pl = "Biuro", en = "Office" }'
    chosen = config.parse(f"{SMALL}\n[acknowledgements]\n{more}\n", FILE).acknowledgements
    assert chosen.contact == dict.fromkeys(("it", "pl", "en"), "tel. 1")
    assert chosen.from_name == {"it": "Ufficio", "pl": "Biuro", "en": "Office"}


def test_acknowledgements_need_a_relay() -> None:
    """Who asks for them is told; who does not write the table has none and no problem."""
    without = SMALL[: SMALL.index("[relays.main]")]
    config.parse(without, FILE)
    asked = f'{without}[acknowledgements]\nkinds = ["complaint"]\n'
    ((_, key, message),) = problems(asked)
    assert (key, "no relay" in message) == ("acknowledgements.kinds", True)
    ((_, key, message),) = problems(asked + CERTIFIED)
    assert (key, "no relay" in message) == ("acknowledgements.kinds", True)


def test_who_is_answered() -> None:
    """Nobody where there is no relay; never an address of the house."""
    rules = fitting.acknowledge_rules(config.parse(SMALL + CERTIFIED, FILE))
    assert rules.kinds == ("complaint", "request")
    assert rules.own == {"info@example.org", "desk@pec.example.org"}
    assert rules.can_certify
    nobody = fitting.acknowledge_rules(config.parse(SMALL[: SMALL.index("[relays")], FILE))
    assert nobody.kinds == ()


def test_relays_stand_in_for_each_other() -> None:
    """Also both ways; the rest goes through the first that is not for certified mail."""
    text = SMALL.replace("[relays.main]", f'{CERTIFIED}[relays.main]\nfallback = "second"')
    second = '[relays.second]\nhost = "b"\nfallback = "main"\n'
    pec, main, spare = bootstrap.outlets(config.parse(f"{text}\n{second}", FILE))
    assert [one.spare and one.spare.name for one in (pec, main, spare)] == [None, "second", "main"]
    assert [one.share.others is not None for one in (pec, main, spare)] == [False, True, False]
