"""Measures what the process uses and shares it out among its payments; priced by the sheet in force."""

from collections.abc import Callable

import msgspec

from config.prices import Prices, PriceSheet
from payment_core.costs.model import Cost

INTERVAL_MS = 10_000
"""What was used in one interval is shared among the payments of the next: short enough to follow the load."""


class Usage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the process used since it started. compute_ms: of processor time, of all its threads."""

    payments: int = 0
    kms_requests: int = 0
    dynamodb_write_units: int = 0
    dynamodb_read_units: int = 0
    queue_requests: int = 0
    compute_ms: int = 0


class CostMeter:
    """Prices captures. read_usage: the totals of the process as they are now.

    Until the first interval has ended, the share is over everything since the start, the payment that is priced
    included. An interval without payments leaves the share as it was: what an idle process uses belongs to the fixed
    bill, not to the next payment.
    """

    def __init__(self, prices: Prices, read_usage: Callable[[], Usage], now_ms: int) -> None:
        self._prices = prices
        self._read_usage = read_usage
        self._since = read_usage()
        self._until_ms = now_ms + INTERVAL_MS
        self._sheet = prices.at(now_ms)
        self._share = Cost()

    def capture_cost(self, rail: str, amount_cents: int, now_ms: int) -> Cost:
        """What a capture of this amount costs, in millionths of a cent."""
        is_first = self._share.sheet == ""
        if now_ms >= self._until_ms or is_first:
            self._measure(now_ms, at_least=int(is_first))
        sheet, share = self._sheet, self._share
        return Cost(
            rail=sheet.pay_in(rail).microcents(amount_cents),
            kms=share.kms,
            dynamodb=share.dynamodb,
            queue=share.queue,
            compute=share.compute,
            baseline=sheet.baseline.microcents(amount_cents),
            sheet=sheet.effective_from.isoformat(),
            baseline_name=sheet.baseline.name,
        )

    def _measure(self, now_ms: int, at_least: int) -> None:
        """Price what was used since the interval began, for each payment in it. at_least: payments, for the first."""
        usage = self._read_usage()
        payments = max(at_least, usage.payments - self._since.payments)
        self._sheet = self._prices.at(now_ms)
        if payments > 0:
            self._share = _share(self._sheet, self._since, usage, payments)
        if now_ms >= self._until_ms:
            self._since, self._until_ms = usage, now_ms + INTERVAL_MS


def _share(sheet: PriceSheet, before: Usage, after: Usage, payments: int) -> Cost:
    def each(used: int) -> int:
        return -(-used * 1000 // payments)

    writes = sheet.dynamodb_write_unit.microcents(each(after.dynamodb_write_units - before.dynamodb_write_units))
    reads = sheet.dynamodb_read_unit.microcents(each(after.dynamodb_read_units - before.dynamodb_read_units))
    return Cost(
        kms=sheet.kms_request.microcents(each(after.kms_requests - before.kms_requests)),
        dynamodb=writes + reads,
        queue=sheet.queue_request.microcents(each(after.queue_requests - before.queue_requests)),
        # Milliseconds are thousandths of the second that has a price.
        compute=sheet.compute_second.microcents(-(-(after.compute_ms - before.compute_ms) // payments)),
        sheet=sheet.effective_from.isoformat(),
    )
