"""A real payment core: its events reach the checkpoint by the queue, and by its outbox when the queue lost them."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from checks.facts import Fact, PaymentAttempted, PaymentCaptured
from daemon.aws.session import Aws
from daemon.aws.sqs import SqsQueue
from daemon.clock import SystemClock
from daemon.embedded.processes.ports import free_port
from daemon.errors import CoreUnreachable
from daemon.probes.core import CoreProbe
from daemon.probes.core_client import CoreClient
from daemon.sources.backfill import GRACE_MS, Backfill
from daemon.sources.sqs import SqsSource
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.quarantine import Quarantine
from tests.forked import Forked
from tests.integration.conftest import wait_until_it_answers

PAYMENT = {
    "amount": {"amount_cents": 1_999, "currency": "USD"},
    "payment_method": "tok_visa",
    "customer_id": "cus_1",
    "provider_id": "prv_1",
}


@dataclass(frozen=True, slots=True)
class Core:
    """A running core and the key that it asks for."""

    url: str
    key: str


class Recorder:
    """Records into a checkpoint, as the pipeline does."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.new: list[Fact] = []

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Record, and keep what was new."""
        self.new += (await self.checkpoint.record(facts, source, SystemClock().now_ms())).facts


@pytest.fixture
def green_core(tmp_path: Path, queue_name: str, ministack_url: str) -> Iterator[Core]:
    """A green core 2.0.0 that sends its events to the queue."""
    port = free_port("127.0.0.1")
    command = ["payment_core", "--port", str(port), "--database", str(tmp_path / "payments.db")]
    command += ["--environment", "green", "--version", "2.0.0", "--rail-latency-ms", "0"]
    command += ["--queue", queue_name, "--endpoint-url", ministack_url]
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
    url = f"http://127.0.0.1:{port}"
    with Forked(command, environment=environment) as program:
        wait_until_it_answers(program, f"{url}/readyz")
        yield Core(url, (tmp_path / "payments.key").read_text(encoding="ascii").strip())


@pytest.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[Recorder]:
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", 3_600_000)
    await checkpoint.restore(SystemClock().now_ms())
    yield Recorder(checkpoint)
    await checkpoint.close()


async def pay(core: Core, count: int) -> None:
    bearer = {"Authorization": f"Bearer {core.key}"}
    async with httpx.AsyncClient(base_url=core.url, trust_env=False, headers=bearer) as client:
        for number in range(count):
            answer = await client.post("/v1/payments", json=PAYMENT, headers={"Idempotency-Key": f"k{number}"})
            assert answer.status_code in {200, 201}, answer.text


async def test_a_running_core_agrees_with_its_rail_opens_what_it_has_sealed_and_tells_what_gates_need(
    green_core: Core,
) -> None:
    async with CoreClient(green_core.url, green_core.key) as core:
        await pay(green_core, 5)
        (release,) = (await core.reconciliation()).releases
        assert (release.environment, release.version, release.region) == ("green", "2.0.0", "us-east-1")
        assert (release.examined, release.unknown, release.mismatched) == (5, 0, 0)
        sealed = [await core.seal_test_card(key) for key in ("dep-1", "dep-1", "dep-2")]
        assert sealed[0] == sealed[1] != sealed[2]
        (key,) = (await core.tokens(sealed[0].token)).keys
        assert (key.opened, key.failed) == (1, 0)
        told = (await core.events(0, 500)).events
    attempts = [fact for fact in told if isinstance(fact, PaymentAttempted)]
    assert {(fact.scored, fact.cohort) for fact in attempts} == {(True, "$10 to $25")}
    captures = [fact for fact in told if isinstance(fact, PaymentCaptured)]
    assert len({fact.request_digest for fact in captures} - {""}) == 5
    assert len({fact.method_fingerprint for fact in captures}) == 1


async def test_events_come_once_by_the_queue_and_by_the_outbox(
    green_core: Core, sqs: Aws, queue_name: str, recorder: Recorder, tmp_path: Path
) -> None:
    clock = SystemClock()
    quarantine = await Quarantine.open(tmp_path / "quarantine.db")
    source = SqsSource(SqsQueue(sqs, queue_name), recorder, quarantine, clock, name="payments", receivers=1)
    async with CoreClient(green_core.url, green_core.key) as core:
        backfill = Backfill([core], recorder.checkpoint, recorder, producer="us-east-1")
        await pay(green_core, 5)
        published = (await core.events(0, 500)).events
        assert await backfill.tick(clock.now_ms() + GRACE_MS) == len(published)
        while recorder.checkpoint.totals().duplicates < len(published):
            await source.receive_once(1)
        assert await backfill.tick(clock.now_ms() + GRACE_MS) == 0
    assert recorder.new == published
    assert [fact.sequence for fact in published] == list(range(1, len(published) + 1))
    assert recorder.checkpoint.totals().duplicates >= len(published)
    assert Counter(type(fact).__name__ for fact in published) == {
        "PaymentRequested": 5,
        "PaymentAttempted": 5,
        "PaymentCaptured": 5,
    }
    attempts = [fact for fact in recorder.new if isinstance(fact, PaymentAttempted)]
    assert [(fact.outcome, fact.environment, fact.version) for fact in attempts] == [
        ("succeeded", "green", "2.0.0")
    ] * 5
    assert await quarantine.entries() == []
    await quarantine.close()


async def test_a_core_gives_its_events_and_its_ledger_only_to_who_shows_the_key(green_core: Core) -> None:
    async with CoreClient(green_core.url) as stranger, CoreClient(green_core.url, green_core.key) as daemon:
        with pytest.raises(CoreUnreachable, match="401"):
            await stranger.events(0, 10)
        with pytest.raises(CoreUnreachable, match="401"):
            await stranger.ledger()
        assert (await daemon.ledger()).balanced


async def test_a_core_is_probed_as_what_it_is(green_core: Core) -> None:
    clock = SystemClock()
    async with CoreClient(green_core.url) as green, CoreClient(f"http://127.0.0.1:{free_port('127.0.0.1')}") as nobody:
        probe = CoreProbe({"green": green, "blue": nobody}, clock)
        seen = {fact.environment: fact for fact in await probe.probe_all(clock.now_ms())}
        assert (seen["green"].status, seen["green"].version) == ("healthy", "2.0.0")
        assert (seen["blue"].status, seen["blue"].version) == ("unhealthy", "")
        assert (await probe.health("green")).healthy
        assert (await CoreProbe({"blue": green}, clock).health("blue")).healthy is False
        with pytest.raises(CoreUnreachable):
            await nobody.events(0, 10)
