"""Test traffic passes when both releases have tried to open stored cards, and never because nobody has."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from checks.facts import TokensOpened
from config.delivery.deployment import Evidence
from config.delivery.gates import Gates
from daemon.deployments.core_checks import Payments
from daemon.deployments.release_looks import ReleaseLooks
from daemon.deployments.tokens_tried import TokensTried
from daemon.errors import NotAsked
from remediation.deployment.findings import GateState, StepFinding
from remediation.deployment.gates.observed import Observed, thresholds
from remediation.deployment.ports import StepContext
from tests.unit.daemon.deployments.test_checks import FakeCores, TokenGates, context
from tests.unit.daemon.deployments.test_release_looks import FakeCore, FakeSink
from tests.unit.remediation.gates.scenes import NOW_MS, SIDES
from tests.unit.remediation.worlds import FakeClock


@dataclass
class Told:
    """Who has tried, and who refuses."""

    by: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)

    def readers(self, there: StepContext) -> frozenset[str]:
        """See Opened."""
        del there
        return self.by

    def refusing(self, region: str) -> Mapping[str, str]:
        """See Refusing."""
        del region
        return self.refused


async def test_test_traffic_waits_for_both_releases_to_try_and_pays_nothing_meanwhile() -> None:
    for told, finding, words in (
        (Told(), StepFinding.WAITING, "no stored card was tried by blue and green"),
        (Told(frozenset({"green"})), StepFinding.WAITING, "no stored card was tried by blue"),
        (Told(frozenset({"green"}), {"blue": "404"}), StepFinding.HELD, "blue cannot tell whether it opens"),
        (Told(frozenset({"green", "blue"}), {"blue": "404"}), StepFinding.PASSED, "5 test payments went through"),
    ):
        cores = FakeCores()
        work = Payments(cores, TokenGates(GateState.PASSED), TokensTried(told, told))
        report = await work.perform(context(), "key")
        assert report.finding is finding
        assert words in report.detail
        assert bool(cores.asked) == (finding is StepFinding.PASSED)


async def test_a_rule_in_shadow_asks_for_no_release_that_tells() -> None:
    gates = TokenGates(GateState.PASSED, shadow=True)
    report = await Payments(FakeCores(), gates, TokensTried(Told(), Told())).perform(context(), "key")
    assert report.finding is StepFinding.PASSED


async def test_a_region_that_is_not_in_the_plan_is_held() -> None:
    there = replace(context(), step=replace(context().step, region="eu-west-1"))
    report = TokensTried(Told(), Told()).untried(there)
    assert report is not None
    assert report.finding is StepFinding.HELD


def test_a_release_has_tried_when_it_told_so_since_the_step_began_and_of_at_least_one_card() -> None:
    gates = Gates()
    observed = Observed(SIDES, gates, Evidence(), since_ms=NOW_MS, needed=thresholds(gates, context().plan))
    told = TokensOpened(id="t", at_ms=NOW_MS, subject="dk_1", reader="blue", opened=1)
    for fact in (
        replace(told, at_ms=NOW_MS - 1),
        replace(told, opened=0),
        replace(told, region="eu-west-1"),
    ):
        observed.take([fact], NOW_MS)
        assert observed.readers == set()
    observed.take([told, replace(told, reader="green", opened=0, failed=1)], NOW_MS)
    assert observed.readers == {"blue", "green"}


async def test_who_is_too_old_to_be_asked_for_cards_is_known_by_name_until_it_answers() -> None:
    clock, blue, green = FakeClock(), FakeCore(NotAsked("404 for tokens")), FakeCore()
    looks = ReleaseLooks({"blue": blue, "green": green}, FakeSink(), clock)
    await looks.look(context())
    assert list(looks.refusing("us-east-1")) == ["blue"]
    assert "404 for tokens" in looks.refusing("us-east-1")["blue"]
    assert looks.refusing("eu-west-1") == {}
    blue.fault = None
    clock.at_ms += 15_000
    await looks.look(context())
    assert looks.refusing("us-east-1") == {}
    alone = ReleaseLooks({"green": green}, FakeSink(), clock)
    await alone.look(context())
    assert "no address is configured for blue" in alone.refusing("us-east-1")["blue"]
