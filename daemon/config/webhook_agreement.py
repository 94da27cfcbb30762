"""`[webhooks]` of a parsed document -> what in them cannot work."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from daemon.config.raw import Finding, Table, members_of, tables_of, text_of, texts_of
from daemon.config.values import is_loopback


def webhook_findings(document: Table) -> Iterator[Finding]:
    """Yield what is wrong with webhooks beyond their single values."""
    called = {text_of(rule, "webhook") for _, rule in members_of(document, "rules")}
    taken: dict[str, str] = {}
    for name, table in tables_of(document, "webhooks"):
        at = ("webhooks", name)
        if not texts_of(table, "events") and name not in called:
            yield (*at, "events"), "is never called; allowed: a list of events, or a rule's webhook"
        url = text_of(table, "url")
        if url and taken.setdefault(url, name) != name:
            yield (*at, "url"), f"the same as webhooks.{taken[url]}: each event would come twice"
        if table.get("private") is not True and _is_private(url):
            yield (*at, "url"), "is in a private network; write private = true if it is meant to be"


def _is_private(url: str) -> bool:
    """Tell whether an address names a host of a private network by its number."""
    try:
        host = urlsplit(url).hostname or ""
        return not is_loopback(host) and not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
