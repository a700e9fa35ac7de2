"""Holds the newest payments of each release against the rail, and finds those that stay without an outcome."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.answers import Answer, ok
from payment_core.clock import Clock
from payment_core.operations.call import Call
from payment_core.payments.model import Doubt, Payment
from payment_core.payments.rail.creating import OUR_DECLINES
from payment_core.payments.states import PaymentStatus
from payment_core.store.port import LedgerStore
from payment_core.store.records import Due, Listing
from payment_core.store.walking import every

PAGE = 100
LOOKED_THROUGH_MAX = 1_000
"""So many of the newest payments are looked through for those of each release: five seconds of 200 a second."""
EACH_MAX = 50
"""Payments of one release that the rail is asked about; a look every 15 seconds asks it 3 times a second."""
STUCK_MAX = 1_000
"""Payments whose lease has ended that are looked through for stuck ones; in a minute of 20 a second all would be."""
ASKED_AT_ONCE = 10
ASK_SECONDS = 2.0
"""A rail that needs longer has not answered: unknown, as for everybody else."""
SETTLED_AFTER_MS = 60_000
"""What a rail has decided is in the record within the lease and one look of the recovery; later it is unknown."""

_TOOK = frozenset(
    {
        PaymentStatus.REQUIRES_CAPTURE,
        PaymentStatus.CAPTURING,
        PaymentStatus.CANCELING,
        PaymentStatus.EXPIRING,
        PaymentStatus.SUCCEEDED,
        PaymentStatus.CANCELED,
    }
)
"""The rail has approved these; what was held and then canceled it never saw."""


class Agreement(StrEnum):
    """What record and rail come to. apart: the rail was never asked, or the payment is under way."""

    SAME = "same"
    UNKNOWN = "unknown"
    MISMATCHED = "mismatched"
    APART = "apart"


class Rail(Protocol):
    """Answers what became of an instruction."""

    async def status(self, reference: str) -> RailAnswer:
        """UNKNOWN while undecided, NOT_FOUND when it was never seen."""
        ...


class ReleaseReconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """One release. example: the first payment that is mismatched, or unknown when none is; empty when all agree."""

    environment: str
    version: str
    region: str
    examined: int
    unknown: int
    mismatched: int
    example: str


class ReconciliationView(msgspec.Struct, frozen=True, kw_only=True):
    """Every release among the newest payments, the newest first, then those of which only stuck ones are left."""

    object: Literal["reconciliation"] = "reconciliation"
    releases: list[ReleaseReconciliation]


def agreement(payment: Payment, rail: Verdict, now_ms: int) -> Agreement:
    """What a payment's record and the rail's verdict on its authorization or purchase come to.

    An issuer's refusal and a failure both mean that no money moved, so they do not contradict each other.
    """
    if payment.status is PaymentStatus.PROCESSING:
        return Agreement.UNKNOWN if _is_stuck(payment, now_ms) else Agreement.APART
    if payment.status in _TOOK:
        if rail is Verdict.APPROVED:
            return Agreement.SAME
        if rail is Verdict.UNKNOWN:
            return Agreement.UNKNOWN
        never_sent = payment.status is PaymentStatus.CANCELED and rail is Verdict.NOT_FOUND
        return Agreement.APART if never_sent else Agreement.MISMATCHED
    if rail is Verdict.APPROVED:
        return Agreement.MISMATCHED
    return Agreement.UNKNOWN if rail is Verdict.UNKNOWN else Agreement.SAME


class Reconciliation:
    """Asks the rail; a payment that carries a doubt, or was given back for one, is nobody's mismatch."""

    def __init__(self, store: LedgerStore, rail: Rail, clock: Clock) -> None:
        self._store = store
        self._rail = rail
        self._clock = clock

    async def answer(self, _call: Call, _body: None) -> Answer:
        """Look now."""
        return ok(ReconciliationView(releases=await self.look()))

    async def look(self) -> list[ReleaseReconciliation]:
        """Each release among the newest payments and the stuck ones."""
        stuck = await self._stuck()
        stuck_ids = {payment.id for payment in stuck}
        newest = _by_release([one for one in await self._newest() if one.id not in stuck_ids], EACH_MAX)
        stuck_of = _by_release(stuck, STUCK_MAX)
        turn = asyncio.Semaphore(ASKED_AT_ONCE)
        found = []
        for release in [*newest, *(one for one in stuck_of if one not in newest)]:
            asked, unanswered = newest.get(release, []), stuck_of.get(release, [])
            agreements = await asyncio.gather(*(self._of(payment, turn) for payment in asked))
            # What the rail says of a stuck one changes nothing, so it is not asked.
            agreements += [Agreement.UNKNOWN] * len(unanswered)
            found.append(_summed(*release, [*asked, *unanswered], agreements))
        return found

    async def _stuck(self) -> list[Payment]:
        """Those under way for too long, however many came after them; the longest abandoned first."""
        now_ms = self._clock.now_ms()
        due = await self._store.query(Due(Payment, now_ms, STUCK_MAX))
        return [payment for payment in due if _is_stuck(payment, now_ms)]

    async def _newest(self) -> list[Payment]:
        newest = Listing(Payment, limit=PAGE, order="descending")
        return [payment async for payment in every(self._store, newest, LOOKED_THROUGH_MAX)]

    async def _of(self, payment: Payment, turn: asyncio.Semaphore) -> Agreement:
        async with turn:
            found = agreement(payment, await self._ask(payment.id), self._clock.now_ms())
            if found is Agreement.MISMATCHED and payment.status is PaymentStatus.FAILED:
                return await self._doubted(payment)
        return found

    async def _doubted(self, payment: Payment) -> Agreement:
        """The rail took what failed here: unknown while it is about to be given back, the same once it was."""
        if await self._store.read(Doubt, payment.id) is not None:
            return Agreement.UNKNOWN
        given_back = await self._ask(f"{payment.id}:stray")
        return Agreement.SAME if given_back is Verdict.APPROVED else Agreement.MISMATCHED

    async def _ask(self, reference: str) -> Verdict:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return (await self._rail.status(reference)).verdict
        except TimeoutError:
            return Verdict.UNKNOWN


def _is_stuck(payment: Payment, now_ms: int) -> bool:
    return payment.status is PaymentStatus.PROCESSING and now_ms - payment.updated_at_ms > SETTLED_AFTER_MS


def _by_release(payments: Sequence[Payment], each_max: int) -> dict[tuple[str, str, str], list[Payment]]:
    """The first that an acquirer was asked about, by release, each up to its limit."""
    found: dict[tuple[str, str, str], list[Payment]] = {}
    for payment in payments:
        if not _went_to_the_rail(payment):
            continue
        known = found.setdefault((payment.environment, payment.release, payment.region), [])
        if len(known) < each_max:
            known.append(payment)
    return found


def _went_to_the_rail(payment: Payment) -> bool:
    """Not: what waits, what a person reviews first, what the fraud score stopped, what an ACH file carries, probes."""
    waits = payment.status in {PaymentStatus.HELD, PaymentStatus.REQUIRES_REVIEW}
    carried = payment.ach_entry_id != "" or (payment.rail == "ach" and payment.status is PaymentStatus.FAILED)
    return not waits and not carried and payment.decline_code not in OUR_DECLINES and payment.purpose == ""


def _summed(
    environment: str, version: str, region: str, payments: Sequence[Payment], agreements: Sequence[Agreement]
) -> ReleaseReconciliation:
    by_kind = {kind: [one for one, got in zip(payments, agreements, strict=True) if got is kind] for kind in Agreement}
    bad = [*by_kind[Agreement.MISMATCHED], *by_kind[Agreement.UNKNOWN]]
    return ReleaseReconciliation(
        environment=environment,
        version=version,
        region=region,
        examined=len(payments) - len(by_kind[Agreement.APART]),
        unknown=len(by_kind[Agreement.UNKNOWN]),
        mismatched=len(by_kind[Agreement.MISMATCHED]),
        example=bad[0].id if bad else "",
    )
