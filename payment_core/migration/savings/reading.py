"""Reads what a simulation needs from an export."""

from contextlib import aclosing

from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.reading import read
from payment_core.migration.export.records import Malformed
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.savings.gathering import Gathering

KINDS = (Kind.CHARGES, Kind.PAYOUTS, Kind.BALANCE_TRANSACTIONS)
"""In this order: a balance transaction asks how its charge was paid. None of them has numbers, so no key is needed."""


async def gather(export: Export) -> tuple[Gathering, int]:
    """The sums of an export, and how many of its records are none. Raises ExportError."""
    gathering, unread = Gathering(), 0
    for kind in KINDS:
        async with aclosing(read(export, kind)) as records:
            async for record in records:
                if isinstance(record, Malformed):
                    unread += 1
                elif isinstance(record.body, Charge):
                    gathering.charge(record.body)
                elif isinstance(record.body, BalanceTransaction):
                    gathering.balance_transaction(record.body)
                elif isinstance(record.body, Payout):
                    gathering.payout(record.body)
    return gathering, unread
