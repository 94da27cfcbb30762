"""What a round of sending did -> a line on stderr and an exit code."""

from daemon.cli.exits import DONE, NEEDS_PERSON, OUTSIDE, complain
from daemon.sending.records import SendCount
from daemon.webhooks.records import CallCount


def sent_of(count: SendCount | None) -> int:
    """Return how many mails were sent; none where another process is sending."""
    return 0 if count is None else count.sent


def report_sending(count: SendCount) -> int:
    """Name what did not go out; return the exit code of the worst."""
    code = DONE
    if stopped := count.failed + count.held:
        complain(f"{stopped} outgoing mails were refused or are held: `backdesk outbox list`")
        code = NEEDS_PERSON
    if count.deferred:
        complain(f"{count.deferred} outgoing mails were put off by their relay")
        code = OUTSIDE
    return code


def report_telling(count: CallCount) -> int:
    """Name what webhooks did not take; return the exit code of the worst."""
    if count.failed:
        complain(f"{count.failed} events for webhooks were given up: `backdesk webhook list`")
        return NEEDS_PERSON
    if count.deferred:
        complain(f"{count.deferred} events for webhooks were put off: `backdesk webhook list`")
    return DONE
