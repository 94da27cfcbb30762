"""The settings -> what each room is told of them; nothing is opened here."""

from email.utils import parseaddr
from functools import partial
from pathlib import Path

from daemon.cases.threads import Homing
from daemon.config.settings import Settings
from daemon.digest.readers import readers_of
from daemon.intake.placement import Placement
from daemon.mail.limits import MailLimits
from daemon.mail.staff import Staff
from daemon.mail.tokens import Tokens
from daemon.policy import Policy
from daemon.reading.limits import ReadingLimits
from daemon.reading.records import ReadingOptions
from daemon.triage.acknowledge import AcknowledgeRules, untagged
from daemon.triage.casework import CaseRules
from daemon.triage.forward import HOPS, ForwardRules
from daemon.triage.mix import HouseMix
from daemon.triage.outbound import Colleague
from daemon.triage.readership import Readership
from daemon.triage.route import compile_rules
from daemon.triage.rulebook import Rulebook

SHIPPED_MODEL = Path(__file__).parent.parent / "classifiers" / "model"


def policy(settings: Settings, mix: HouseMix | None = None, tokens: Tokens | None = None) -> Policy:
    """Return what decides: the rules and costs of the configuration, the mix of the house.

    Without tokens no mail is known as an answer to a digest.
    """
    return Policy(
        rules=compile_rules(settings.rules),
        costs=settings.classifier.costs,
        mix=mix or HouseMix(),
        placement=Placement.of(settings),
        cases=case_rules(settings),
        readers=readership(settings, tokens) if tokens else Readership(),
        colleague=colleague_of(settings),
        forwarding=ForwardRules(
            own=_mailboxes(settings),
            hops=settings.forwarding.hops,
            can_send=bool(settings.plain_relay),
        ),
    )


def colleague_of(settings: Settings) -> Colleague:
    """Return what knows whose an address of the house is."""
    return partial(_colleague, settings, staff(settings))


def _colleague(settings: Settings, house: Staff, address: str) -> str | None:
    """Return the name of whose an address of the house is; None for a stranger's."""
    person = settings.person_at(address)
    if person is not None:
        return person.name
    return address if house.has(address) else None


def readership(settings: Settings, tokens: Tokens) -> Readership:
    """Return who gets digests: those configured, and people, who may stand in for one another."""
    people = {address for one in settings.people.values() for address in one.addresses}
    named = {one.address.lower() for one in readers_of(settings)}
    return Readership(addresses=frozenset(people | named), is_digest=tokens.is_digest_id)


def case_rules(settings: Settings) -> CaseRules:
    """Return which queue runs under which deadlines, and who is answered by return."""
    profiles = {name: queue.deadline for name, queue in settings.queues.items() if queue.deadline}
    by_rule = any(rule.deadline for rule in settings.rules)
    has_clocks = bool(profiles or settings.matters.profiles or by_rule)
    return CaseRules(
        profiles=profiles,
        rulebook=Rulebook.of(settings) if has_clocks else None,
        matters=settings.matters.profiles,
        whistleblowing_queue=settings.matters.whistleblowing_queue,
        acknowledging=acknowledge_rules(settings),
        people=settings.people,
        zone=settings.service.zone,
    )


def acknowledge_rules(settings: Settings) -> AcknowledgeRules:
    """Return who is answered by return; nobody where there is no relay."""
    can_send = bool(settings.acknowledgements.relay or settings.plain_relay)
    return AcknowledgeRules(
        kinds=settings.acknowledgements.kinds if can_send else (),
        own=_mailboxes(settings),
        checking=frozenset(name for name, one in settings.accounts.items() if one.authserv_id),
        can_certify=any(relay.pec for relay in settings.relays.values()),
    )


def own_addresses(settings: Settings) -> frozenset[str]:
    """Return the addresses, in lower case, to which the house is written and from which it writes.

    Those of people are not among them.
    """
    own = {one.own_address for one in settings.accounts.values()}
    own |= {one.username for one in settings.accounts.values()}
    own |= {one.username for one in settings.relays.values()}
    own |= {parseaddr(settings.digest.sender)[1]}
    return frozenset(one.lower() for one in own if "@" in one)


def _mailboxes(settings: Settings) -> frozenset[str]:
    """Return the mailboxes that the house's own addresses lead to."""
    return frozenset(map(untagged, own_addresses(settings)))


def homing(settings: Settings, tokens: Tokens) -> Homing:
    """Return what knows mail that answers ours."""
    separators = {one.subaddress for one in settings.accounts.values()}
    return Homing(tokens=tokens, separators="".join(sorted(separators)))


def reading_options(settings: Settings) -> ReadingOptions:
    """Return how the children read."""
    limits = settings.limits.model_dump()
    shared = {name: limits[name] for name in MailLimits.__dataclass_fields__ if name in limits}
    return ReadingOptions(
        limits=ReadingLimits(
            mail=MailLimits(**shared),
            cpu_s=settings.limits.cpu_s,
            wall_s=settings.limits.wall_s,
            memory_bytes=settings.limits.memory_bytes,
        ),
        model_dir=settings.classifier.model or SHIPPED_MODEL,
        languages=settings.classifier.languages,
        wanted_headers=tuple(sorted({*compile_rules(settings.rules).headers, HOPS.lower()})),
        our_servers=tuple(
            sorted({one.authserv_id.lower() for one in settings.accounts.values()} - {""})
        ),
        staff=staff(settings),
        timezone=settings.service.timezone,
        own_instance=settings.mark,
    )


def staff(settings: Settings) -> Staff:
    """Return who is of the house: people, accounts, domains, and what our mail is sent from."""
    people = {address for one in settings.people.values() for address in one.addresses}
    separators = {one.subaddress for one in settings.accounts.values()}
    return Staff(
        addresses=frozenset(people | own_addresses(settings)),
        domains=frozenset(settings.service.domains),
        separators="".join(sorted({"+", *separators})),
    )
