"""One side of a proof: how many records, how much money of each currency, and a hash over all of them."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec


class Sum(msgspec.Struct, frozen=True, gc=False):
    """What amounts of one currency add up to, in minor units. currency: ISO 4217 in capitals."""

    currency: str
    amount: int


class Line(msgspec.Struct, frozen=True, gc=False):
    """One record on one side. name: kind and id. sha256: of everything that has to be the same on both sides.

    amount, currency: what it stands for, in minor units; no currency where it is no money.
    """

    name: str
    sha256: str
    amount: int = 0
    currency: str = ""


class Side(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """count: records. sums: by currency, in its order. sha256: over the lines in order, chained on the last batch's."""

    count: int = 0
    sums: tuple[Sum, ...] = ()
    sha256: str = ""


class Difference(msgspec.Struct, frozen=True, gc=False):
    """Where two sides differ. what: ``count``, a currency, ``hash``, or the name of a record."""

    what: str
    source: str
    target: str


def side_of(lines: Iterable[Line]) -> Side:
    """The side that these lines add up to."""
    count, sums, digest = 0, dict[str, int](), hashlib.sha256()
    for line in lines:
        count += 1
        digest.update(f"{line.name}\n{line.sha256}\n{line.amount}\n{line.currency}\n".encode())
        if line.currency != "":
            sums[line.currency] = sums.get(line.currency, 0) + line.amount
    return Side(count, tuple(Sum(currency, sums[currency]) for currency in sorted(sums)), digest.hexdigest())


def joined(before: Side, after: Side) -> Side:
    """Both one after the other: counts and sums added, hashes chained."""
    sums = {total.currency: total.amount for total in before.sums}
    for total in after.sums:
        sums[total.currency] = sums.get(total.currency, 0) + total.amount
    chained = hashlib.sha256(f"{before.sha256}{after.sha256}".encode()).hexdigest()
    kept = tuple(Sum(currency, sums[currency]) for currency in sorted(sums))
    return Side(before.count + after.count, kept, chained)


def differences(source: Iterable[Line], target: Iterable[Line | None]) -> Iterator[Difference]:
    """Where two lists of lines differ that stand for the same records in the same order; None is one not found."""
    for ours, theirs in zip(source, target, strict=True):
        if theirs is None:
            yield Difference(ours.name, _told(ours), "it is not there")
        elif ours != theirs:
            yield Difference(ours.name, _told(ours), _told(theirs))


def side_differences(source: Side, target: Side) -> Iterator[Difference]:
    """Where two sides differ, the plainest first: one row, one cent, one bit."""
    if source.count != target.count:
        yield Difference("count", str(source.count), str(target.count))
    ours = {total.currency: total.amount for total in source.sums}
    theirs = {total.currency: total.amount for total in target.sums}
    for currency in sorted({*ours, *theirs}):
        if ours.get(currency, 0) != theirs.get(currency, 0):
            yield Difference(currency, str(ours.get(currency, 0)), str(theirs.get(currency, 0)))
    if source.sha256 != target.sha256:
        yield Difference("hash", source.sha256, target.sha256)


def _told(line: Line) -> str:
    money = f"{line.amount} {line.currency}, " if line.currency != "" else ""
    return f"{money}{line.sha256[:16]}"
