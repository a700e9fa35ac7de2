"""The checks of the six phases: no data passes nothing, and every answer says what was seen."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.facts import HealthProbed
from checks.findings import State
from checks.readings import Reading
from config.load import DEFAULTS, PRICES_FILE, load_configuration
from config.loading.loader import load_yaml
from config.prices import Prices
from config.rules.rule_file import Rule
from daemon.cores.ledger_watch import LedgerStatus
from daemon.deployments.core_checks import Healthy, HealthyAndBalanced, Payments
from daemon.deployments.rule_checks import Baseline, Quiet, Readable
from remediation.deployment.findings import GateReading, GateState, StepFinding, StepReport
from remediation.deployment.plan import Step
from remediation.deployment.planning import plan
from remediation.deployment.ports import StepContext, StepWork
from remediation.journal.kinds import DaemonStopped, draft
from remediation.journal.sqlite import SqliteJournal
from remediation.ports import DestinationHealth
from tests.unit.remediation.deployment.ground import deployments, request, standing
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, FakeClock

PLAN = plan(request(), [standing()], deployments())
PASSED, FAILED, HELD, WAITING = StepFinding.PASSED, StepFinding.FAILED, StepFinding.HELD, StepFinding.WAITING


def context(kind: str = "test.traffic") -> StepContext:
    step: Step = next(step for step in PLAN.steps if step.kind == kind)
    return StepContext(plan=PLAN, step=step, began_at_ms=NOW_MS)


async def looked(work: StepWork, kind: str = "test.traffic") -> StepReport:
    there = context(kind)
    assert not (await work.probe(there)).in_effect
    return await work.perform(there, "key")


@dataclass
class FakeCores:
    """Every payment has this answer."""

    healthy: bool = True
    status: str = "healthy"
    version: str = "2.0.0"
    latency_ms: float = 120.0
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def health(self, region: str, environment: str) -> DestinationHealth:
        return DestinationHealth(healthy=self.healthy, detail=f"{environment} in {region}")

    async def pay(self, region: str, environment: str, number: int) -> HealthProbed:
        self.asked.append((environment, number))
        return HealthProbed(
            id=f"{environment}-{number}",
            at_ms=NOW_MS,
            subject="aws-payment-processor",
            region=region,
            environment=environment,
            version=self.version,
            status=self.status,  # type: ignore[arg-type]  # the test's own words
            latency_ms=self.latency_ms,
            detail="$1 health payment",
        )


LEDGER = LedgerStatus(balanced=True, entries=10, checked_at_ms=NOW_MS - 30_000, violations=())


@pytest.mark.parametrize(
    ("cores", "finding"),
    [
        (FakeCores(), PASSED),
        (FakeCores(status="degraded"), PASSED),
        (FakeCores(healthy=False), WAITING),
        (FakeCores(status="unhealthy"), FAILED),
        (FakeCores(status="unknown"), HELD),
    ],
)
async def test_an_environment_is_healthy_when_it_says_so_and_takes_a_payment(
    cores: FakeCores, finding: StepFinding
) -> None:
    assert (await looked(Healthy(cores))).finding is finding


@pytest.mark.parametrize(
    ("ledger", "finding", "words"),
    [
        (LEDGER, PASSED, "10 ledger entries balance"),
        (None, WAITING, "not verified lately"),
        (LedgerStatus(balanced=True, entries=10, checked_at_ms=NOW_MS - 200_000, violations=()), WAITING, "lately"),
        (LedgerStatus(balanced=False, entries=10, checked_at_ms=NOW_MS, violations=("1 cent",)), FAILED, "1 cent"),
    ],
)
async def test_no_deployment_begins_on_a_ledger_that_is_broken_or_was_not_looked_at(
    ledger: LedgerStatus | None, finding: StepFinding, words: str
) -> None:
    report = await looked(HealthyAndBalanced(Healthy(FakeCores()), lambda: ledger, FakeClock()))
    assert report.finding is finding
    assert words in report.detail


@pytest.mark.parametrize(
    ("cores", "finding", "words"),
    [
        (FakeCores(), PASSED, "5 test payments went through"),
        (FakeCores(status="unhealthy"), FAILED, "0 of 5"),
        (FakeCores(status="unknown"), HELD, "0 of 5"),
        (FakeCores(version="1.0.0"), FAILED, "answers as 1.0.0, not as 2.0.0"),
        (FakeCores(latency_ms=10_001.0), FAILED, "10000 are allowed"),
    ],
)
async def test_test_traffic_goes_to_the_new_environment_alone_and_has_to_be_served_by_the_new_version(
    cores: FakeCores, finding: StepFinding, words: str
) -> None:
    report = await looked(Payments(cores))
    assert report.finding is finding
    assert words in report.detail
    assert {environment for environment, _ in cores.asked} == {"green"}
    assert len({number for _, number in cores.asked}) == 5


@dataclass
class TokenGates:
    """One gate about stored cards."""

    state: GateState
    shadow: bool = False

    async def read(self, there: StepContext) -> tuple[GateReading, ...]:
        del there
        gate = GateReading(
            gate="token-unreadable", state=self.state, shown="1 key", limit="> 0", samples=4, shadow=self.shadow
        )
        return (gate, replace(gate, gate="evidence", state=GateState.WAITING))


async def test_a_card_that_the_other_release_cannot_open_ends_the_test_traffic() -> None:
    bad = await looked(Payments(FakeCores(), TokenGates(GateState.BREACHED)))
    good = await looked(Payments(FakeCores(), TokenGates(GateState.PASSED)))
    assert (bad.finding, good.finding) == (FAILED, PASSED)
    assert "cannot be opened: 1 key (limit > 0)" in bad.detail
    assert "4 stored cards" in good.detail
    assert [one.gate for one in good.readings] == ["token-unreadable"]


def reading(**changes: object) -> Reading:
    one = Reading(
        rule_id="critical-security-finding",
        family="security",
        key={},
        state=State.CLEARED,
        value=0.0,
        shown="0",
        breach="> 0",
        clear="",
        samples=7,
        min_samples=1,
        window_seconds=60.0,
        severity="critical",
        mode="enforce",
        do=(),
        since_ms=0,
        at_ms=NOW_MS,
    )
    return replace(one, **changes)


@pytest.mark.parametrize(
    ("readings", "finding"),
    [
        ([], PASSED),
        ([reading()], PASSED),
        ([reading(state=State.BREACHED)], FAILED),
        ([reading(state=State.BREACHED, mode="shadow")], PASSED),
        ([reading(state=State.BREACHED, family="sla")], PASSED),
        ([reading(state=State.BREACHED, key={"environment": "green", "version": "2.0.0"})], FAILED),
        ([reading(state=State.BREACHED, key={"environment": "blue"})], PASSED),
        ([reading(state=State.BREACHED, key={"region": "us-west-2"})], PASSED),
    ],
)
async def test_a_rule_counts_when_it_is_breached_for_this_place_or_for_all(
    readings: list[Reading], finding: StepFinding
) -> None:
    report = await looked(Quiet(lambda: readings, ("security",), "security"))
    assert report.finding is finding
    if finding is FAILED:
        assert "critical-security-finding 0 (limit > 0)" in report.detail


async def test_a_page_about_something_else_is_no_verdict_on_a_release() -> None:
    elsewhere = reading(state=State.BREACHED, family="health")
    of_it = replace(elsewhere, key={"environment": "green"})
    for readings, finding in (([elsewhere], PASSED), ([of_it], FAILED)):
        report = await looked(Quiet(lambda told=readings: told, ("health",), "customers", of_release=True))  # type: ignore[misc]  # bound at once
        assert report.finding is finding


def rules(*names: str) -> list[Rule]:
    """Those of the packaged rules."""
    known = {rule.id: rule for file in load_configuration(None, {}).rule_files for rule in file.value.rules}
    return [known[name] for name in names]


@pytest.mark.parametrize(
    ("readings", "fed", "finding", "words"),
    [
        ([], True, HELD, "no reading of payment-failure-rate, which has data"),
        ([reading(family="sla", state=State.NO_DATA)], True, HELD, "no reading of payment-failure-rate"),
        ([reading(family="sla", key={"environment": "blue"})], True, HELD, "no reading of payment-failure-rate"),
        ([reading(family="security")], True, HELD, "no reading of payment-failure-rate"),
        ([reading(family="sla", key={"environment": "green"})], True, PASSED, "none of 1 readings"),
        ([], False, PASSED, "no finding was told"),
    ],
)
async def test_silence_of_a_rule_that_has_data_when_all_is_well_is_no_good_news(
    readings: list[Reading], fed: bool, finding: StepFinding, words: str
) -> None:
    expected = rules("payment-failure-rate") if fed else rules("critical-security-finding")
    report = await looked(Quiet(lambda: readings, ("sla",), "customers", of_release=True, expected=lambda: expected))
    assert report.finding is finding
    assert words in report.detail


async def test_savings_are_held_against_a_price_that_has_a_name() -> None:
    prices = load_yaml(DEFAULTS / PRICES_FILE, Prices).value
    report = await looked(Baseline(prices, Quiet(list, ("savings",), "savings"), FakeClock()))
    assert report.finding is PASSED
    assert report.detail.startswith(f"baseline {prices.at(NOW_MS).baseline.name}")


async def test_a_backup_is_a_journal_that_reads_back_whole_and_a_ledger_that_was_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path)
    lease = await journal.acquire_lease("here", LEASE_MS, NOW_MS)
    for number in range(3):
        one = draft(DaemonStopped(reason=str(number)), actor="daemon", at_ms=NOW_MS)
        await journal.append(one, expected_sequence=number, epoch=lease.epoch)
    await journal.close()
    good = await looked(Readable(path, lambda: LEDGER, FakeClock()))
    assert (good.finding, good.detail.split(",")[0]) == (PASSED, "all 3 entries of the journal read back")
    assert (await looked(Readable(path, lambda: None, FakeClock()))).finding is WAITING
    old = LedgerStatus(balanced=True, entries=1, checked_at_ms=NOW_MS - 600_000, violations=())
    assert (await looked(Readable(path, lambda: old, FakeClock()))).finding is WAITING
