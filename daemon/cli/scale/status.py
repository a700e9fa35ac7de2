"""``tillwatch scale status`` and ``plan``: what every component has and costs, why not more, and what comes next."""

from datetime import UTC, datetime

from daemon.cli.asking_daemon import ask
from daemon.cli.options import Json, Token, Url
from daemon.cli.output import print_json, say
from daemon.http.words.wording import REASON_OF_CAPACITY
from daemon.scaling.desk import ComponentStatus
from daemon.scaling.documents import ScalingDocument
from remediation.scaling.model import Reading
from remediation.scaling.needs import dollars


def status(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """What each component has, what its load asks for, what it costs, and why not more. Exit 0."""
    found: ScalingDocument = ask("GET", url, token, "scaling", ScalingDocument)
    if as_json:
        print_json(found)
        return
    cap = dollars(found.hourly_cap_microdollars)
    say(f"mode {found.mode}; {dollars(found.hourly_microdollars)} an hour of {cap}")
    _say_if_none(found)
    for one in found.components:
        say(f"{one.place}: {_size(one)}, {one.least} to {one.most}; {_load(one.reading)}")
        if one.decision is not None:
            say(f"  {REASON_OF_CAPACITY[one.decision.reason]} ({one.decision.source.value}): {one.decision.words}")
        for line in _beside(one):
            say(f"  {line}")


def plan(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """What would be done now, what is expected, and which peaks are planned. Changes nothing. Exit 0."""
    found: ScalingDocument = ask("GET", url, token, "scaling", ScalingDocument)
    if as_json:
        print_json(found)
        return
    _say_if_none(found)
    for one in found.components:
        decision = one.decision
        say(f"{one.place}: {'nobody knows' if decision is None else decision.words}")
        if one.outlook is not None:
            say(f"  up to {one.outlook:.4g} requests/s are expected while new units would warm up")
        elif one.outlook_words:
            say(f"  no forecast: {one.outlook_words}")
        for peak in one.peaks:
            say(f"  {peak.name}: at least {peak.min}, at most {peak.max}, {_at(peak.from_ms)} to {_at(peak.until_ms)}")


def _say_if_none(found: ScalingDocument) -> None:
    if not found.components:
        say("no component is looked at; see mode and components in scaling.yaml")


def _size(one: ComponentStatus) -> str:
    reading = one.reading
    if reading is None or reading.desired is None:
        return "units not known"
    serving = "" if reading.in_service == reading.desired else f" ({reading.in_service} in service)"
    return f"{reading.desired} units{serving}"


def _load(reading: Reading | None) -> str:
    """What is known of it; what is not known is left out, and nothing known is said so."""
    if reading is None:
        return "no look yet"
    told = [
        "" if reading.utilization is None else f"{reading.utilization:.0%} full",
        "" if reading.requests_per_second is None else f"{reading.requests_per_second:.4g} requests/s",
        "" if reading.concurrency is None else f"{reading.concurrency} at once",
        "" if reading.queue_age_seconds is None else f"work waits {reading.queue_age_seconds:.0f} s",
        "" if not reading.throttled else f"{reading.throttled} turned away",
    ]
    known = [part for part in told if part]
    return ", ".join(known) if known else "load not known"


def _beside(one: ComponentStatus) -> list[str]:
    lines = [f"spent {dollars(one.spent_microdollars)} in the last hour, its cap is {dollars(one.cap_microdollars)}"]
    if one.pin is not None:
        lines.append(f"{one.pin.by} set {one.pin.units} until {_at(one.pin.until_ms)}: {one.pin.why}")
    if one.emergency:
        lines.append("an emergency is on; it ends by itself")
    if one.changing:
        lines.append(f"{one.changing} is changing it")
    lines += [f"at Application Auto Scaling: {drift}" for drift in one.drift]
    return [*lines, f"not read: {one.fault}"] if one.fault else lines


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
