"""The exceptions that cross rooms; each docstring is the message when none is given."""


class BackdeskError(Exception):
    """Something in Backdesk went wrong."""

    def __str__(self) -> str:
        """Return the message, else the docstring's first line."""
        return super().__str__() or (type(self).__doc__ or "").strip()


class Temporary(BackdeskError):
    """Mixin: the same call may succeed later, so it is retried with back-off."""


class ConfigError(BackdeskError):
    """The configuration cannot be used."""


class MailboxError(BackdeskError):
    """The mail server refused, or said something that cannot be right."""


class MailboxAway(MailboxError, Temporary):
    """The mail server is away, too slow, or broke the connection."""


class MailError(BackdeskError):
    """This one mail cannot be read; it is kept and set aside."""


class LimitExceeded(MailError):
    """This mail exceeds a named limit.

    Attributes:
        limit: the limit's name as in the configuration (`depth`, `parts`, `cpu_s`, ...).
    """

    def __init__(self, limit: str, detail: str = "") -> None:
        self.limit = limit
        super().__init__(f"limit {limit} exceeded" + (f": {detail}" if detail else ""))


class Stopping(BackdeskError):
    """The service is stopping; what is not in hand yet is left for the next start."""


class StoreError(BackdeskError):
    """The store refused."""


class StoreBusy(StoreError, Temporary):
    """The store is locked by another process, or its disk is full."""


class LeaseLost(StoreError):
    """Another holder took the lease over; what was in hand is dropped unwritten."""


class LeaseHeld(BackdeskError):
    """Another process holds the lease.

    Attributes:
        lease: name of the lease, holder: who holds it (`host pid command`).
    """

    def __init__(self, lease: str, holder: str) -> None:
        self.lease, self.holder = lease, holder
        super().__init__(f"{lease} is in use by {holder}")


class DeliveryError(BackdeskError):
    """The relay refused a mail for good."""


class DeliveryDeferred(DeliveryError, Temporary):
    """The relay is away, or asked to come back later."""


class ModelError(BackdeskError):
    """There is no valid model; mail goes to people unsorted."""
