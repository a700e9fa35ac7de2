"""Each decision becomes one trace, made from the journal alone, and a collector that is away holds nobody up."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from daemon.clock import SystemClock
from daemon.traces.export import WAITING_MAX, TraceExport
from daemon.traces.spans import SpanEncoder
from daemon.traces.story import STORIES_MAX, trace_id_of
from remediation.decisions import Decision, Outcome, OutcomeStatus, Reason
from remediation.errors import JournalFailed
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body, Intent, draft
from remediation.journal.memory import MemoryJournal
from tests.unit.daemon.http.fake_view import NOW_MS
from tests.unit.daemon.http.story import decision, outcome


def intent() -> Intent:
    """The intent of the story's rollback."""
    made = decision()
    return Intent(
        decision_id=made.id,
        action=made.action,
        target=made.target,
        key=made.key,
        arguments={},
        before={},
        cause_at_ms=made.finding.at_ms,
    )


class World:
    """A journal, and a collector that answers what it is told to."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.answers: list[int | Exception] = []
        self.requests: list[ExportTraceServiceRequest] = []
        self.client = httpx.AsyncClient(base_url="http://127.0.0.1:1", transport=httpx.MockTransport(self._answer))
        encoder = SpanEncoder("1.0.0", "us-east-1")
        self.export = TraceExport(self.journal, SystemClock(), self.client, encoder.encode, 0)
        self._epoch = 0

    async def write(self, *bodies: tuple[Body, int]) -> None:
        """Append entries with their times."""
        if self._epoch == 0:
            self._epoch = (await self.journal.acquire_lease("test", 60_000, NOW_MS)).epoch
        for body, at_ms in bodies:
            await self.journal.append(
                draft(body, actor="daemon", at_ms=at_ms), expected_sequence=None, epoch=self._epoch
            )

    def spans(self) -> list[Span]:
        """Everything that the collector took."""
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/traces"
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        if answer == httpx.codes.OK:
            self.requests.append(ExportTraceServiceRequest.FromString(request.content))
        return httpx.Response(answer)


def ended(begun: Decision, status: OutcomeStatus = OutcomeStatus.VERIFIED) -> Outcome:
    """How the decision ended."""
    return msgspec.structs.replace(outcome(status), decision_id=begun.id)


ROLLBACK = ((decision(), NOW_MS - 94_950), (intent(), NOW_MS - 94_920), (ended(decision()), NOW_MS - 94_800))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.client.aclose()


async def test_a_rollback_is_one_trace_from_the_event_to_the_verifying_look(world: World) -> None:
    await world.write(*ROLLBACK)
    await world.export.look()
    await world.export.send()
    root, *steps = world.spans()
    assert [step.name for step in steps] == ["signal", "decision", "preflight", "act", "verify"]
    assert {span.trace_id for span in (root, *steps)} == {trace_id_of(decision().id).to_bytes(16)}
    assert {step.parent_span_id for step in steps} == {root.span_id}
    assert root.parent_span_id == b""
    assert root.start_time_unix_nano == decision().finding.at_ms * 1_000_000
    assert all(earlier.start_time_unix_nano <= later.start_time_unix_nano for earlier, later in pairwise(steps))
    told = {pair.key: pair.value.string_value for pair in root.attributes}
    assert told["till.rule"] == decision().finding.rule_id
    assert told["till.outcome"] == "verified"
    assert world.export.sent == 1


async def test_what_was_not_done_is_a_trace_with_its_reason(world: World) -> None:
    await world.write((decision(Reason.COOLING_DOWN, "still 40 s"), NOW_MS))
    await world.export.look()
    await world.export.send()
    root, *steps = world.spans()
    told = {pair.key: pair.value.string_value for pair in root.attributes}
    assert (told["till.reason"], told["till.outcome"]) == ("cooling_down", "not_acted")
    assert [step.name for step in steps] == ["signal", "decision"]


@pytest.mark.parametrize("status", [OutcomeStatus.REFUSED, OutcomeStatus.FAILED, OutcomeStatus.UNVERIFIED])
async def test_an_action_that_did_not_help_is_an_error(world: World, status: OutcomeStatus) -> None:
    await world.write(*ROLLBACK[:2], (ended(decision(), status), NOW_MS))
    await world.export.look()
    await world.export.send()
    assert world.spans()[0].status.code == Status.StatusCode.STATUS_CODE_ERROR


@pytest.mark.parametrize("away", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), 503, 429])
async def test_a_collector_that_is_away_gets_every_story_later(world: World, away: int | Exception) -> None:
    world.answers = [away, away]
    await world.write(*ROLLBACK)
    await world.export.look()
    for _ in range(3):
        await world.export.send()
    assert len(world.requests) == 1
    assert (world.export.sent, world.export.dropped) == (1, 0)


async def test_what_the_collector_refuses_for_good_is_counted_and_not_sent_again(world: World) -> None:
    world.answers = [400]
    await world.write(*ROLLBACK)
    await world.export.look()
    await world.export.send()
    await world.export.send()
    assert (world.requests, world.export.sent, world.export.dropped) == ([], 0, 1)


async def test_memory_is_bounded_while_the_collector_is_away(world: World) -> None:
    await world.write(
        *[(decision(Reason.FROZEN, "frozen", at_ms=NOW_MS + n), NOW_MS + n) for n in range(WAITING_MAX + 3)]
    )
    await world.export.look()
    assert world.export.dropped == 3


async def test_a_decision_without_an_end_is_forgotten_when_too_many_are_and_counted(world: World) -> None:
    begun = [decision(at_ms=NOW_MS + number) for number in range(STORIES_MAX + 2)]
    await world.write(*[(one, one.at_ms) for one in begun], (ended(begun[0]), NOW_MS), (ended(begun[-1]), NOW_MS))
    await world.export.look()
    await world.export.send()
    assert (world.export.sent, world.export.dropped) == (1, 2)


async def test_an_outcome_whose_decision_was_made_before_the_start_is_no_story(world: World) -> None:
    await world.write((ended(decision()), NOW_MS))
    await world.export.look()
    await world.export.send()
    assert (world.requests, world.export.sent, world.export.dropped) == ([], 0, 0)


async def test_a_story_that_is_sent_twice_is_the_same_trace_and_the_same_spans() -> None:
    first, second = World(), World()
    for world in (first, second):
        await world.write(*ROLLBACK)
        await world.export.look()
        await world.export.send()
    assert [span.span_id for span in first.spans()] == [span.span_id for span in second.spans()]
    assert len({span.span_id for span in first.spans()}) == len(first.spans())


async def test_a_journal_that_cannot_be_read_for_a_while_ends_nothing_and_costs_no_story(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.write(*ROLLBACK)
    read, faults = world.journal.read, [JournalFailed("disk"), JournalFailed("disk")]

    async def failing(after: int, limit: int) -> list[Entry]:
        if faults:
            raise faults.pop()
        return await read(after, limit)

    async def at_once(_clock: SystemClock, _seconds: float) -> None:
        if world.requests:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    monkeypatch.setattr(world.journal, "read", failing)
    monkeypatch.setattr(SystemClock, "sleep", at_once)
    with pytest.raises(asyncio.CancelledError):
        await world.export.run()
    assert world.export.sent == 1
