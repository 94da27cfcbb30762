"""Folders of an account that serve one purpose each -> where two purposes share one."""

from collections.abc import Iterator

from daemon.config.raw import Finding, Table, tables_of, text_of, texts_of

_OWN = {"passed_on": "Passed on", "drafts": "Drafts"}
"""Keys of an account that name a folder, and what they are by themselves."""


def folder_findings(document: Table) -> Iterator[Finding]:
    """Yield folders for mail that was passed on, or for drafts, that are something else as well.

    Drafts that were watched would be taken in as mail; mail that was passed on must not come
    where it would be passed on again, nor among the work of others.
    """
    for name, account in tables_of(document, "accounts"):
        taken = dict(_folders(document, name, account))
        for key, default in _OWN.items():
            folder = text_of(account, key, default)
            other = taken.setdefault(_plain(folder), f"accounts.{name}.{key}") if folder else ""
            if folder and other != f"accounts.{name}.{key}":
                yield (
                    ("accounts", name, key),
                    (
                        f"{folder!r} is the folder of {other}; "
                        'allowed: a folder of its own, or "" for none'
                    ),
                )


def _folders(document: Table, name: str, account: Table) -> Iterator[tuple[str, str]]:
    for _, folder in texts_of(account, "folders") or (((), "INBOX"),):
        yield _plain(folder), f"accounts.{name}.folders"
    yield _plain(text_of(account, "sent", "Sent")), f"accounts.{name}.sent"
    for queue, table in tables_of(document, "queues"):
        if text_of(table, "account") == name:
            folder = text_of(table, "folder")
            yield _plain(folder), f"queues.{queue}"
            yield f"{folder}/{text_of(table, 'done', 'Done')}", f"queues.{queue}.done"


def _plain(folder: str) -> str:
    return folder.upper() if folder.upper() == "INBOX" else folder
