"""A parsed TOML document -> what in it does not fit together, beyond single values.

The checks read the document itself, not the models: a wrong value in one table must not hide a
wrong reference in another. Each check yields findings and expects nothing of the document.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.config.deadline_agreement import deadline_findings
from daemon.config.folder_agreement import folder_findings
from daemon.config.limits import Limits
from daemon.config.lines import Path
from daemon.config.order_agreement import order_findings
from daemon.config.people_agreement import people_findings
from daemon.config.raw import Finding, Table, number_of, table_of, tables_of, text_of, texts_of
from daemon.config.rule_agreement import rule_findings
from daemon.config.secrets import variable
from daemon.config.servers import IMAP_PORTS, SMTP_PORTS
from daemon.config.values import bytes_of, is_address, is_loopback, is_own_machine, time_of
from daemon.config.webhook_agreement import webhook_findings
from daemon.config.wording import nearest

_DAILY = (("digest", "at"), ("reports", "at"), ("intake", "sweep_at"), ("intake", "reconcile_at"))
"""Where the times of daily jobs stand."""

_YEAR = 2027  # any year will do whose daylight-saving rules are the present ones


def findings(document: Table) -> Iterator[Finding]:
    """Yield everything that does not fit together, in no order."""
    for check in _CHECKS:
        yield from check(document)


def _names(document: Table) -> Iterator[Finding]:
    for kind in ("accounts", "queues", "relays", "webhooks"):
        taken: dict[str, str] = {}
        for name, table in tables_of(document, kind):
            if "name" in table:
                yield (kind, name, "name"), f"unknown key; the name is {name}, as in the header"
            other = taken.setdefault(variable(name), name)
            if other != name and kind != "queues":
                yield (kind, name), f"too much like {other}: both read {variable(name)}_..."


def _mailboxes(document: Table) -> Iterator[Finding]:
    taken: dict[tuple[str, object, str], str] = {}
    for name, table in tables_of(document, "accounts"):
        host, username = text_of(table, "host").lower(), text_of(table, "username")
        port = table.get("port", IMAP_PORTS.get(text_of(table, "security", "tls")))
        other = taken.setdefault((host, str(port), username), name)
        if host and username and other != name:
            yield (
                ("accounts", name),
                (
                    f"the same mailbox as accounts.{other}; "
                    "allowed: one account for a mailbox, with all its folders in one list"
                ),
            )


def _encryption(document: Table) -> Iterator[Finding]:
    for kind, ports in (("accounts", IMAP_PORTS), ("relays", SMTP_PORTS)):
        for name, table in tables_of(document, kind):
            host = text_of(table, "host")
            if text_of(table, "security") == "plain" and host and not is_loopback(host):
                yield (
                    (kind, name, "security"),
                    (
                        f'"plain" is only for this machine (localhost, 127.0.0.1), not {host}; '
                        f"allowed: tls, usually port {ports['tls']}, "
                        f"or starttls, usually port {ports['starttls']}"
                    ),
                )


def _logins(document: Table) -> Iterator[Finding]:
    for kind in ("accounts", "relays"):
        for name, table in tables_of(document, kind):
            # An account without a username is a mistake of its own; a relay may have no login.
            is_open = kind == "relays" and not table.get("username")
            auth = text_of(table, "auth", "password")
            useful = "token_file" if auth == "xoauth2" else "password_file"
            for key in ("password_file", "token_file"):
                if key in table and is_open:
                    yield (kind, name, key), "has no use without a username"
                elif key in table and key != useful:
                    yield (kind, name, key), f'has no use with auth = "{auth}"; allowed: {useful}'


def _queues(document: Table) -> Iterator[Finding]:
    accounts = table_of(document, "accounts")
    taken: dict[tuple[str, str], str] = {}
    for name, table in tables_of(document, "queues"):
        account, folder = text_of(table, "account"), text_of(table, "folder")
        if account and account not in accounts:
            yield (
                ("queues", name, "account"),
                f"{account!r} is not an account; {nearest(account, accounts)}",
            )
        other = taken.setdefault((account, folder), name)
        if account and folder and other != name:
            yield ("queues", name, "folder"), f"the same folder as queues.{other}"
        sent = text_of(table_of(accounts, account), "sent", "Sent")
        if folder and folder == sent:
            yield ("queues", name, "folder"), f"is accounts.{account}.sent, where no work is found"
        done = text_of(table, "done", "Done")
        if done and (done.strip("/") != done or "//" in done):
            yield ("queues", name, "done"), f'{done!r} names no folder; allowed: "Done"'


def _relays(document: Table) -> Iterator[Finding]:
    """Each relay that is named is one, and certified mail and other mail stay apart."""
    relays = table_of(document, "relays")
    certifies = {name: table.get("pec") is True for name, table in tables_of(document, "relays")}
    named: list[tuple[tuple[str, ...], bool]] = [
        (("digest", "relay"), False),
        (("acknowledgements", "relay"), False),
        *((("relays", name, "fallback"), certifies[name]) for name in certifies),
    ]
    for path, certified in named:
        table = document
        for step in path[:-1]:
            table = table_of(table, step)
        relay = text_of(table, path[-1])
        others = tuple(name for name in relays if name != path[1])
        if relay and relay not in others:
            yield path, f"{relay!r} is not a relay; {nearest(relay, others)}"
        elif relay and certifies.get(relay) is not certified:
            kind = "certified mail only" if certifies.get(relay) else "no certified mail"
            yield path, f"{relay} takes {kind}; allowed: a relay with the same `pec`"
    for name, certified in certifies.items():
        username = text_of(table_of(relays, name), "username")
        if certified and not is_address(username):
            yield ("relays", name, "username"), "must be the address of the certified mailbox"


def _plain_relay(document: Table) -> str:
    relays = tables_of(document, "relays")
    return next((name for name, table in relays if table.get("pec") is not True), "")


def _acknowledgements(document: Table) -> Iterator[Finding]:
    if not table_of(document, "acknowledgements").get("kinds") or _plain_relay(document):
        return
    yield (
        ("acknowledgements", "kinds"),
        "they cannot be sent: no relay; write one, as [relays.main]",
    )


def _digest(document: Table) -> Iterator[Finding]:
    digest, relays = table_of(document, "digest"), table_of(document, "relays")
    relay = text_of(digest, "relay")
    readers = [one for _, one in tables_of(document, "people") if one.get("digest") is not False]
    if readers and not _plain_relay(document):
        yield ("people",), "their digests cannot be sent: no relay; write one, as [relays.main]"
    if "digest" in document and "to" not in digest:
        yield ("digest", "to"), "is missing; allowed: a list of addresses, [] for no digest"
    if digest.get("to") and not _plain_relay(document):
        yield ("digest", "to"), "a digest cannot be sent: no relay; write one, as [relays.main]"
    yield from _reports(document)
    first = relay if relay in relays else _plain_relay(document)
    username = text_of(table_of(relays, first), "username")
    is_sent = digest.get("to") or readers or table_of(document, "reports").get("to")
    if is_sent and first and not digest.get("sender") and not is_address(username):
        yield (
            ("digest", "sender"),
            (
                f"is missing, and the username of relays.{first} is not an address; "
                'allowed: "name@example.org"'
            ),
        )


def _reports(document: Table) -> Iterator[Finding]:
    if table_of(document, "reports").get("to") and not _plain_relay(document):
        yield ("reports", "to"), "a report cannot be sent: no relay; write one, as [relays.main]"


def _languages_of_readers(document: Table) -> Iterator[Finding]:
    for kind in ("digest", "reports"):
        table = table_of(document, kind)
        readers = {text: path for path, text in texts_of(table, "to")}
        for reader in table_of(table, "languages"):
            if reader not in readers:
                yield (
                    (kind, "languages", reader),
                    f"{reader!r} is not in {kind}.to; {nearest(reader, readers)}",
                )


def _web(document: Table) -> Iterator[Finding]:
    """Links lead somewhere, and nobody speaks to the pages in the clear over a network."""
    web = table_of(document, "web")
    listen = text_of(web, "listen")
    host = listen.rpartition(":")[0].strip("[]")
    proxies = [text for _, text in texts_of(web, "trusted_proxies")]
    if host and not is_loopback(host) and all(map(is_own_machine, proxies)):
        yield (
            ("web", "listen"),
            (
                f"{listen} is open to a network without TLS; allowed: this machine (127.0.0.1), "
                "or a reverse proxy elsewhere that is named in web.trusted_proxies"
            ),
        )
    if text_of(web, "public_url") and not listen:
        yield ("web", "public_url"), "links would lead nowhere: web.listen is empty"
    if listen and listen == text_of(table_of(document, "metrics"), "listen"):
        yield ("web", "listen"), "the same as metrics.listen; allowed: another port"


def _times(document: Table) -> Iterator[Finding]:
    house = text_of(table_of(document, "service"), "timezone")
    times: list[tuple[Path, object, str]] = [
        ((table, key), table_of(document, table).get(key), house) for table, key in _DAILY
    ]
    times += [
        (("people", name, "digest_at"), one.get("digest_at"), text_of(one, "timezone") or house)
        for name, one in tables_of(document, "people")
    ]
    for path, value, zone in times:
        at = _time(value)
        if at and (at.hour == 2 or _is_shifted(zone, at)):  # noqa: PLR2004 - 02:00 to 03:00
            yield (
                path,
                (
                    f"at {at:%H:%M} the clock is put forward or back, so that the time may come "
                    "twice or never; allowed: times outside 02:00 to 03:00, and outside the hour "
                    "of change of the zone"
                ),
            )


def _time(value: object) -> time | None:
    try:
        return time_of(value)
    except ValueError:
        return None


def _is_shifted(zone: str, at: time) -> bool:
    """Tell whether `at` is skipped or repeated on any day of the year in `zone`."""
    try:
        first = datetime.combine(date(_YEAR, 1, 1), at, ZoneInfo(zone))
    except (LookupError, ValueError, OSError):
        return False  # an unknown zone is another problem's
    days = (first + timedelta(days=n) for n in range(365))
    return any(day.utcoffset() != day.replace(fold=1).utcoffset() for day in days)


def _sizes(document: Table) -> Iterator[Finding]:
    limits = table_of(document, "limits")
    in_flight = _size(limits, "in_flight_bytes")
    for key in ("slice_bytes", "batch_bytes"):
        size = _size(limits, key)
        if size > in_flight:
            yield (
                ("limits", key if key in limits else "in_flight_bytes"),
                (
                    f"{key} is {size}, more than in_flight_bytes, {in_flight}; "
                    f"allowed: {key} up to in_flight_bytes"
                ),
            )
    intake = table_of(document, "intake")
    first, most = number_of(intake, "backoff_first_s"), number_of(intake, "backoff_max_s")
    if first is not None and first > (900 if most is None else most):
        yield ("intake", "backoff_first_s"), "is more than backoff_max_s; allowed: at most that"


def _size(limits: Table, key: str) -> int:
    default: int = Limits.model_fields[key].default
    try:
        return bytes_of(limits.get(key, default))
    except ValueError:
        return default


_CHECKS: tuple[Callable[[Table], Iterator[Finding]], ...] = (
    _names,
    _mailboxes,
    _encryption,
    _logins,
    _queues,
    folder_findings,
    _relays,
    _acknowledgements,
    _digest,
    _languages_of_readers,
    _web,
    _times,
    _sizes,
    people_findings,
    rule_findings,
    deadline_findings,
    order_findings,
    webhook_findings,
)
