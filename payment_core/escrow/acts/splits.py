"""Takes cents from an escrow's payments in their order, and works out what a refund of them is to the payer."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from payment_core.escrow.model import Source


def take(
    sources: Sequence[Source], amount_cents: int, what: Literal["released_cents", "refunded_cents"]
) -> tuple[tuple[Source, ...], tuple[tuple[Source, int], ...]]:
    """Take the amount from the sources in their order.

    Gives all sources afterwards, and those that gave something with how much. The caller made sure that they hold it.
    """
    left = amount_cents
    after: list[Source] = []
    taken: list[tuple[Source, int]] = []
    for source in sources:
        part = min(left, source.held_cents)
        left -= part
        if part > 0:
            taken.append((source, part))
            after.append(msgspec.structs.replace(source, **{what: getattr(source, what) + part}))
        else:
            after.append(source)
    return tuple(after), tuple(taken)


def gross_refund_cents(net_cents: int, most_cents: int, fee_share: Callable[[int], int]) -> int:
    """The largest refund to the payer, at most most_cents, that costs the provider no more than net_cents.

    fee_share: what the platform gives back of its fee for a refund of so much. The largest one, so that the parts of a
    wholly escrowed payment refund exactly the whole payment.
    """
    least, most = 0, most_cents
    while least < most:
        gross = (least + most + 1) // 2
        if gross - fee_share(gross) <= net_cents:
            least = gross
        else:
            most = gross - 1
    return least
