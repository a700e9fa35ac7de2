"""The one line on top of the console: an incident, safe, or not known; what is not known is never called safe."""

from collections.abc import Sequence
from dataclasses import replace

from checks.findings import State as ReadingState
from checks.readings import Reading
from daemon.http.console.page import SourceRow, Verdict
from daemon.http.words.wording import against, counted, key_text, what_was_done
from daemon.view.shape import SystemView
from remediation.guardrails.halts import halted

NAMED_BREACHES = 2
"""The line names so many; the table below has all."""


def verdict(view: SystemView, readings: Sequence[Reading], sources: Sequence[SourceRow]) -> Verdict:
    """An incident first, then whatever keeps us from knowing, then safe. Shadow rules have no say."""
    enforced = [reading for reading in readings if reading.mode == "enforce"]
    breached = [reading for reading in enforced if reading.state is ReadingState.BREACHED]
    numbers = "; ".join(
        f"{reading.rule_id} for {key_text(reading.key)} is {reading.shown}{against(reading.breach)}"
        for reading in breached[:NAMED_BREACHES]
    )
    held = halted(view.state())
    # Whatever else is wrong, whoever looks has to know that nothing will be done about it.
    stop = f" {held[:1].upper()}{held[1:]}." if held else ""
    unresolved = [one for one in view.state().incidents.values() if one.is_counted_open]
    if unresolved:
        critical = sum(one.severity == 1 for one in unresolved)
        headline = f"{counted(len(unresolved), 'incident')} open" + (f", {critical} critical" if critical else "")
        seen = f"{numbers}." if numbers else "Nothing is breached any more."
        done = what_was_done(unresolved[-1])
        return Verdict("incident", headline, f"{seen} {done[:1].upper()}{done[1:]}.{stop}")
    if breached:
        return Verdict("incident", f"{counted(len(breached), 'check')} breached", f"{numbers}.{stop}")
    unknown = _why_unknown(view, enforced, sources)
    if unknown is not None:
        return replace(unknown, detail=f"{unknown.detail.rstrip('.')}.{stop}") if stop else unknown
    if stop:
        return Verdict("unknown", "Automation stopped", f"{stop.strip()} Nothing acts by itself.")
    clear = sum(reading.state is ReadingState.CLEARED for reading in enforced)
    return Verdict("safe", "Safe", f"{counted(clear, 'check')} clear, none breached, no source is stale.")


def _why_unknown(view: SystemView, enforced: Sequence[Reading], sources: Sequence[SourceRow]) -> Verdict | None:
    ready, reason = view.ready()
    if not ready:
        return Verdict("unknown", "Not ready", reason)
    stale = [source.name for source in sources if source.state == "stale"]
    if stale:
        return Verdict("unknown", "Cannot tell", f"Nothing fresh from {', '.join(stale)}.")
    if all(source.state == "silent" for source in sources):
        return Verdict("unknown", "No data yet", "No source has delivered anything.")
    if all(reading.state is ReadingState.NO_DATA for reading in enforced):
        return Verdict("unknown", "No data yet", "No rule has seen enough to judge.")
    return None
