"""Times as people give them to a command: a span such as 2h, a moment as ISO 8601 with its offset."""

from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from config.model import Duration
from daemon.cli.output import Exit, fail

_SPAN: TypeAdapter[float] = TypeAdapter(Duration)


def span_ms(text: str) -> int:
    """``90m`` as milliseconds. Ends the command with 2 when it is none."""
    try:
        return round(_SPAN.validate_python(text) * 1000)
    except ValidationError:
        fail(f"{text!r:.40} is no time span\n  fix: write a number and a unit, such as 30m, 2h or 1d", Exit.BAD_INPUT)


def moment_ms(text: str) -> int:
    """``2026-11-01T01:30-05:00`` as Unix epoch milliseconds. Ends the command with 2 when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        fix = "write ISO 8601 with an offset, such as 2026-11-01T01:30-05:00 or 2026-11-01T06:30Z"
        fail(f"{text!r:.40} is no moment\n  fix: {fix}", Exit.BAD_INPUT)
    return round(moment.timestamp() * 1000)


def shown(at_ms: int) -> str:
    """A moment in UTC, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
