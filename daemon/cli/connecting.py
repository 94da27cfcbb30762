"""Settings -> what the servers themselves say against them: a login to each, and nothing else."""

from collections.abc import Iterator

from daemon.bootstrap import login, relay_login
from daemon.cli.exits import lines_of
from daemon.config.settings import Settings
from daemon.errors import BackdeskError, ConfigError, MailboxAway, MailboxError
from daemon.intake.imap import Mailbox
from daemon.sending.smtp import SmtpRelay

Found = tuple[tuple[str, ...], str]
"""Key in the configuration, and what the server said."""


def login_problems(settings: Settings) -> Iterator[Found]:
    """Log in to each server and open each inbox; yield what was refused."""
    for name in settings.accounts:
        yield from _of_account(settings, name)
    for name in settings.relays:
        yield from _of_relay(settings, name)


def _of_account(settings: Settings, name: str) -> Iterator[Found]:
    key = ("accounts", name)
    try:
        mailbox = Mailbox(login(settings, name))
    except ConfigError:
        return  # a missing secret is named already
    except BackdeskError as error:
        yield (*key, "host"), " ".join(lines_of(error))
        return
    try:
        for folder in settings.accounts[name].folders:
            yield from _of_folder(mailbox, key, folder)
    except MailboxAway as away:
        yield (*key, "host"), " ".join(lines_of(away))
    finally:
        mailbox.close()


def _of_relay(settings: Settings, name: str) -> Iterator[Found]:
    try:
        found = relay_login(settings, name)
    except ConfigError:
        return  # as above
    relay = SmtpRelay(lambda: found)
    try:
        relay.greet()
    except BackdeskError as error:
        yield ("relays", name, "host"), " ".join(lines_of(error))
    finally:
        relay.close()


def _of_folder(mailbox: Mailbox, key: tuple[str, ...], folder: str) -> Iterator[Found]:
    try:
        mailbox.examine(folder)
    except MailboxAway:
        raise
    except MailboxError as refusal:
        yield (*key, "folders"), f"{folder!r} cannot be opened: {refusal}"
