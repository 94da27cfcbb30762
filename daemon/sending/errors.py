"""What can go wrong between us and a relay; the messages hold no address and no relay's words."""

from daemon.errors import DeliveryDeferred, DeliveryError


class _Answered(DeliveryError):
    def __init__(self, step: str, code: int = 0, reply: str = "") -> None:
        self.step, self.code, self.reply = step, code, reply
        super().__init__(f"{step}: {code or 'no answer'}")

    @property
    def said(self) -> str:
        """The step and the relay's answer, in one line for people."""
        return f"{self.step}: {self.code or ''} {self.reply}".replace("  ", " ").strip()


class Refused(_Answered):
    """The relay refused this mail for good.

    Attributes:
        step: `RCPT`, `DOT`, ...; code: the relay's, 0 when it gave none; reply: its words.
    """


class Deferred(_Answered, DeliveryDeferred):
    """The relay asked to bring this mail again later; attributes as in `Refused`."""


class RelayAway(Deferred):
    """The relay takes no mail now, whichever it is: away, overloaded, or no login."""


class Doubtful(Deferred):
    """The relay did not take this mail, and does not say whether it would take another."""


class OutcomeUnknown(Deferred):
    """The final dot was sent and no answer came: the relay may have the mail."""


class NotOurs(DeliveryError):
    """The row was held or taken over while its mail was being sent; the dot was not sent."""
