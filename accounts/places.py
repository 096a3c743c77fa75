"""The network address that a request comes from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

UNKNOWN = ""


def read(said: str) -> str:
    """The IP address in a proxy's header value, or "".

    Accepts a port, brackets, quotes and IPv4-mapped IPv6; `unknown` and obfuscated
    names are "".
    """
    text = said.strip().strip('"').strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    found = _address(text.partition("%")[0])
    return UNKNOWN if found is None else str(found)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, an IPv6 /64, or "unknown"."""
    found = _address(address or "")
    if found is None:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ip_network(f"{found}/64", strict=False))
