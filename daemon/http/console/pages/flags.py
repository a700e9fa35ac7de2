"""The pages of flags: what each serves to whom and who follows, and one flag with its rules, its ramp and its past."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import msgspec

from daemon.flags.followers import Follower
from daemon.flags.parts import FlagParts
from daemon.flags.view import ChangeRow, FlagDocument, FlagRow, flag_document, flag_history, flag_list
from daemon.http.console.figures.shown import Figure
from daemon.http.console.flag_rows import AS_DOCUMENT, FlagPanel, flag_panel
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.targeting import targeting_lines
from daemon.http.words.wording import NO_DATA, Moment, count, duration, moment, window, words
from remediation.flags.document import flags_of
from remediation.flags.model import Ramp

Tone = Literal["", "cleared", "pending", "breached", "no_data"]


@dataclass(frozen=True, slots=True)
class FlagListRow:
    """A flag. state: as document, set, ramping or killed."""

    key: str
    href: str
    description: str
    owner: str
    critical: bool
    serves: str
    safe: str
    state: str
    tone: Tone
    changed: Moment | None
    by: str


@dataclass(frozen=True, slots=True)
class FollowerRow:
    """A process that serves flags. state: follows, lags, strays or silent."""

    process: str
    version: str
    state: str
    tone: Tone
    heard: str


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant with its value. marks: default, safe."""

    name: str
    value: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RampRow:
    """One step of a ramp. asks: for what it waits. within: its time. state: done, now or ahead."""

    percent: str
    asks: str
    within: str
    state: str


@dataclass(frozen=True, slots=True)
class PastRow:
    """One change. note: that nothing came of it."""

    version: str
    at: Moment
    by: str
    what: str
    serves: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class FlagsPage:
    """rows: killed first. panel: None where no flags are kept."""

    figures: tuple[Figure, ...]
    panel: FlagPanel | None
    rows: tuple[FlagListRow, ...]
    followers: tuple[FollowerRow, ...]


@dataclass(frozen=True, slots=True)
class FlagPage:
    """One flag. targeting: the document's rule in words, one line each; override: what is set in its place.

    Both with their JSON beneath, and empty without a rule. critical: changing it needs a second person.
    """

    key: str
    figures: tuple[Figure, ...]
    description: str
    owner: str
    critical: bool
    killed: str
    serves: str
    waits: str
    ramp: tuple[RampRow, ...]
    ramp_percent: int | None
    variants: tuple[VariantRow, ...]
    targeting: tuple[str, ...]
    targeting_json: str
    override: tuple[str, ...]
    override_json: str
    past: tuple[PastRow, ...]
    followers: tuple[FollowerRow, ...]


def compose_list(scene: Scene, _of: str) -> FlagsPage:
    """From the flags' book and what processes report."""
    parts, now_ms = scene.options.flags, scene.now_ms
    panel = flag_panel(parts, now_ms)
    if parts is None or panel is None:
        return FlagsPage((), None, (), ())
    found = flag_list(parts, now_ms)
    order = {"killed": 0, "ramping": 1, "set": 2}
    rows = sorted((_row(one, now_ms) for one in found.flags), key=lambda row: (order.get(row.state, 3), row.key))
    return FlagsPage(tuple(_figures(rows, panel)), panel, tuple(rows), _followers(found.processes, now_ms))


def compose_one(scene: Scene, of: str) -> FlagPage | None:
    """The flag with this name."""
    parts, now_ms = scene.options.flags, scene.now_ms
    if parts is None or of not in flags_of(parts.changes.book):
        return None
    flag = flag_document(parts, of)
    row, ramp = _row(flag, now_ms), flag.ramp
    return FlagPage(
        key=of,
        figures=tuple(_flag_figures(flag, row)),
        description=flag.description,
        owner=flag.owner,
        critical=flag.critical,
        killed="" if flag.killed is None else f"killed by {flag.killed.by}: {flag.killed.reason}",
        serves=flag.serves,
        waits=flag.ramp_waits,
        ramp=() if ramp is None else tuple(_steps(ramp)),
        ramp_percent=None if ramp is None else ramp.percent,
        variants=tuple(_variants(flag)),
        targeting=targeting_lines(flag.definition.get("targeting")),
        targeting_json=_lines(flag.definition.get("targeting")),
        override=targeting_lines(flag.targeting),
        override_json=_lines(flag.targeting),
        past=tuple(_past(one, now_ms) for one in flag_history(parts, of).changes),
        followers=_followers(_processes(parts, now_ms), now_ms),
    )


def _processes(parts: FlagParts, now_ms: int) -> Sequence[Follower]:
    return parts.followers.rows(parts.changes.book.version, now_ms)


def _row(one: FlagRow, now_ms: int) -> FlagListRow:
    state, tone = _state(one)
    return FlagListRow(
        key=one.key,
        href=f"/console/flags/{quote(one.key, safe='')}",
        description=one.description,
        owner=one.owner,
        critical=one.critical,
        serves=one.serves,
        safe=one.safe_default,
        state=state,
        tone=tone,
        changed=moment(one.changed_at_ms, now_ms) if one.changed_at_ms else None,
        by=one.changed_by,
    )


def _state(one: FlagRow) -> tuple[str, Tone]:
    if one.killed is not None:
        return "killed", "breached"
    if one.ramp is not None:
        return "ramping", "pending"
    return ("set", "pending") if one.serves != AS_DOCUMENT else ("as document", "cleared")


def _figures(rows: Sequence[FlagListRow], panel: FlagPanel) -> Iterator[Figure]:
    killed = sum(row.state == "killed" for row in rows)
    yield Figure("Flags", count(len(rows)), f"version {panel.version} of the document")
    yield Figure(
        "Killed", count(killed), "they serve their safe default" if killed else "", "bad" if killed else "good"
    )
    moved = sum(row.state in {"set", "ramping"} for row in rows)
    yield Figure("Set or ramping", count(moved), "", "odd" if moved else "")
    heard = panel.followed != NO_DATA
    yield Figure(
        "Followed",
        panel.followed,
        "" if heard else "no process says what it serves",
        "bad" if panel.faults else "good" if heard else "",
    )


def _flag_figures(flag: FlagDocument, row: FlagListRow) -> Iterator[Figure]:
    tones: Mapping[str, Literal["", "good", "bad", "odd"]] = {"breached": "bad", "pending": "odd", "cleared": "good"}
    yield Figure("State", row.state, "", tones.get(row.tone, ""))
    yield Figure("Serves", flag.safe_default if flag.killed is not None else flag.serves)
    yield Figure("Safe default", flag.safe_default if flag.safe_default else NO_DATA)
    if flag.ramp is not None:
        yield Figure("Ramp", f"{flag.ramp.percent} %", flag.ramp_waits)


def _followers(processes: Sequence[Follower], now_ms: int) -> tuple[FollowerRow, ...]:
    return tuple(_follower(one, now_ms) for one in processes)


def _follower(one: Follower, now_ms: int) -> FollowerRow:
    state: str
    tone: Tone
    if not one.live:
        state, tone = "silent", "no_data"
    elif one.strays:
        state, tone = "strays", "breached"
    elif one.lags:
        state, tone = "lags", "breached"
    else:
        state, tone = ("follows", "cleared") if one.follows else ("joining", "pending")
    heard = duration(max(0, now_ms - one.heard_at_ms))
    return FollowerRow(one.report.process, count(one.report.version), state, tone, f"{heard} ago")


def _variants(flag: FlagDocument) -> Iterator[VariantRow]:
    for name, value in flag.definition["variants"].items():
        marks = [mark for mark, of in (("default", flag.default_variant), ("safe", flag.safe_default)) if of == name]
        yield VariantRow(name, msgspec.json.encode(value).decode(), tuple(marks))


def _past(one: ChangeRow, now_ms: int) -> PastRow:
    note = "nothing came of it: the flag was killed" if one.void else ""
    return PastRow(
        count(one.version), moment(one.at_ms, now_ms), one.by, words(one.what.value), one.serves, one.reason, note
    )


def _steps(ramp: Ramp) -> Iterator[RampRow]:
    for step in ramp.plan.steps:
        state = "done" if step.percent < ramp.percent else "now" if step.percent == ramp.percent else "ahead"
        asks = f"{count(step.samples)} payments of {ramp.plan.to_variant}, at least {window(step.hold_seconds)}"
        yield RampRow(f"{step.percent} %", asks, window(step.within_seconds), state)


def _lines(rules: object) -> str:
    return msgspec.json.format(msgspec.json.encode(rules), indent=2).decode() if rules else ""


def glance(scene: Scene) -> Figure:
    """What is killed or set, for the overview."""
    parts = scene.options.flags
    if parts is None:
        return Figure("Flags", NO_DATA, "none are kept here", href="/console/flags")
    flags = parts.changes.book.flags.values()
    killed = sum(one.killed is not None for one in flags)
    moved = sum(one.killed is None and one.setting is not None for one in flags)
    shown = f"{killed} killed" if killed else "none killed"
    note = f"{moved} set or ramping" if moved else "as the document says"
    return Figure("Flags", shown, note, "bad" if killed else "", href="/console/flags")


FLAGS = ConsolePage(
    name="flags",
    title="Flags",
    path="/console/flags",
    section="flags",
    panels=("figures", "flag-list", "followers"),
    compose=compose_list,
)

FLAG = ConsolePage(
    name="flag",
    title="Flag",
    path="/console/flags/{of}",
    section="flags",
    panels=("flag", "flag-past", "followers"),
    compose=compose_one,
)
