"""The console's panel of flags: what each serves, since when and by whom, and which processes do not follow yet."""

from dataclasses import dataclass
from typing import Literal

from daemon.flags.parts import FlagParts
from daemon.flags.view import FlagList, FlagRow, flag_list
from daemon.http.words.wording import NO_DATA, Moment, count, moment

AS_DOCUMENT = "as the document says"
NAMES_MAX = 5
"""Of processes in one line."""


@dataclass(frozen=True, slots=True)
class FlagPanelRow:
    """One flag. tone: how it is coloured; the state says the same. serves: in words. waits: what its ramp waits for."""

    key: str
    title: str
    state: str
    tone: Literal["breached", "pending", "cleared"]
    serves: str
    waits: str
    changed: Moment | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlagPanel:
    """followed: who serves the newest version, in words; no data while nobody says. faults: what is not as it should.

    untouched: flags that are as the document says, by name and variant; they have no rows.
    """

    version: str
    followed: str
    faults: tuple[str, ...]
    rows: tuple[FlagPanelRow, ...]
    untouched: tuple[str, ...]


def flag_panel(parts: FlagParts | None, now_ms: int) -> FlagPanel | None:
    """The panel; None where no flags are kept."""
    if parts is None:
        return None
    found = flag_list(parts, now_ms)
    untouched = tuple(f"{row.key}: {row.default_variant}" for row in found.flags if _is_untouched(row))
    rows = sorted((row for row in found.flags if not _is_untouched(row)), key=lambda row: row.killed is None)
    return FlagPanel(
        version=count(found.version),
        followed=_followed(found),
        faults=_faults(found),
        rows=tuple(_row(row, now_ms) for row in rows),
        untouched=untouched,
    )


def _is_untouched(row: FlagRow) -> bool:
    return row.killed is None and row.serves == AS_DOCUMENT


def _row(row: FlagRow, now_ms: int) -> FlagPanelRow:
    state: str
    tone: Literal["breached", "pending", "cleared"]
    if row.killed is not None:
        state, tone = "killed", "breached"
    elif row.ramp is not None:
        state, tone = f"{row.ramp.percent} %", "pending"
    else:
        state, tone = "set", "pending"
    return FlagPanelRow(
        key=row.key,
        title=row.description,
        state=state,
        tone=tone,
        serves=row.serves,
        waits=row.ramp_waits if row.killed is None else "",
        changed=moment(row.changed_at_ms, now_ms) if row.changed_at_ms else None,
        by=row.changed_by,
        reason=row.reason,
    )


def _followed(found: FlagList) -> str:
    live = [one for one in found.processes if one.live]
    if not live:
        return NO_DATA
    return f"{sum(one.follows for one in live)} of {len(live)} processes serve it"


def _faults(found: FlagList) -> tuple[str, ...]:
    faults = [f"{name} serves an older version" for name in found.lagging[:NAMES_MAX]]
    faults += [f"{name} follows another journal and ignores us" for name in found.straying[:NAMES_MAX]]
    faults += [f"{name} says nothing" for name in found.silent[:NAMES_MAX]]
    hidden = sum(max(0, len(names) - NAMES_MAX) for names in (found.lagging, found.straying, found.silent))
    faults += [f"and {hidden} more"] if hidden else []
    faults += [f"the broker is away: {found.publisher.fault}"] if _broker_away(found) else []
    return (*faults, f"flags.json is not in effect: {found.refused}") if found.refused else tuple(faults)


def _broker_away(found: FlagList) -> bool:
    return found.publisher.broker and not found.publisher.connected
