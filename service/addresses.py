"""Which address a request comes from, also behind proxies."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# One client has a whole /64 of IPv6 (RFC 6177), so addresses in it are not told apart.
IPV6_BITS = 64


def read_networks(text: str) -> tuple[Network, ...]:
    """The networks in a text such as `127.0.0.1, 10.0.0.0/8`; raises ValueError for another."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"it must be addresses and networks like '127.0.0.1, 10.0.0.0/8': {error}") from None


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address of the client: of the connection's other end, or of whom trusted proxies say they speak for.

    forwarded: the X-Forwarded-For headers, in order; each proxy adds on the right whom it was called by, so all that
    is left of the first address that is not trusted may be made up. IPv6 becomes its network of 64 bits.
    """
    address = _parsed(peer)
    if address is None:
        return peer
    hops = ",".join(forwarded).split(",")
    while _is_in(address, trusted) and hops:
        before = _parsed(hops.pop())
        if before is None:
            break  # such as "unknown"; the proxy stands for it
        address = before
    return _shown(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:80`, `::1` or `[::1]:80`; None for anything else."""
    text = re.sub(r"^\[(.*)\](:\d+)?$|^([^:]*):\d+$", r"\1\3", text.strip())
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _shown(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), IPV6_BITS), strict=False))
