"""What deployments tell goes the one way: recorded, decided, guarded, carried out, and over when it is over."""

from pathlib import Path

from msgspec.structs import replace

from checks.findings import State
from daemon.deployments.herald import PipelineHerald
from daemon.reloading.withdrawal import Withdrawal
from remediation.deployment.telling import ABORT_RULE, GATE_RULE
from remediation.state import IncidentState
from tests.unit.daemon.pipeline_world import deciding, line, rollout
from tests.unit.remediation.worlds import NOW_MS, finding, scene

GATE = finding(
    rule_id=GATE_RULE, key={"region": "us-east-1", "environment": "green", "version": "2.0.0"}, breach="double-charge 0"
)


async def test_a_gate_that_no_rule_made_takes_the_traffic_back_like_any_rule(tmp_path: Path) -> None:
    one = await scene()
    async with line(tmp_path, one) as daemon, deciding(daemon):
        herald = PipelineHerald(daemon.pipeline)
        await herald.tell(rollout())
        await herald.find(GATE)
        await daemon.until("outcome")
        await herald.find(replace(GATE, at_ms=NOW_MS + 1))
        await daemon.decide_all()
    assert await daemon.reasons() == ["breached"]
    assert one.world.writes[0][0] == {"blue": 100, "green": 0}
    assert len(one.world.writes) == 1
    assert one.writer.state.deployments["dep-1"].rolled_back


async def test_what_a_deployment_found_is_open_until_the_deployment_says_that_it_is_over(tmp_path: Path) -> None:
    one = await scene()
    async with line(tmp_path, one) as daemon:
        herald = PipelineHerald(daemon.pipeline)
        async with deciding(daemon):
            await herald.tell(rollout())
            await herald.find(replace(GATE, rule_id=ABORT_RULE))
            await daemon.until("outcome")
        withdrawal = Withdrawal(daemon.pipeline, one.writer)
        assert withdrawal.forget() == []
        await withdrawal.resolve()
        (incident,) = one.writer.state.incidents.values()
        assert incident.state is IncidentState.OPEN
        async with deciding(daemon):
            await herald.find(replace(GATE, rule_id=ABORT_RULE, state=State.CLEARED))
    (incident,) = one.writer.state.incidents.values()
    assert incident.state is IncidentState.RESOLVED
