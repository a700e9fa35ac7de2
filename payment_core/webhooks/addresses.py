"""Which network addresses a webhook may be sent to: public ones, and nothing that could reach our own network."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORBIDDEN_IPV4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # "this network" (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598), also metadata of some clouds
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent, public by its looks
        "169.254.0.0/16",  # link-local, with the metadata services 169.254.169.254 and 169.254.170.2
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocols, also metadata of some clouds
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relay anycast of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with broadcast
    )
)
"""IANA IPv4 Special-Purpose Address Registry, and what clouds put elsewhere."""

_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
"""The only block of IPv6 that holds public unicast addresses: mapped (::ffff:0:0/96), translated (64:ff9b::/96),
private, link-local and multicast ones all lie outside it."""

_FORBIDDEN_IPV6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocols, with Teredo, which carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: Address) -> bool:
    """Whether the address is one of the public internet, and carries no other inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in _FORBIDDEN_IPV4)
    if address.scope_id is not None or address not in _GLOBAL_IPV6:
        return False
    return not any(address in block for block in _FORBIDDEN_IPV6)
