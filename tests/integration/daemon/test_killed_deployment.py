"""A daemon that is killed around a shift of a deployment goes on with it, and the traffic is shifted once."""

import asyncio
from pathlib import Path

import httpx
import yaml

from daemon.aws.session import Aws, AwsClients
from daemon.traffic.route53 import Route53Traffic
from remediation.journal.verify import verify
from tests.integration.daemon.bridge import Bridge, Hold
from tests.integration.daemon.environment_places import TOKEN, Places
from tests.integration.daemon.world import (
    BEARER,
    REGION,
    Account,
    Program,
    Programs,
    configure,
    entries,
    pay,
    route_heartbeats,
    until,
)

RESUMED_SECONDS = 5.0
DEPLOYMENT = {
    "phases": {
        "pre_deployment_validation": {"checks": []},
        "infrastructure_initialization": {"checks": ["rollback"]},
        "blue_green_deployment": {"checks": []},
        "traffic_rollout": {"stages": [{"percent": 5, "monitor": "10m"}, {"percent": 100, "monitor": "0s"}]},
        "final_validation": {"checks": []},
    },
    "rehearsal": {"required": False},
    # Nobody pays while a daemon is down and comes back.
    "gates": {"sources": {"payments": "10m", "alarms": "10m"}},
}
SHIFT = f"{REGION}/traffic_rollout/shift-5"


def configure_deployments(folder: Path, places: Places) -> None:
    """Let deployments go on without people, and into these places."""
    (folder / "environments-token").write_text(TOKEN, encoding="ascii")
    settings = yaml.safe_load((folder / "tillwatch.yaml").read_text(encoding="utf-8"))
    described = {"kind": "processes", "url": places.url, "token_file": str(folder / "environments-token")}
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump({**settings, "environments": {REGION: described}}))
    policy = yaml.safe_load((folder / "policy.yaml").read_text(encoding="utf-8"))
    alone = {"rollout": {"needed": 0}, "at_risk": {"needed": 0}}
    (folder / "policy.yaml").write_text(yaml.safe_dump({**policy, "approvals": alone}))
    (folder / "deployment.yaml").write_text(yaml.safe_dump(DEPLOYMENT))


async def begin(daemon: Program) -> None:
    """Ask for 2.0.0."""
    async with httpx.AsyncClient(base_url=daemon.url, trust_env=False, headers=BEARER, timeout=30) as client:
        wanted = {"version": "2.0.0", "strategy": "blue-green", "regions": [REGION], "reason": "a test"}
        answer = await client.post("/api/v1/deployments", json=wanted)
        assert answer.status_code == 201, answer.text


def ends(directory: Path) -> list[str]:
    return [str(entry.fields["step_id"]) for entry in entries(directory, "step.ended")]


async def killed_around_the_shift(programs: Programs, folder: Path, bridge: Bridge) -> None:
    """Killed before the change has an effect, and once more after it had one and before anybody was told."""
    first = await programs.ready_daemon(folder)
    bridge.hold = Hold.BEFORE_THE_EFFECT
    await begin(first)
    await bridge.held.wait()
    await first.kill()
    assert bridge.reached == 0
    bridge.held.clear()
    bridge.hold = Hold.AFTER_THE_EFFECT
    second = await programs.ready_daemon(folder)
    await bridge.held.wait()
    await second.kill()
    assert bridge.reached == 1
    bridge.hold = Hold.NOWHERE


async def test_a_killed_daemon_goes_on_with_its_deployment_and_shifts_the_traffic_once(
    tmp_path: Path, programs: Programs, account: Account, bridge: Bridge, route53: Aws, aws_clients: AwsClients
) -> None:
    traffic = Route53Traffic(route53, account.zone_id, account.record_name)
    await traffic.write({"blue": 100, "green": 0}, "as it begins")
    await route_heartbeats(aws_clients, account)
    cores = {}
    for environment, version in (("blue", "1.0.0"), ("green", "2.0.0")):
        flags = ("--environment", environment, "--version", version)
        cores[environment] = await programs.core(tmp_path / "payments.db", account, *flags)
    await pay(cores["green"], ["k1"])
    places = Places()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(places.run(), name="places")
        folder = configure(
            tmp_path, account, endpoint_url=bridge.url, cores={name: core.url for name, core in cores.items()}
        )
        configure_deployments(folder, places)
        await killed_around_the_shift(programs, folder, bridge)
        third = await programs.ready_daemon(folder)
        settled = await traffic.settles_in_seconds()
        await until(lambda: SHIFT in ends(tmp_path), "the shift has ended", RESUMED_SECONDS + settled)
        assert await third.stop() == 0
        serving.cancel()
    assert (await traffic.read(), bridge.reached) == ({"blue": 95, "green": 5}, 1)
    assert places.changes == ["green: 2.0.0 x 1"]
    begun = [entry.fields["step_id"] for entry in entries(tmp_path, "step.begun")]
    assert begun.count(SHIFT) == 1
    assert len(begun) == len(set(begun))
    assert verify(tmp_path / "data" / "journal.db", None).first_bad is None
