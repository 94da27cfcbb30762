"""Builds the house: settings in, every adapter wired, `House` out. Nothing else builds adapters."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url

from daemon import clock
from daemon.cases.answering import Answering
from daemon.cases.news import note_news
from daemon.cases.store import Cases
from daemon.config.secrets import account_secret, relay_secret, store_secret, webhook_keys
from daemon.config.settings import Settings
from daemon.digest.answers import keep_answers
from daemon.fitting import colleague_of, homing, policy, reading_options
from daemon.intake.actions import Actions
from daemon.intake.connect import Login
from daemon.intake.imap import Mailbox
from daemon.intake.mixes import mix_of
from daemon.intake.receive import FetchLimits, Receiver
from daemon.intake.records import Tally
from daemon.intake.results import Results, TakeIn
from daemon.intake.store import Ledger
from daemon.jobs import House
from daemon.mail.tokens import Tokens
from daemon.outbox.acknowledgements import Acknowledgements
from daemon.outbox.answers import Answers
from daemon.outbox.drafts import Drafts
from daemon.outbox.forwards import Forwards
from daemon.outbox.reports import note_reports
from daemon.pipeline import Pipeline
from daemon.reading.pool import ReadingPool
from daemon.records import Incoming
from daemon.sending.deliver import Outlet
from daemon.sending.records import Share
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.store.engine import Store, open_store, sqlite_url
from daemon.store.keys import TOKENS, keys_of
from daemon.store.leases import Leases
from daemon.store.packs import Packs, sync_folder
from daemon.store.schema import upgrade
from daemon.triage.casework import CaseRules
from daemon.webhooks.calling import HttpCaller, Target
from daemon.webhooks.records import Endpoint
from daemon.webhooks.store import note_matched


def login(settings: Settings, account: str) -> Login:
    """Return how to enter an account, its secret read anew each time.

    Raises:
        ConfigError: no secret is found.
    """
    chosen = settings.accounts[account]
    return Login(
        host=chosen.host,
        port=chosen.port,
        security=chosen.security,
        username=chosen.username,
        secret=account_secret(chosen).get_secret_value(),
        auth=chosen.auth,
        ca_file=chosen.ca_file,
        connect_timeout_s=settings.intake.connect_timeout_s,
        command_timeout_s=settings.intake.command_timeout_s,
    )


def outlets(settings: Settings) -> tuple[Outlet, ...]:
    """Return the relays, their secrets read when they connect; one takes what is nobody's."""
    names = tuple(settings.relays)
    made = {
        name: Outlet(
            share=Share(relay=name, others=names if name == settings.plain_relay else None),
            transport=SmtpRelay(partial(relay_login, settings, name)),
            per_minute=relay.per_minute,
        )
        for name, relay in settings.relays.items()
    }
    spares = {name: made.get(relay.fallback) for name, relay in settings.relays.items()}
    return tuple(replace(outlet, spare=spares[name]) for name, outlet in made.items())


def relay_login(settings: Settings, name: str) -> RelayLogin:
    """Return how to enter a relay.

    Raises:
        ConfigError: no secret is found.
    """
    relay = settings.relays[name]
    found = relay_secret(relay)
    return RelayLogin(
        host=relay.host,
        port=relay.port,
        security=relay.security,
        username=relay.username,
        secret=found.get_secret_value() if found else "",
        auth=relay.auth,
        ca_file=relay.ca_file,
        timeout_s=relay.timeout_s,
    )


def endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """Return the webhooks, their secrets read when they are called."""
    return tuple(
        Endpoint(
            name=name,
            events=webhook.events,
            give_up_after=timedelta(days=webhook.give_up_days),
            caller=HttpCaller(
                Target(
                    url=webhook.url,
                    timeout_s=webhook.timeout_s,
                    ca_file=webhook.ca_file,
                    private=webhook.private,
                ),
                partial(webhook_keys, webhook),
                clock.now,
            ),
        )
        for name, webhook in settings.webhooks.items()
    )


def store_url(settings: Settings) -> URL:
    """Return the database's URL with its password."""
    if not settings.store.url:
        return sqlite_url(settings.service.data_dir)
    url, password = make_url(settings.store.url), store_secret(settings.store)
    return url.set(password=password.get_secret_value()) if password else url


def open_data(settings: Settings) -> Store:
    """Open the store, making the data folder and the tables where they are not there yet."""
    data_dir = settings.service.data_dir
    if not data_dir.is_dir():
        data_dir.mkdir(parents=True, mode=0o750)
        sync_folder(data_dir.parent)
    store = open_store(store_url(settings))
    upgrade(store)
    sync_folder(data_dir)
    return store


@contextmanager
def build(
    settings: Settings, open_pool: Callable[[Settings, Ledger], ReadingPool] | None = None
) -> Iterator[House]:
    """Build the house, and take it down in the right order at the end.

    Args:
        settings: of the house.
        open_pool: makes what reads the mails; None makes the pool of children.
    """
    with ExitStack() as stack:
        store = open_data(settings)
        stack.callback(store.close)
        leases = Leases(store)
        stack.callback(leases.close)
        packs = _packs(settings)
        stack.callback(packs.close)
        tokens = Tokens(keys_of(store, TOKENS))
        desk = _desk(settings, store, tokens, packs)
        tally, chosen = Tally(), policy(settings, mix_of(store), tokens)
        actions = Actions(store, chosen.placement)
        ledger = Ledger(store, actions)
        pool = (open_pool or _pool)(settings, ledger)
        receiver = _receiver(settings, ledger, packs, tally)
        results = Results(store, actions, _take_in(store, desk, chosen.cases))
        pipeline = Pipeline(chosen, pool, ledger, results, packs, tally)
        stack.callback(pipeline.close)
        stack.callback(pool.close)
        yield House(
            settings=settings,
            store=store,
            leases=leases,
            packs=packs,
            ledger=ledger,
            actions=actions,
            cases=desk.cases,
            acknowledgements=desk.acknowledgements,
            answers=desk.answers,
            drafts=desk.drafts,
            receiver=receiver,
            pool=pool,
            pipeline=pipeline,
            tally=tally,
            connect=lambda account: Mailbox(login(settings, account)),
            outlets=lambda: outlets(settings),
            endpoints=lambda: endpoints(settings),
        )


@contextmanager
def public_pages(house: House) -> Iterator[None]:
    """Serve the public pages of a house during the block, where the configuration says so."""
    if not house.settings.web.listen:
        yield
        return
    # Here, not above: most commands need no web server.
    from daemon.web.server import PublicPages  # noqa: PLC0415

    pages = PublicPages(house)
    pages.start()
    try:
        yield
    finally:
        pages.stop()


class _Desk(NamedTuple):
    """The register of cases, and what leaves for them."""

    cases: Cases
    answering: Answering
    acknowledgements: Acknowledgements
    answers: Answers
    forwards: Forwards
    drafts: Drafts


def _desk(settings: Settings, store: Store, tokens: Tokens, packs: Packs) -> _Desk:
    ours = homing(settings, tokens)
    return _Desk(
        cases=Cases(store, settings.service.zone, ours, settings.matters.whistleblowing_queue),
        answering=Answering(store, ours, colleague_of(settings)),
        acknowledgements=Acknowledgements(store, settings, tokens),
        answers=Answers(store, settings, tokens),
        forwards=Forwards(store, packs, settings, tokens),
        drafts=Drafts(settings, tokens),
    )


def _take_in(store: Store, desk: _Desk, rules: CaseRules) -> TakeIn:
    """Join the register of cases and what leaves, in the transaction that records mails."""

    def take_in(
        connection: Connection,
        incoming: Incoming,
        now: datetime,
    ) -> None:
        outward = [one for one in incoming.asking if one.wish.answered_by]
        inward = [one for one in incoming.asking if not one.wish.answered_by]
        opened = list(desk.cases.take(connection, inward, now))
        rest = desk.answering.take(connection, outward, now, rules)
        opened += desk.cases.take(connection, rest, now)
        note_news(connection, desk.acknowledgements.enqueue(connection, opened, now), rules)
        note_news(connection, desk.forwards.enqueue(connection, incoming.matched, now), rules)
        note_matched(store, connection, incoming.matched, now)
        note_news(connection, note_reports(connection, incoming.reported), rules)
        keep_answers(store, connection, incoming.said, now)

    return take_in


def _pool(settings: Settings, ledger: Ledger) -> ReadingPool:
    return ReadingPool(
        reading_options(settings),
        settings.service.workers or len(os.sched_getaffinity(0)),
        before_retry=lambda mail_id: ledger.begin_attempt([mail_id]),
    )


def _packs(settings: Settings) -> Packs:
    folder = settings.service.data_dir / "packs"
    if not folder.is_dir():
        folder.mkdir(mode=0o750)
        sync_folder(folder.parent)
    return Packs(folder, settings.store.pack_bytes)


def _receiver(settings: Settings, ledger: Ledger, packs: Packs, tally: Tally) -> Receiver:
    """Return what receives mails, without what a killed process left of them."""
    spool = settings.service.data_dir / "spool"
    receiver = Receiver(ledger, packs, _fetch_limits(settings), spool, tally)
    receiver.clear_spool()
    return receiver


def _fetch_limits(settings: Settings) -> FetchLimits:
    limits = settings.limits
    return FetchLimits(
        mail_bytes=limits.mail_bytes,
        in_flight_bytes=limits.in_flight_bytes,
        slice_bytes=limits.slice_bytes,
        batch_mails=limits.batch_mails,
        batch_bytes=limits.batch_bytes,
        free_disk_bytes=settings.intake.free_disk_bytes,
    )
