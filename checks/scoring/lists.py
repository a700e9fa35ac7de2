"""Block and allow lists that are looked up for every request and changed while the process runs."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from operator import attrgetter
from typing import Any, Literal

import msgspec

from checks.facts import Fact, PaymentRequested, PayoutRequested

ListName = Literal["block", "allow", "review", "stricter"]
ListKind = Literal["card", "bank_account", "email", "ip", "device", "customer", "provider", "bin", "rail"]
ENTRIES_MAX = 1_000_000
"""About 300 MiB; a longer list is a rule that nobody wrote."""

_MAPPED_BITS = 96
"""Of an IPv4 address in IPv6 form (::ffff:203.0.113.7), what comes before it (RFC 4291, 2.5.5.2)."""

_Network = tuple[int, int]
"""Version (4 or 6) and prefix length."""

_FIELDS: dict[type[Fact], tuple[tuple[ListKind, str], ...]] = {
    PaymentRequested: (
        ("card", "method_fingerprint"),
        ("bank_account", "method_fingerprint"),
        ("email", "email_hash"),
        ("ip", "ip"),
        ("device", "device_id"),
        ("customer", "customer_id"),
        ("provider", "provider_id"),
        ("bin", "bin"),
        ("rail", "rail"),
    ),
    PayoutRequested: (
        ("card", "method_fingerprint"),
        ("bank_account", "method_fingerprint"),
        ("email", "email_hash"),
        ("ip", "ip"),
        ("device", "device_id"),
        ("provider", "provider_id"),
        ("rail", "rail"),
    ),
}


class BadEntry(Exception):
    """The list entry cannot be used. what: what is wrong. fix: what to write instead."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix


class ListEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One value on a list: who put it there, why, and until when.

    block: refused whatever the score. allow: at worst reviewed. review: at least reviewed. stricter: decided as if the
    score had ``points`` more, at worst refused; the score itself stays what was measured.
    value: a fingerprint, a keyed hash, an id, a card's first six digits, a rail, or an IP address or network (CIDR).
    expires_at_ms: excluded.
    """

    list: ListName
    kind: ListKind
    value: str
    reason: str
    author: str
    expires_at_ms: int
    added_at_ms: int = 0
    points: int = 0

    @property
    def name(self) -> str:
        """What a reason calls the entry: list and kind, never the value."""
        return f"{self.list}_list_{self.kind}"


class Lists:
    """All entries by list, kind and value; an address is looked up once for each length of network that is listed.

    Adding the same value again replaces the entry. Expired entries are never hit; ``expire`` takes them out.
    """

    def __init__(self, entries: Iterable[ListEntry] = ()) -> None:
        self._exact: dict[tuple[ListKind, str], dict[ListName, ListEntry]] = {}
        self._networks: dict[_Network, dict[int, dict[ListName, ListEntry]]] = {}
        self._count = 0
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ListEntry]:
        for by_list in self._exact.values():
            yield from by_list.values()
        for networks in self._networks.values():
            for by_list in networks.values():
                yield from by_list.values()

    def add(self, entry: ListEntry) -> None:
        """Put an entry on its list; raises BadEntry."""
        if not entry.author.strip() or not entry.reason.strip():
            raise BadEntry("the entry does not say who or why", "give both author and reason")
        if not entry.value.strip():
            raise BadEntry("the entry has no value", f"give the {entry.kind}")
        place = self._place(entry.kind, entry.value, create=True)
        if entry.list not in place:
            if self._count >= ENTRIES_MAX:
                raise BadEntry(f"the lists hold {ENTRIES_MAX} entries", "remove some, or write a rule")
            self._count += 1
        place[entry.list] = entry

    def remove(self, name: ListName, kind: ListKind, value: str) -> bool:
        """Take an entry off its list; returns whether it was there. Raises BadEntry when the value is no address."""
        if self._place(kind, value, create=False).pop(name, None) is None:
            return False
        self._count -= 1
        self._tidy(kind, value)
        return True

    def expire(self, now_ms: int) -> tuple[ListEntry, ...]:
        """Take out and return the entries whose time is over."""
        over = tuple(entry for entry in self if entry.expires_at_ms <= now_ms)
        for entry in over:
            self.remove(entry.list, entry.kind, entry.value)
        return over

    def lookup(self, fact: Fact, now_ms: int) -> tuple[ListEntry, ...]:
        """The live entries that the request hits; an address that cannot be read hits none."""
        if not self._count:
            return ()
        found: list[ListEntry] = []
        exact = self._exact
        for kind, read in _READERS.get(type(fact), ()):
            value = read(fact)
            if not value:
                continue
            if kind == "ip":
                if self._networks:
                    self._find_networks(value, now_ms, found)
            elif (kind, value) in exact:
                found.extend(entry for entry in exact[kind, value].values() if entry.expires_at_ms > now_ms)
        return tuple(found)

    def _find_networks(self, value: str, now_ms: int, found: list[ListEntry]) -> None:
        try:
            address = ip_address(value)
        except ValueError:
            return
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        number, bits, version = int(address), address.max_prefixlen, address.version
        for (listed_version, length), networks in self._networks.items():
            if listed_version == version:
                hit = networks.get(number >> (bits - length))
                if hit:
                    found.extend(entry for entry in hit.values() if entry.expires_at_ms > now_ms)

    def _place(self, kind: ListKind, value: str, *, create: bool) -> dict[ListName, ListEntry]:
        if kind != "ip":
            return self._exact.setdefault((kind, value), {}) if create else self._exact.get((kind, value), {})
        network = network_of(value)
        same_length = (network.version, network.prefixlen)
        number = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        if create:
            return self._networks.setdefault(same_length, {}).setdefault(number, {})
        return self._networks.get(same_length, {}).get(number, {})

    def _tidy(self, kind: ListKind, value: str) -> None:
        """Drop what became empty, so that memory and lookups shrink with the list."""
        if self._place(kind, value, create=False):
            return
        if kind != "ip":
            self._exact.pop((kind, value), None)
            return
        network = network_of(value)
        same_length = (network.version, network.prefixlen)
        networks = self._networks.get(same_length, {})
        networks.pop(int(network.network_address) >> (network.max_prefixlen - network.prefixlen), None)
        if not networks:
            self._networks.pop(same_length, None)


def network_of(value: str) -> IPv4Network | IPv6Network:
    """An address or a network in CIDR form; raises BadEntry, also for a network that would block everybody."""
    try:
        network = ip_network(value)
    except ValueError as error:
        fix = "write an address or a network, such as 203.0.113.7 or 203.0.113.0/24"
        raise BadEntry(f"{value!r:.60} is no IP address or network ({error})", fix) from None
    if network.prefixlen == 0:
        raise BadEntry(f"{value} is every address there is", "write a network that is not the whole internet")
    if isinstance(network, IPv6Network) and network.prefixlen > _MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            # Lookups take an IPv4 address in IPv6 form for what it is.
            return IPv4Network((int(mapped), network.prefixlen - _MAPPED_BITS))
    return network


_READERS: dict[type[Fact], tuple[tuple[ListKind, Any], ...]] = {
    kind: tuple((name, attrgetter(field)) for name, field in fields) for kind, fields in _FIELDS.items()
}
