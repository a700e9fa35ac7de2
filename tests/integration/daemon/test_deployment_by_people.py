"""People bring a version out over HTTP: one asks, another approves; it is paused, resumed, aborted, taken back."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from daemon.aws.session import Aws, AwsClients
from daemon.traffic.route53 import Route53Traffic
from tests.integration.daemon.environment_places import Places
from tests.integration.daemon.test_killed_deployment import SHIFT, configure_deployments, ends
from tests.integration.daemon.world import (
    BEARER,
    NO_ROOTS,
    REGION,
    Account,
    Programs,
    configure,
    entries,
    pay,
    route_heartbeats,
    until,
)

SECOND = {"Authorization": "Bearer second-of-this-test"}
ASKED = {"version": "2.0.0", "strategy": "blue-green", "regions": [REGION], "reason": "a test"}
WHY = {"reason": "a test"}
WHOLE = {"blue": 100, "green": 0}


@dataclass
class House:
    """A daemon that deploys, asked over HTTP by its operator or by a second person."""

    directory: Path
    client: httpx.AsyncClient
    traffic: Route53Traffic

    async def ask(self, path: str, body: object, status: int, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The answer to one write, which has this status."""
        sent = BEARER if headers is None else headers
        answer = await self.client.post(f"/api/v1/{path}", json=body, headers=sent)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def begun(self) -> str:
        """A deployment that waits for its approval."""
        return str((await self.ask("deployments", ASKED, 201))["run"]["id"])

    async def approved(self) -> None:
        """The second person says yes to the newest question; who asked for it cannot."""
        question = entries(self.directory, "approval.asked")[-1]
        name, yes = f"apr-{question.sequence}", {"answer": "approve", "digest": question.fields["digest"]}
        await self.ask(f"approvals/{name}", yes, 403)
        assert (await self.ask(f"approvals/{name}", yes, 200, SECOND))["status"] == "approved"

    async def shifted(self, times: int) -> None:
        """Wait until traffic was shifted so many times."""
        await until(lambda: ends(self.directory).count(SHIFT) == times, "the traffic was shifted")

    async def over(self, times: int) -> str:
        """Wait for so many ends; how the last deployment ended."""
        await until(lambda: len(entries(self.directory, "deployment.ended")) == times, "the deployment has ended")
        return str(entries(self.directory, "deployment.ended")[-1].fields["outcome"])

    def begun_steps(self) -> int:
        """Steps that were begun."""
        return len(entries(self.directory, "step.begun"))


def with_a_second_person(folder: Path) -> None:
    """A token that may approve, and one approval for each rollout."""
    settings = yaml.safe_load((folder / "tillwatch.yaml").read_text(encoding="utf-8"))
    digest = hashlib.sha256(SECOND["Authorization"].removeprefix("Bearer ").encode()).hexdigest()
    settings["tokens"].append({"name": "second", "role": "approver", "sha256": digest})
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    policy = yaml.safe_load((folder / "policy.yaml").read_text(encoding="utf-8"))
    policy["approvals"]["rollout"] = {"needed": 1}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    deployment = yaml.safe_load((folder / "deployment.yaml").read_text(encoding="utf-8"))
    deployment["phases"]["pre_deployment_validation"]["checks"] = ["approval"]
    (folder / "deployment.yaml").write_text(yaml.safe_dump(deployment), encoding="utf-8")


@pytest.fixture
async def house(
    tmp_path: Path, programs: Programs, account: Account, route53: Aws, aws_clients: AwsClients
) -> AsyncIterator[House]:
    traffic = Route53Traffic(route53, account.zone_id, account.record_name)
    await traffic.write(WHOLE, "as it begins")
    await route_heartbeats(aws_clients, account)
    cores = {}
    for environment, version in (("blue", "1.0.0"), ("green", "2.0.0")):
        flags = ("--environment", environment, "--version", version)
        cores[environment] = await programs.core(tmp_path / "payments.db", account, *flags)
    await pay(cores["blue"], ["k1"])
    places = Places()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(places.run(), name="places")
        folder = configure(tmp_path, account, cores={name: core.url for name, core in cores.items()})
        configure_deployments(folder, places)
        with_a_second_person(folder)
        daemon = await programs.ready_daemon(folder)
        async with httpx.AsyncClient(base_url=daemon.url, trust_env=False, timeout=30, verify=NO_ROOTS) as client:
            yield House(tmp_path, client, traffic)
        assert await daemon.stop() == 0
        serving.cancel()


async def test_a_deployment_goes_the_way_that_people_say_and_its_traffic_comes_back_each_time(house: House) -> None:
    name = await house.begun()
    await until(lambda: house.begun_steps() > 0, "the first step was begun")
    paused = await house.ask(f"deployments/{name}/pause", WHY, 200)
    assert paused["run"]["paused_by"] == "test"
    await house.approved()
    await until(lambda: any("approval" in step for step in ends(house.directory)), "what was begun has ended")
    steps = house.begun_steps()
    await house.ask(f"deployments/{name}/resume", WHY, 200, SECOND)
    await house.shifted(1)
    assert house.begun_steps() > steps
    assert await house.traffic.read() == {"blue": 95, "green": 5}
    await house.ask(f"deployments/{name}/abort", WHY, 200)
    assert await house.over(1) == "rolled_back", "it had traffic"
    assert await house.traffic.read() == WHOLE

    await house.begun()
    await house.approved()
    await house.shifted(2)
    taken = await house.ask("rollbacks", {"kind": "traffic", "reason": "payments are slow"}, 201)
    assert (taken["asked_by"], taken["complete"], await house.traffic.read()) == ("test", True, WHOLE)
    assert await house.over(2) == "rolled_back"
    outcomes = [entry.fields["status"] for entry in entries(house.directory, "outcome")]
    assert outcomes == ["verified", "verified"]
    asked = [(entry.actor, entry.fields["what"]) for entry in entries(house.directory, "deployment.asked")]
    assert asked == [("test", "pause"), ("second", "resume"), ("test", "abort")]
