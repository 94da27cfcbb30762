"""The errors of the webhooks."""

from daemon.errors import DeliveryError


class ServerAway(DeliveryError):
    """The server cannot be reached, or does not answer in time."""
