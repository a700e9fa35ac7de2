"""Places in a sequence that has no single order: how far a reader is in each shard."""

from payment_core.store.dynamodb.errors import PlaceUnreadable
from payment_core.store.dynamodb.layout import TableKey, event_key

SHARD_BITS = 48
"""Bits of one shard's position in a number: 40 for 12 digits of its sequence, 8 for a place in its transaction."""

_MARK = "@"
_BETWEEN = "_"
"""Not a hyphen: digits between hyphens may by chance read as a card number, and are refused as one."""


def number_of(positions: list[int]) -> int:
    """Positions in all shards as one number, which grows with each of them; more than 64 bits with two shards."""
    number = 0
    for shard, position in enumerate(positions):
        number |= position << (shard * SHARD_BITS)
    return number


def positions_of(number: int, shards: int) -> list[int]:
    """The positions of such a number."""
    return [(number >> (shard * SHARD_BITS)) & ((1 << SHARD_BITS) - 1) for shard in range(shards)]


def place_of(shard: int, sequence: int, positions: list[int] | None) -> str:
    """The place of an event: its own key, and where a reader is that read everything up to it."""
    own = f"{shard}.{sequence}"
    return own if positions is None else f"{own}{_MARK}{_BETWEEN.join(map(str, positions))}"


def key_of_place(place: str) -> TableKey:
    """The key of the event at a place; raises PlaceUnreadable."""
    shard, dot, sequence = place.partition(_MARK)[0].partition(".")
    if not (dot and shard.isascii() and shard.isdecimal() and sequence.isascii() and sequence.isdecimal()):
        raise PlaceUnreadable(repr(place[:80]))
    return event_key(int(shard), int(sequence))


def positions_at(place: str, shards: int) -> list[int]:
    """How far a reader at this place is in each shard; raises PlaceUnreadable for another store's place."""
    if place == "":
        return [0] * shards
    key_of_place(place)
    _, _, positions = place.partition(_MARK)
    numbers = positions.split(_BETWEEN)
    if len(numbers) != shards or not all(number.isascii() and number.isdecimal() for number in numbers):
        raise PlaceUnreadable(repr(place[:80]))
    return [int(number) for number in numbers]
