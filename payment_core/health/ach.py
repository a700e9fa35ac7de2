"""Builds a NACHA file of one batch with the bank's own terms, reads it back strictly, and throws it away."""

import asyncio
import re
from collections.abc import Callable

from config.ach import Ach
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.outgoing.assembling import assemble
from payment_core.ach.files.outgoing.planning import plan_entry
from payment_core.ach.files.terms import odfi_id_of, schedule_of
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import read
from payment_core.clock import Clock
from payment_core.health.checking import Checked
from payment_core.operations.call import Call

AMOUNT_CENTS = 100
_ACCOUNT = "health"
_NUMBER = "000000001"
"""Of an account that nobody has; the file never leaves the process."""
_SEQUENCE = 1


class AchCheck:
    """A dry build: no trace number is taken, nothing is stored or sent."""

    def __init__(self, ach: Ach, clock: Clock, build: Callable[..., bytes] | None = None) -> None:
        self._ach = ach
        self._clock = clock
        self._build = _built if build is None else build

    async def __call__(self, _call: Call) -> Checked:
        """Build and read back, beside the loop."""
        return await asyncio.to_thread(self._look, self._clock.now_ms())

    def _look(self, now_ms: int) -> Checked:
        content = self._build(self._ach, now_ms)
        reading = read(content, Profile.STRICT)
        found = tuple(
            f"line {problem.line} {problem.field}: {problem.code.value}, {problem.message}"
            for problem in reading.errors
        )
        control = reading.file.control
        if not found and (control.credit_cents < AMOUNT_CENTS or control.batch_count != 1):
            found = (f"the file says {control.batch_count} batches and {control.credit_cents} cents of credits",)
        if found:
            return Checked(status="unhealthy", detail=f"a file of one batch is not valid: {found[0]}", findings=found)
        year, month, day = re.findall("..", reading.file.batches[0].header.effective_date)
        effective = f"effective 20{year}-{month}-{day}"
        return Checked(status="healthy", detail=f"a file of one batch is valid, {len(content)} bytes, {effective}")


def _built(ach: Ach, now_ms: int) -> bytes:
    """The bytes, made by what makes every file. Raises AchError when they would break a rule."""
    plan = plan_entry(now_ms, "credit", AMOUNT_CENTS, "CCD", schedule_of(ach), same_day=False)
    entry = AchEntry(
        id="health",
        direction="credit",
        sec="CCD",
        purpose="payout",
        subject_id="health",
        bank_account_id=_ACCOUNT,
        bank_token=_ACCOUNT,
        routing_number=ach.odfi.routing_number,
        account_type="checking",
        amount_cents=AMOUNT_CENTS,
        individual_id="HEALTH",
        individual_name="HEALTH CHECK",
        description=ach.company.payout_description,
        not_before_ms=now_ms,
        trace_number=f"{odfi_id_of(ach)}{_SEQUENCE:07}",
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    file = AchFile(
        id="health",
        odfi_routing_number=ach.odfi.routing_number,
        modifier="A",
        made_at_ms=now_ms,
        effective_on=plan.effective_on,
        same_day=plan.same_day,
        submit_by_ms=plan.submit_by_ms,
        settles_at_ms=plan.settles_at_ms,
        offset_sequence=_SEQUENCE + 1,
        batch_count=1,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    numbers = {_ACCOUNT: _NUMBER}
    if ach.files.offset is not None:
        numbers[ach.files.offset.account_token] = _NUMBER
    return assemble(file, [entry], numbers, ach).content
