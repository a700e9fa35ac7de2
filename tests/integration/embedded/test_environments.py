"""Beside a running `up`, versions replace each other and processes come and go, and no payment is lost or failed."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from config.load import load_configuration
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.environments.opened import open_environments
from remediation.deployment.ports import Environments, EnvironmentState
from tests.integration.embedded.up_process import Up, up

REGION = "us-east-1"
WAIT_SECONDS = 90.0
POLL_SECONDS = 0.1
SCENARIO = """
name: replaced-under-traffic
summary: Somebody deploys to the environment that has all the traffic.
blue: {version: 1.0.0}
green: {version: 2.0.0, at_start: 1.0.0}
traffic: {payments_per_second: 20}
"""


async def _at_rest(environments: Environments, environment: str) -> EnvironmentState:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while True:
        state = await environments.look(REGION, environment)
        if state is not None and (state.settled or state.failed):
            return state
        if loop.time() > deadline:
            pytest.fail(f"{environment} is not at rest after {WAIT_SECONDS:g} s: {state}")
        turn = asyncio.Event()
        loop.call_later(POLL_SECONDS, turn.set)
        await turn.wait()


async def _scaled(one: Up, data: Path, units: int) -> dict[str, str]:
    """Set so many processes by hand, as `tillwatch scale set` does; what the world showed."""
    headers = {"Authorization": f"Bearer {(data / 'console-token').read_text().strip()}"}
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS, headers=headers) as client:
        body = {"units": units, "reason": "more of them under traffic, and fewer"}
        answer = await client.post(f"http://127.0.0.1:{one.port}/api/v1/scaling/{REGION}/core", json=body)
    assert answer.status_code == 200, answer.text
    outcome: dict[str, str] = answer.json()["outcome"]
    return outcome


@pytest.mark.timeout(240)
async def test_a_version_replaces_another_under_traffic_without_losing_a_payment(ups: list[Up], tmp_path: Path) -> None:
    data, scenario = tmp_path / "data", tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO)
    one = up(ups, data, "--scenario", str(scenario))
    one.until("traffic:")
    settings = load_configuration(data / "config", {}).settings
    async with AsyncExitStack() as stack:
        clients = AwsClients(settings.aws, "test", "test")
        environments = await open_environments(stack, settings, clients, SystemClock())
        green = await environments.look(REGION, "green")
        assert green is not None
        assert (green.version, green.settled) == ("1.0.0", True)
        await environments.deploy(REGION, "blue", "2.0.0", 1, "key-1")
        blue = await _at_rest(environments, "blue")
        assert (blue.version, blue.running, blue.healthy, blue.failed) == ("2.0.0", 1, 1, "")
        await environments.deploy(REGION, "blue", "2.0.0", 1, "key-1")
        for units in (3, 1):
            outcome = await _scaled(one, data, units)
            assert (outcome["status"], outcome["detail"]) == ("verified", f"{units} of {units} in service")
            blue = await _at_rest(environments, "blue")
            assert (blue.version, blue.running, blue.failed) == ("2.0.0", units, "")
    one.signal(signal.SIGINT)
    code, report = one.end()
    assert code == 0, one.said
    assert report["payments"]["failed"] == 0, report["payments"]
    assert report["payments"]["processing"] == 0
    assert report["payments"]["succeeded"] > 50
    assert report["events"]["lost"] == 0
    assert report["ledger"]["balanced"]
    scaled = [(action["kind"], action["target"], action["outcome"]) for action in report["actions"]]
    assert scaled == [("scale.set", f"scale:{REGION}/core", "verified")] * 2
    assert "core-unreachable" not in {finding["rule"] for finding in report["findings"]}
