"""Routing numbers: the ABA check digit and the ranges that exist."""

from stdnum.us import rtn

ROUTING_WIDTH = 9
RDFI_WIDTH = 8

_PREFIXES = frozenset((*range(13), *range(21, 33), *range(61, 73), 80))
"""Federal Reserve districts and government (00-12), thrift (21-32), electronic (61-72), traveler's cheques (80)."""

_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7)


def is_routing_number(routing_number: str) -> bool:
    """Nine digits in an assigned range with the right check digit; 000000000 passes the checksum and is refused."""
    return (
        len(routing_number) == ROUTING_WIDTH
        and routing_number.isascii()
        and routing_number.isdigit()
        and routing_number != "0" * ROUTING_WIDTH
        and int(routing_number[:2]) in _PREFIXES
        and rtn.is_valid(routing_number)
    )


def check_digit(rdfi_id: str) -> str:
    """The ninth digit of a routing number, from its first 8 digits: what makes 3,7,1,3,7,1,3,7,1 a multiple of 10."""
    return str(-sum(int(digit) * weight for digit, weight in zip(rdfi_id, _WEIGHTS, strict=True)) % 10)


def is_institution(rdfi_id: str) -> bool:
    """Whether the text is the first 8 digits of a routing number, which is how records name an institution."""
    usable = len(rdfi_id) == RDFI_WIDTH and rdfi_id.isascii() and rdfi_id.isdigit()
    return usable and is_routing_number(rdfi_id + check_digit(rdfi_id))
