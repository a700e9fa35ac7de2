"""Steps that ask the rules, the prices and the files: security, savings, performance, customers, backups."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from checks.findings import State
from checks.readings import Reading
from config.prices import Prices
from config.rules.rule_file import Rule
from daemon.deployments.core_checks import LEDGER_AGE_SECONDS, LedgerStatus
from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import OnlyLooks, failed, passed, waiting
from remediation.journal.verify import verify
from remediation.ports import Clock

Readings = Callable[[], Sequence[Reading]]
"""What every rule says of every key now."""
NAMED_MAX = 3


class Quiet(OnlyLooks):
    """No rule of these families is breached for the step's environment. words: what it is about.

    of_release: whether a rule has to name the environment or the version; a page about something else is no verdict
    on a release. Without it, rules about all of the system count too. expected: rules that have data when all is well,
    so that without any reading nothing is known; one that is fed by findings alone is silent then, and passes.
    """

    def __init__(
        self,
        readings: Readings,
        families: Sequence[str],
        words: str,
        *,
        of_release: bool = False,
        expected: Callable[[], Sequence[Rule]] = tuple,
    ) -> None:
        self._readings = readings
        self._families = frozenset(families)
        self._words = words
        self._of_release = of_release
        self._expected = expected

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork; a rule in shadow mode is told of by its own finding and counts for nothing here.

        Held where a rule of these families should have data, and not one of them has any.
        """
        del key
        about = [one for one in self._readings() if one.family in self._families and self._is_about(one, context)]
        red = [one for one in about if one.state is State.BREACHED and one.mode == "enforce"]
        if red:
            shown = "; ".join(f"{one.rule_id} {one.shown} (limit {one.breach})" for one in red[:NAMED_MAX])
            return failed(f"{self._words}: {len(red)} rules are breached: {shown}")
        if not any(one.state is not State.NO_DATA for one in about):
            silent = sorted(rule.id for rule in self._expected() if rule.family in self._families)
            if silent:
                named = ", ".join(silent[:NAMED_MAX])
                detail = f"{self._words}: no reading of {named}, which has data when all is well"
                return StepReport(finding=StepFinding.HELD, detail=detail)
            return passed(f"{self._words}: no finding was told, and no rule about it has data when all is well")
        seen = sum(one.samples for one in about if one.state is State.CLEARED)
        return passed(f"{self._words}: none of {len(about)} readings is beyond its limit, {seen} facts behind them")

    def _is_about(self, reading: Reading, context: StepContext) -> bool:
        if self._of_release and not {"environment", "version"} & reading.key.keys():
            return False
        arguments = context.step.arguments
        place = {
            "region": context.step.region,
            "environment": arguments["environment"],
            "version": arguments["version"],
        }
        return all(reading.key.get(name, "") in {"", value} for name, value in place.items())


class Baseline(OnlyLooks):
    """There is a named price that savings are held against, and the rules about savings are quiet."""

    def __init__(self, prices: Prices, quiet: Quiet, clock: Clock) -> None:
        self._prices = prices
        self._quiet = quiet
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        baseline = self._prices.at(self._clock.now_ms()).baseline
        report = await self._quiet.perform(context, key)
        return StepReport(finding=report.finding, detail=f"baseline {baseline.name}; {report.detail}")


class Readable(OnlyLooks):
    """What a restore would need: the journal reads back whole, and the ledger was verified lately.

    A copy that lies elsewhere is not looked at: nothing tells the daemon where one would be.
    """

    def __init__(self, journal: Path, ledger: Callable[[], LedgerStatus | None], clock: Clock) -> None:
        self._journal = journal
        self._ledger = ledger
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del context, key
        found = await asyncio.to_thread(verify, self._journal)
        if found.first_bad is not None:
            return failed(f"entry {found.first_bad} of the journal is not as it was written: {found.what}")
        status = self._ledger()
        if status is None:
            return waiting("the ledger was never verified")
        age_seconds = (self._clock.now_ms() - status.checked_at_ms) / 1000
        if age_seconds > LEDGER_AGE_SECONDS:
            return waiting(f"the ledger was verified {age_seconds:.0f} s ago, {LEDGER_AGE_SECONDS:g} are allowed")
        return passed(
            f"all {found.entries} entries of the journal read back, the ledger was verified {age_seconds:.0f} s ago; "
            "copies elsewhere are not looked at"
        )
