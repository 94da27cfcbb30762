"""Addresses -> is it one of the house: a colleague's, an account's, or of its domains; pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who works here, as far as addresses tell.

    Attributes:
        addresses: of people and accounts, in lower case.
        domains: of the house, in lower case.
        separators: what stands before a tag in addresses of the house, as in `info+x@example.org`.
    """

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    separators: str = "+"

    def has(self, email: str) -> bool:
        """Tell whether an address is of the house, with any tag (RFC 5233) and any case."""
        local, _, domain = email.strip().lower().rpartition("@")
        if domain in self.domains or f"{local}@{domain}" in self.addresses:
            return True
        tags = (at for at, sign in enumerate(local) if sign in self.separators)
        return any(f"{local[:at]}@{domain}" in self.addresses for at in tags)
