"""Stories as spans in OpenTelemetry's own encoding."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from daemon.traces.story import Step, Story
from remediation.tracing import CALLED, parsed_traceparent

NANOSECONDS_PER_MILLISECOND = 1_000_000


class SpanEncoder:
    """version: of the daemon. region: where it runs."""

    def __init__(self, version: str, region: str) -> None:
        self._resource = Resource({"service.name": "tillwatch", "service.version": version, "cloud.region": region})
        self._scope = InstrumentationScope("tillwatch.decisions", version)

    def encode(self, stories: Sequence[Story]) -> bytes:
        """An ExportTraceServiceRequest of OTLP: for each story one span over all of it, and its steps below.

        The trace of whoever sent the fact is a link and no parent: one event of many tips a rule, and caused none of
        what was decided on all of them (OpenTelemetry, semantic conventions for messaging).
        """
        return bytes(encode_spans([span for story in stories for span in self._spans(story)]).SerializeToString())

    def _spans(self, story: Story) -> list[ReadableSpan]:
        whole = _context(story.trace_id, story.whole.span_id)
        parent = _context(story.trace_id, story.parent_id) if story.parent_id else None
        links = _links(story.cause)
        kind = SpanKind.INTERNAL if parent is not None else SpanKind.CONSUMER
        return [
            self._span(story.whole, whole, parent, kind, links),
            *(
                self._span(step, _context(story.trace_id, step.span_id), whole, _kind_of(step.name))
                for step in story.steps
            ),
        ]

    def _span(
        self,
        step: Step,
        context: SpanContext,
        parent: SpanContext | None,
        kind: SpanKind,
        links: Sequence[Link] = (),
    ) -> ReadableSpan:
        return ReadableSpan(
            step.name,
            context,
            parent,
            self._resource,
            step.attributes,
            (),
            links,
            kind=kind,
            status=Status(StatusCode.ERROR, step.fault) if step.fault else Status(StatusCode.OK),
            start_time=round(step.start_ms * NANOSECONDS_PER_MILLISECOND),
            end_time=round(step.end_ms * NANOSECONDS_PER_MILLISECOND),
            instrumentation_scope=self._scope,
        )


def _kind_of(name: str) -> SpanKind:
    return SpanKind.CLIENT if name == CALLED else SpanKind.INTERNAL


def _links(cause: str) -> tuple[Link, ...]:
    parsed = parsed_traceparent(cause)
    return () if parsed is None else (Link(_context(*parsed, is_remote=True)),)


def _context(trace_id: str, span_id: str, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=is_remote, trace_flags=TraceFlags(1))
