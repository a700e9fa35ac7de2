"""The sweep of escrows: funds, expires, releases, refunds and resolves them when their time has come."""

from enum import StrEnum
from typing import assert_never

import structlog

from payment_core.errors import CoreError
from payment_core.escrow.acts import marks, money
from payment_core.escrow.acts.saving import Setting, next_look_ms, set_timer
from payment_core.escrow.model import Escrow, EscrowTimer
from payment_core.escrow.ports import RefundRefused
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.flags.context import provider_context
from payment_core.flags.declared import AUTOMATED_ESCROW, Context, Gates, NormalOperation
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

log = structlog.get_logger()

BATCH = 100
"""Timers of one run; more wait for the next, so that a run has an end."""
ACTOR = "sweep:escrow_timers"

_WAITS_FOR_PEOPLE = frozenset({EscrowRefusal.CONDITIONS_NOT_SATISFIED, EscrowRefusal.APPROVALS_MISSING})
"""What the sweep need not look for: the act that changes it sets the timer again."""

_CLEARS_ELSEWHERE = frozenset({EscrowRefusal.PAYEE_NOT_ACTIVE, EscrowRefusal.PAYMENT_DISPUTED})
"""What ends without an act on the escrow, so that the sweep has to ask again."""


class Held(StrEnum):
    """Why the sweep leaves alone what it would do: ``automation_off``, until people act or it is on again."""

    AUTOMATION_OFF = "automation_off"


class Outcome(StrEnum):
    """What a look at one escrow came to."""

    ACTED = "acted"
    WAITS = "waits"


class EscrowTimers:
    """Looks at each escrow whose timer is due; everything is checked again inside its transaction.

    flags: while automated escrow is off no money leaves an escrow by the clock: it is not released, not given back and
    not divided. Escrows are still funded, and those that nobody funds expire.
    """

    def __init__(self, store: LedgerStore, setting: Setting, flags: Gates | None = None) -> None:
        self._store = store
        self._setting = setting
        self._flags = NormalOperation() if flags is None else flags

    async def run_once(self, now_ms: int) -> int:
        """Look at a batch; how many escrows changed. One that cannot be dealt with does not stop the others."""
        acted = 0
        for timer in await self._store.query(Due(EscrowTimer, now_ms, BATCH)):
            try:
                outcome = await self._look(timer.id)
            except CoreError as error:
                log.error("escrow timer failed", action="escrow_timer_failed", escrow_id=timer.id, error=str(error))
                if not error.retryable:
                    await self._postpone(timer.id)
                continue
            match outcome:
                case Outcome.ACTED:
                    acted += 1
                case Outcome.WAITS:
                    log.info("escrow timer waits", action="escrow_timer_waits", escrow_id=timer.id)
                case _:
                    assert_never(outcome)
        return acted

    async def _look(self, escrow_id: str) -> Outcome:
        def work(transaction: Transaction) -> Outcome:
            timer = transaction.get(EscrowTimer, escrow_id)
            escrow = transaction.get(Escrow, escrow_id)
            if timer is None or timer.at_ms > transaction.now_ms:
                return Outcome.WAITS
            if escrow is None:
                set_timer(transaction, escrow_id, 0)
                return Outcome.WAITS
            answer = self._due_act(transaction, escrow)
            if isinstance(answer, Escrow):
                return Outcome.ACTED
            set_timer(transaction, escrow_id, self._look_again_ms(escrow, answer, transaction.now_ms))
            return Outcome.WAITS

        try:
            return await self._store.transact(work, ACTOR)
        except RefundRefused as error:
            log.warning("escrow refund refused", action="escrow_refund_refused", escrow_id=escrow_id, error=str(error))
            await self._postpone(escrow_id)
            return Outcome.WAITS

    async def _postpone(self, escrow_id: str) -> None:
        """Look again later: what failed now must not stand before the others in every run."""

        def work(transaction: Transaction) -> None:
            set_timer(transaction, escrow_id, transaction.now_ms + self._setting.options.recheck_ms)

        await self._store.transact(work, ACTOR)

    def _due_act(self, transaction: Transaction, escrow: Escrow) -> Escrow | EscrowRefusal | Held | None:
        """Do what is due, if anything: None when nothing is."""
        now_ms, options = transaction.now_ms, self._setting.options
        if escrow.status == "created":
            funded = money.fund(transaction, self._setting, escrow)
            if isinstance(funded, EscrowRefusal) and now_ms >= escrow.created_at_ms + options.fund_within_ms:
                return marks.expire(transaction, self._setting, escrow)
            return funded
        return self._due_by_the_clock(transaction, escrow)

    def _due_by_the_clock(self, transaction: Transaction, escrow: Escrow) -> Escrow | EscrowRefusal | Held | None:
        """Move money out of an escrow whose time has come, unless nothing is to be done without people."""
        now_ms, options = transaction.now_ms, self._setting.options
        if not self._flags.enabled(AUTOMATED_ESCROW, self._context(escrow)):
            return Held.AUTOMATION_OFF
        if escrow.status == "disputed" and now_ms >= escrow.resolves_at_ms:
            to_provider = options.undecided_goes_to == "provider"
            provider_cents = escrow.held_cents if to_provider else 0
            return money.resolve(
                transaction,
                self._setting,
                escrow,
                provider_cents=provider_cents,
                payer_cents=escrow.held_cents - provider_cents,
            )
        if 0 < escrow.auto_release_at_ms <= now_ms:
            return money.release(transaction, self._setting, escrow, 0)
        if 0 < escrow.auto_refund_at_ms <= now_ms:
            return money.refund(transaction, self._setting, escrow, 0, "escrow time limit")
        return None

    def _context(self, escrow: Escrow) -> Context:
        return provider_context(self._setting.origin, escrow.provider_id, escrow.held_cents)

    def _look_again_ms(self, escrow: Escrow, refusal: EscrowRefusal | Held | None, now_ms: int) -> int:
        """When to look again after nothing could be done; 0 when an act of people has to come first."""
        if refusal in _WAITS_FOR_PEOPLE:
            return 0
        if refusal is Held.AUTOMATION_OFF or refusal in _CLEARS_ELSEWHERE:
            return now_ms + self._setting.options.recheck_ms
        next_ms = next_look_ms(escrow, now_ms, self._setting.options)
        # What is still due was refused for its status, which an act of people will change.
        return next_ms if next_ms > now_ms else 0
