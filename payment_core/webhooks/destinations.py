"""Reads the URL of a webhook and decides which address it is sent to."""

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, assert_never
from urllib.parse import urlsplit

import msgspec

from payment_core.webhooks.addresses import Address, is_public

URL_LENGTH_MAX = 2048
HTTPS_PORT = 443
_FIRST_FREE_PORT = 1024

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_VISIBLE = re.compile(r"[\x21-\x7e]+")


class UrlFault(StrEnum):
    """Why a URL cannot be a webhook's, in order of precedence."""

    UNREADABLE = "unreadable"
    SCHEME = "scheme"
    CREDENTIALS = "credentials"
    FRAGMENT = "fragment"
    HOST = "host"
    PORT = "port"
    ADDRESS = "address"


def url_sentence(fault: UrlFault) -> str:  # noqa: PLR0911 - one sentence for each fault
    """What is wrong with the URL, and what would be right."""
    match fault:
        case UrlFault.UNREADABLE:
            return f"is no URL of at most {URL_LENGTH_MAX} visible ASCII characters"
        case UrlFault.SCHEME:
            return "has to begin with https://"
        case UrlFault.CREDENTIALS:
            return "may not hold a user name or password; verify the signature instead"
        case UrlFault.FRAGMENT:
            return "may not hold a #fragment, which is never sent"
        case UrlFault.HOST:
            return "has to name a host in ASCII (punycode), or a whole IP address in its usual form"
        case UrlFault.PORT:
            return f"has to use port {HTTPS_PORT}, or one from {_FIRST_FREE_PORT} to 65535"
        case UrlFault.ADDRESS:
            return "leads to an address that is not public"
        case _:
            assert_never(fault)


class Destination(msgspec.Struct, frozen=True):
    """A readable URL. host: lower case, an IPv6 address without brackets. target: path and query."""

    scheme: str
    host: str
    port: int
    target: str


class Resolver(Protocol):
    """Names to addresses."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Every address of the name; none when it has none. Raises OSError."""
        ...


def parse_url(url: str, *, loopback_allowed: bool = False) -> Destination | UrlFault:  # noqa: PLR0911 - one a fault
    """The URL's parts, or the first thing wrong with it. loopback_allowed: also http, to this machine; for tests."""
    if len(url) > URL_LENGTH_MAX or _VISIBLE.fullmatch(url) is None or "\\" in url:
        return UrlFault.UNREADABLE
    try:
        parts = urlsplit(url)
        port = parts.port
        host = "" if parts.hostname is None else parts.hostname.lower()
    except ValueError:
        return UrlFault.UNREADABLE
    if parts.scheme != "https" and not (loopback_allowed and parts.scheme == "http"):
        return UrlFault.SCHEME
    if "@" in parts.netloc:
        return UrlFault.CREDENTIALS
    if "#" in url:
        return UrlFault.FRAGMENT
    if not _is_host(host):
        return UrlFault.HOST
    if port is None:
        port = HTTPS_PORT if parts.scheme == "https" else 80
    elif port != HTTPS_PORT and port < _FIRST_FREE_PORT:
        return UrlFault.PORT
    address = _literal(host)
    if address is not None and not _allowed(address, loopback_allowed=loopback_allowed):
        return UrlFault.ADDRESS
    path = parts.path if parts.path != "" else "/"
    return Destination(parts.scheme, host, port, path if parts.query == "" else f"{path}?{parts.query}")


async def choose_address(
    destination: Destination, resolver: Resolver, *, loopback_allowed: bool = False
) -> Address | UrlFault:
    """The address to connect to: the first, if every one of the host's may be called. Raises OSError.

    It is resolved once, and the connection goes to what was checked: a name that answers otherwise the next moment
    (DNS rebinding) changes nothing.
    """
    literal = _literal(destination.host)
    found = await resolver.resolve(destination.host, destination.port) if literal is None else (literal,)
    if not found:
        return UrlFault.HOST
    if not all(_allowed(address, loopback_allowed=loopback_allowed) for address in found):
        return UrlFault.ADDRESS
    return found[0]


def _is_host(host: str) -> bool:
    """A name of letters, or a whole address: 127.1, 0x7f.1 and 2130706433 are names to us and addresses to others."""
    if _literal(host) is not None:
        return True
    labels = host.removesuffix(".").split(".")
    if any(_LABEL.fullmatch(label) is None for label in labels) or len(host) > 253:  # noqa: PLR2004 - RFC 1035
        return False
    return _NUMBER.fullmatch(labels[-1]) is None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _allowed(address: Address, *, loopback_allowed: bool) -> bool:
    return is_public(address) or (loopback_allowed and address.is_loopback)
