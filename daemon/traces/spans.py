"""Stories as spans in OpenTelemetry's own encoding."""

from collections.abc import Sequence
from hashlib import sha256

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from daemon.traces.story import Step, Story, trace_id_of

NANOSECONDS_PER_MILLISECOND = 1_000_000


class SpanEncoder:
    """version: of the daemon. region: where it runs."""

    def __init__(self, version: str, region: str) -> None:
        self._resource = Resource({"service.name": "tillwatch", "service.version": version, "cloud.region": region})
        self._scope = InstrumentationScope("tillwatch.decisions", version)

    def encode(self, stories: Sequence[Story]) -> bytes:
        """An ExportTraceServiceRequest of OTLP: for each story one span over all of it, and its steps below."""
        return bytes(encode_spans([span for story in stories for span in self._spans(story)]).SerializeToString())

    def _spans(self, story: Story) -> list[ReadableSpan]:
        root = _context(story, 0)
        steps = enumerate(story.steps, start=1)
        return [
            self._span(story.whole, root, None, SpanKind.CONSUMER),
            *(self._span(step, _context(story, place), root, SpanKind.INTERNAL) for place, step in steps),
        ]

    def _span(self, step: Step, context: SpanContext, parent: SpanContext | None, kind: SpanKind) -> ReadableSpan:
        return ReadableSpan(
            step.name,
            context,
            parent,
            self._resource,
            step.attributes,
            kind=kind,
            status=Status(StatusCode.ERROR, step.fault) if step.fault else Status(StatusCode.OK),
            start_time=round(step.start_ms * NANOSECONDS_PER_MILLISECOND),
            end_time=round(step.end_ms * NANOSECONDS_PER_MILLISECOND),
            instrumentation_scope=self._scope,
        )


def _context(story: Story, place: int) -> SpanContext:
    """Ids that follow from the decision, so that a story that is sent twice is one trace."""
    span_id = int.from_bytes(sha256(f"{story.decision_id} {place}".encode()).digest()[:8]) or 1
    return SpanContext(trace_id_of(story.decision_id), span_id, is_remote=False, trace_flags=TraceFlags(1))
