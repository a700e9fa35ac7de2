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
from daemon.traces.story import NOTICES_MAX, STORIES_MAX
from remediation.decisions import Decision, Outcome, OutcomeStatus, Reason
from remediation.errors import JournalFailed
from remediation.escalation.notices import Notice, Target
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import EscalationStep, NoticeFailed, NoticeSent
from remediation.journal.kinds import Body, Intent, draft
from remediation.journal.memory import MemoryJournal
from remediation.tracing import CALLED, span_id_of, trace_id_of, traced, traceparent_now
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


FOUND = ["fact received", "rule evaluated", "decided"]
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def page(number: int = 1) -> Notice:
    """What somebody is told of what the story decides on."""
    return Notice(
        incident_id="inc-4",
        generation=1,
        kind="trigger",
        severity=1,
        title="critical",
        body="",
        step=number,
        target=Target(person="oncall", channel="pagerduty"),
        trace_id=trace_id_of(decision().finding),
    )


def told(*notices: Notice) -> EscalationStep:
    """The step with which these are due."""
    return EscalationStep(incident_id="inc-4", generation=1, number=1, notices=notices)


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
    assert [step.name for step in steps] == [*FOUND, "intent journaled", "action called", "verified"]
    assert {span.trace_id.hex() for span in (root, *steps)} == {trace_id_of(decision().finding)}
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
    assert [step.name for step in steps] == FOUND


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


async def test_a_notice_is_in_the_trace_of_what_it_tells_below_its_first_span(world: World) -> None:
    sent = NoticeSent(incident_id="inc-4", notice_id=page().id, channel="pagerduty")
    await world.write((told(page()), NOW_MS - 94_940), *ROLLBACK, (sent, NOW_MS - 94_000))
    await world.export.look()
    await world.export.send()
    root, notice = world.spans()[0], world.spans()[-1]
    assert (notice.name, notice.trace_id) == ("notice sent", root.trace_id)
    assert notice.parent_span_id == root.span_id
    assert notice.end_time_unix_nano - notice.start_time_unix_nano == 940_000_000
    assert {pair.key: pair.value.string_value for pair in notice.attributes}["till.channel"] == "pagerduty"


async def test_a_notice_that_nobody_took_is_an_error_once_it_is_given_up(world: World) -> None:
    failed = [
        NoticeFailed(incident_id="inc-4", notice_id=page().id, channel="slack", why="HTTP 503", final=final)
        for final in (False, True)
    ]
    await world.write((told(page()), NOW_MS), (failed[0], NOW_MS + 1), (failed[1], NOW_MS + 2))
    await world.export.look()
    await world.export.send()
    (notice,) = world.spans()
    assert (notice.status.code, notice.status.message) == (Status.StatusCode.STATUS_CODE_ERROR, "HTTP 503")


async def test_notices_without_a_channel_are_remembered_up_to_a_limit_and_counted(world: World) -> None:
    notices = [page(number) for number in range(NOTICES_MAX + 2)]
    await world.write((told(*notices), NOW_MS))
    await world.export.look()
    assert world.export.dropped == 2


async def test_what_is_decided_anew_on_the_same_evidence_is_below_the_first_decision(world: World) -> None:
    await world.write((decision(Reason.COOLING_DOWN, "still 40 s"), NOW_MS), *ROLLBACK)
    await world.export.look()
    await world.export.send()
    first, *_, second = [span for span in world.spans() if span.name.startswith("decide ")]
    assert first.parent_span_id == b""
    assert second.parent_span_id == first.span_id
    assert first.trace_id == second.trace_id
    assert len({span.span_id for span in world.spans()}) == len(world.spans())


async def test_the_trace_of_whoever_sent_the_event_is_a_link(world: World) -> None:
    made = decision()
    caused = msgspec.structs.replace(made, finding=msgspec.structs.replace(made.finding, traceparent=TRACEPARENT))
    await world.write((caused, NOW_MS), (ended(caused), NOW_MS))
    await world.export.look()
    await world.export.send()
    (link,) = world.spans()[0].links
    assert f"00-{link.trace_id.hex()}-{link.span_id.hex()}-01" == TRACEPARENT
    assert world.spans()[0].trace_id != link.trace_id


async def test_the_span_of_the_call_is_the_parent_that_called_services_are_told(world: World) -> None:
    await world.write(*ROLLBACK)
    await world.export.look()
    await world.export.send()
    (call,) = [span for span in world.spans() if span.name == CALLED]
    with traced(trace_id_of(decision().finding), 1):
        assert traceparent_now() == f"00-{call.trace_id.hex()}-{call.span_id.hex()}-01"
    assert traceparent_now() == ""


def test_nothing_is_told_outside_of_a_trace() -> None:
    with traced("", 1):
        assert traceparent_now() == ""


def test_spans_of_one_name_differ_by_trace_and_by_decision() -> None:
    assert len({span_id_of(trace, CALLED, number) for trace in ("a", "b") for number in (1, 2)}) == 4
