"""Gates of the data migration: balances, quarantine, lag and differences, from what the payment core says."""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from config.rules.slo import share
from remediation.deployment.findings import GateReading, GateState

BALANCES, QUARANTINE = "migration-balances", "migration-quarantine"
DIFFERENCES, LAG = "shadow-differences", "catch-up-lag"
SOURCE = "payment core"
LAG_MS_MAX = 1_000
"""Changes of the old processor may be so far behind."""
DONE, STOPPED = "done", "stopped"


class JobStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stands. state: the core's word, such as ``new``, ``running``, ``stopped`` or ``done``.

    read, moved, quarantined, total: records. balanced: whether both sides of all that was proved are equal; None while
    nothing was. sums: by currency, of the source, in minor units. fault: why it does not go on.
    """

    job: str
    wanted: str
    state: str
    export: str
    read: int
    moved: int
    quarantined: int
    total: int
    balanced: bool | None
    sums: tuple[tuple[str, int], ...] = ()
    fault: str = ""

    @property
    def words(self) -> str:
        """Its counts and sums as one sentence without its end."""
        money = "".join(f", {currency} {cents}" for currency, cents in self.sums)
        left = "" if self.state == DONE else f" of {self.total}"
        return f"{self.job} {self.state}: {self.read}{left} read, {self.moved} moved, {self.quarantined} apart{money}"


class MigrationStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What the payment core says of a migration. lag_ms: None while it is not known.

    equal, equal_for_ms: comparisons since the last difference. waiting: writes that the old processor was not told.
    wanting: why nobody may be cut over yet. allowed: it was all shown once. way_back: there is no point of no return.
    """

    jobs: tuple[JobStanding, ...]
    lag_ms: int | None
    equal: int
    at_least: int
    equal_for_ms: int
    stated_ms: int
    open_differences: int
    unreadable: int
    waiting: int
    wanting: tuple[str, ...]
    allowed: bool
    way_back: bool

    def job(self, name: str) -> JobStanding | None:
        """The job of this name; None when the core has none."""
        return next((one for one in self.jobs if one.job == name), None)


def migration_gates(standing: MigrationStanding | None, jobs: Sequence[str], quarantined: str) -> list[GateReading]:
    """Every gate. standing: None when the core could not be asked, which is no data. jobs: that the plan has."""
    if standing is None:
        limits = (f"at most {quarantined}", "equal", "none", f"below {LAG_MS_MAX} ms")
        names = (QUARANTINE, BALANCES, DIFFERENCES, LAG)
        return [
            _gate(name, GateState.NO_DATA, "the core does not say", limit, 0)
            for name, limit in zip(names, limits, strict=True)
        ]
    known = [one for name in jobs if (one := standing.job(name)) is not None]
    return [
        _quarantine(known, quarantined),
        _balances(known, len(jobs)),
        _differences(standing),
        _lag(standing),
    ]


def too_many_apart(job: JobStanding, quarantined: str) -> bool:
    """Whether more records could not be moved than may be. quarantined: a percentage, as it was written."""
    return job.read > 0 and Fraction(job.quarantined, job.read) > share(quarantined)


def _quarantine(jobs: Sequence[JobStanding], quarantined: str) -> GateReading:
    read = sum(one.read for one in jobs)
    apart = sum(one.quarantined for one in jobs)
    bad = [one for one in jobs if too_many_apart(one, quarantined)]
    worst = bad[0] if bad else None
    shown = f"{apart} of {read} records" if worst is None else f"{worst.quarantined} of {worst.read} of {worst.job}"
    state = GateState.BREACHED if bad else GateState.PASSED if read > 0 else GateState.WAITING
    return _gate(QUARANTINE, state, shown, f"at most {quarantined}", read)


def _balances(jobs: Sequence[JobStanding], expected: int) -> GateReading:
    proved = sum(one.balanced is True for one in jobs)
    bad = [one for one in jobs if one.balanced is False or one.state == STOPPED]
    if bad:
        why = bad[0].fault if bad[0].fault else "the two sides differ"
        return _gate(BALANCES, GateState.BREACHED, f"{bad[0].job}: {why}", "equal", len(jobs))
    done = sum(one.state == DONE for one in jobs)
    state = GateState.PASSED if done == expected else GateState.WAITING
    return _gate(BALANCES, state, f"{done} of {expected} jobs done, {proved} proved equal", "equal", done)


def _differences(standing: MigrationStanding) -> GateReading:
    found = standing.open_differences
    if found > 0:
        return _gate(DIFFERENCES, GateState.BREACHED, f"{found} open", "none", standing.equal)
    state = GateState.PASSED if standing.equal > 0 else GateState.NO_DATA
    shown = f"{standing.equal} reads equal for {standing.equal_for_ms / 1000:.0f} s"
    return _gate(DIFFERENCES, state, shown, "none", standing.equal)


def _lag(standing: MigrationStanding) -> GateReading:
    limit = f"below {LAG_MS_MAX} ms"
    if standing.lag_ms is None:
        return _gate(LAG, GateState.NO_DATA, "nobody knows how far behind", limit, 0)
    state = GateState.PASSED if standing.lag_ms < LAG_MS_MAX else GateState.WAITING
    return _gate(LAG, state, f"{standing.lag_ms} ms behind", limit, 1)


def _gate(name: str, state: GateState, shown: str, limit: str, samples: int) -> GateReading:
    return GateReading(gate=name, state=state, shown=shown, limit=limit, samples=samples, source=SOURCE)
