"""Who asks: the other end of a connection, or the client that a trusted proxy names."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+")
_MOST_HOPS = 20
_SITE_BITS = 64  # of an IPv6 address; the rest is one customer's own to choose

Address = IPv4Address | IPv6Address


class Proxies:
    """Knows whose word on a client's address is believed.

    Args:
        networks: addresses and networks of reverse proxies.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(map(ip_network, networks))

    def may_enter(self, peer: str) -> bool:
        """Tell whether a connection is served: from this machine, or from a proxy."""
        address = _address(peer)
        return address is not None and (address.is_loopback or self._trusts(address))

    def client_of(self, peer: str, forwarded: Sequence[str]) -> str:
        """Return the address of the client.

        Args:
            peer: the other end of the connection.
            forwarded: the values of X-Forwarded-For. Only what a trusted proxy has added is
                believed: from the right, up to the first address that is none of the proxies.
        """
        found = _address(peer)
        hops = ",".join(forwarded).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]
        while found is not None and self._trusts(found) and hops:
            nearer = _address(hops.pop())
            if nearer is None:
                break
            found = nearer
        return peer if found is None else str(found)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def is_here(client: str) -> bool:
    """Tell whether a client is a program on this machine."""
    address = _address(client)
    return address is not None and address.is_loopback


def site_of(client: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 address."""
    address = _address(client)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _SITE_BITS), strict=False))
    return client


def _address(text: str) -> Address | None:
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2] or "") if found else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
