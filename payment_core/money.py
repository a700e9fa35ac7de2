"""Money as the API speaks it, and the integer arithmetic of fees."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

AMOUNT_CENTS_MAX = 99_999_999
"""$999,999.99: the largest single card charge the peers accept; also keeps every sum far below 2**63."""

BASIS_POINTS_PER_ONE = 10_000

AmountCents = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_CENTS_MAX, description="Minor units, never a float")]
Currency = Literal["USD"]


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount the core answers with; zero is possible. amount_cents: minor units."""

    amount_cents: int
    currency: Currency = "USD"


class Charge(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An amount that a request asks for: 1 to 99,999,999 minor units."""

    amount_cents: AmountCents
    currency: Currency


def split_cents(total_cents: int, weights: Sequence[int]) -> tuple[int, ...]:
    """The total in parts by weight, which sum to it exactly: the largest remainders get the cents left over.

    Of equal remainders the earlier part's counts as larger. weights: 0 or more, not all 0. Raises ValueError otherwise.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0 or total_cents < 0:
        raise ValueError("weights are 0 or more and not all 0, the total is 0 or more")
    parts = [total_cents * weight // whole for weight in weights]
    left = total_cents - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda part: -(total_cents * weights[part] % whole))
    for part in by_remainder[:left]:
        parts[part] += 1
    return tuple(parts)


def fee_cents(amount_cents: int, basis_points: int) -> int:
    """The platform's fee on an amount: the first of the two parts that split_cents makes of it, worked out faster."""
    return (amount_cents * basis_points + BASIS_POINTS_PER_ONE // 2) // BASIS_POINTS_PER_ONE


def fee_share_cents(*, amount: int, fee: int, captured: int, refunded_after: int, fee_refunded: int) -> int:
    """The part of a captured payment's fee that a refund of this amount gives back, in cents.

    The platform returns its fee in proportion, rounded down: what is due after this refund, less what was given back
    already. So the refunds of a whole payment give back exactly the whole fee, in any number of steps, and also when
    one between them failed and took its own share out again.
    """
    return max(0, min(amount, fee * refunded_after // captured - fee_refunded))
