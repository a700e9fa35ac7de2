"""From a decision to roll back to the command that AWS took, and to the look that verified it, many times over."""

import argparse
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import httpx
import uvloop

from bench.core import running_core
from bench.detect import nearest_rank
from bench.idle import free_port
from checks.facts import Deployment
from config.policy import Policy, TrafficPolicy
from config.settings import AwsSettings
from daemon.aws.provision import ensure_weighted_records, ensure_zone
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.embedded.processes import ministack
from daemon.embedded.processes.process import Launcher
from daemon.embedded.processes.readiness import until_ready
from daemon.embedded.processes.surroundings import local_environment
from daemon.leadership import LEASE_MS
from daemon.probes.core import CoreProbe
from daemon.probes.core_client import CoreClient
from daemon.traffic.route53 import Route53Traffic
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.by_hand import by_hand
from remediation.decide import ROLLBACK_TRAFFIC, decide
from remediation.decisions import OutcomeStatus
from remediation.executor import Executor
from remediation.journal.sqlite import SqliteJournal
from remediation.journal.writer import JournalWriter

RECORD = "payments.bench.test."
ADDRESSES = {"blue": "127.0.0.2", "green": "127.0.0.3"}
CANARY: Mapping[str, int] = {"blue": 95, "green": 5}
POLICY = Policy(traffic=TrafficPolicy(record_name=RECORD))


class Stamped(Route53Traffic):
    """Knows when Route 53 last took a change."""

    taken_ms = 0.0

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """See Traffic."""
        await super().write(weights, key)
        self.taken_ms = SystemClock().monotonic_ms()


@asynccontextmanager
async def running_aws(folder: Path, clock: SystemClock) -> AsyncIterator[tuple[AwsClients, str]]:
    """Clients of an empty AWS stand-in, and its address; this process takes its credentials, and finds no others."""
    port, surroundings = free_port(), local_environment(os.environ)
    os.environ.update(surroundings)
    child = await Launcher().start(ministack.program(port, folder, folder, surroundings))
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await until_ready(child, lambda: ministack.is_healthy(client, port), clock)
        url = ministack.endpoint_url(port)
        yield AwsClients(AwsSettings(endpoint_url=url, sns_signatures="off")), url
    finally:
        await child.stop()


def begun(number: int, clock: SystemClock) -> Deployment:
    """A canary of its own for each rollback: no release is taken back twice."""
    return Deployment(
        id=f"begun-{number}",
        at_ms=clock.now_ms(),
        subject=f"dep-{number}",
        environment="green",
        version=f"2.0.{number}",
        previous_environment="blue",
        previous_version="1.0.0",
        status="started",
        strategy="canary",
        weight_percent=CANARY["green"],
    )


async def measure(rollbacks: int, folder: Path, core_url: str) -> dict[str, object]:
    """Take back so many canaries, one after the other, as a person asks for it: budgets hold automation alone."""
    clock = SystemClock()
    accepted, verified, in_effect = [], [], 0
    async with AsyncExitStack() as stack:
        clients, _ = await stack.enter_async_context(running_aws(folder, clock))
        zone_id = await ensure_zone(clients, RECORD.split(".", maxsplit=1)[1])
        await ensure_weighted_records(clients, zone_id, RECORD, ADDRESSES, CANARY, 1)
        traffic = Stamped(await stack.enter_async_context(clients.client("route53")), zone_id, RECORD)
        core = await stack.enter_async_context(CoreClient(core_url))
        journal = await SqliteJournal.open(folder / "journal.db")
        stack.push_async_callback(journal.close)
        writer = await JournalWriter.open(
            journal, await journal.acquire_lease("bench", LEASE_MS, clock.now_ms()), clock
        )
        action = RollbackTraffic(traffic, CoreProbe({"blue": core}, clock), POLICY.traffic)
        executor = Executor(writer, {ROLLBACK_TRAFFIC: action}, clock, POLICY)
        for number in range(rollbacks):
            writer.renewed(await journal.renew_lease(writer.lease, LEASE_MS, clock.now_ms()))
            await traffic.write(CANARY, "the canary")
            await writer.append(begun(number, clock))
            deployment = writer.state.deployments[f"dep-{number}"]
            asked = by_hand(ROLLBACK_TRAFFIC, deployment, asked_by="bench", reason="measured", now_ms=clock.now_ms())
            began_ms = clock.monotonic_ms()
            outcome = await executor.carry_out(decide(asked, writer.state, POLICY, clock.now_ms()))
            ended_ms = clock.monotonic_ms()
            if outcome is None or outcome.status is not OutcomeStatus.VERIFIED:
                continue
            in_effect += await traffic.read() == {"blue": 100, "green": 0}
            accepted.append(traffic.taken_ms - began_ms)
            verified.append(ended_ms - began_ms)
    return {
        "rollbacks": rollbacks,
        "verified_and_in_effect": in_effect,
        "destination_checks": POLICY.traffic.destination_checks,
        "decision_to_accepted_ms": spread(accepted),
        "decision_to_verified_ms": spread(verified),
    }


def spread(milliseconds: list[float]) -> dict[str, float]:
    """Of one stage over all rollbacks."""
    return {
        "p50": round(median(milliseconds), 1),
        "p95": round(nearest_rank(milliseconds, 0.95), 1),
        "p99": round(nearest_rank(milliseconds, 0.99), 1),
        "max": round(max(milliseconds), 1),
    }


def main() -> None:
    """Roll back over a stand-in for Route 53, a journal on disk and a core that is asked whether it is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollbacks", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="kept for symmetry: the output is always JSON")
    rollbacks = parser.parse_args().rollbacks
    with tempfile.TemporaryDirectory(prefix="tillwatch-bench-") as folder, running_core(1, "memory") as (url, *_):
        print(json.dumps(uvloop.run(measure(rollbacks, Path(folder), url))))


if __name__ == "__main__":
    main()
