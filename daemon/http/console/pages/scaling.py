"""The page of capacity: what each component has, wants and may have, its dollars, its plan, and each decision's why."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.http.console.capacity_rows import CapacityPanel, capacity_panel
from daemon.http.console.figures.shown import Figure
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, REASON_OF_CAPACITY, Moment, moment
from daemon.scaling.desk import ComponentStatus, ScalingDesk
from remediation.scaling.needs import dollars


@dataclass(frozen=True, slots=True)
class SignalRow:
    """What a component was last seen to do. Each is no data where it could not be told."""

    place: str
    kind: str
    bounds: str
    in_flight: str
    requests: str
    throttled: str
    queue: str
    outlook: str
    outlook_words: str
    read: Moment | None


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A component's newest decision with its dollars."""

    place: str
    at: Moment
    direction: str
    reason: str
    words: str
    current: str
    wanted: str
    target: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A peak that holds or comes."""

    place: str
    name: str
    state: str
    begins: Moment
    ends: Moment
    units: str


@dataclass(frozen=True, slots=True)
class ScalingPage:
    """capacity: None where no capacity is looked after."""

    figures: tuple[Figure, ...]
    capacity: CapacityPanel | None
    signals: tuple[SignalRow, ...]
    decisions: tuple[NeedRow, ...]
    plan: tuple[PlanRow, ...]


def compose(scene: Scene, _of: str) -> ScalingPage:
    """From the scaling desk."""
    desk, now_ms = scene.options.scaling, scene.now_ms
    found = [] if desk is None or desk.mode == "off" else desk.status()
    plans = [(one, peak) for one in found for peak in one.peaks]
    return ScalingPage(
        figures=tuple(_figures(desk, found)),
        capacity=capacity_panel(desk, now_ms),
        signals=tuple(_signal(one, now_ms) for one in found),
        decisions=tuple(row for one in found if (row := _need(one, now_ms)) is not None),
        plan=tuple(
            PlanRow(
                place=one.place,
                name=peak.name,
                state="in force" if peak.from_ms <= now_ms else "coming",
                begins=moment(peak.from_ms, now_ms),
                ends=moment(peak.until_ms, now_ms),
                units=f"{peak.min} to {peak.max}",
            )
            for one, peak in sorted(plans, key=lambda pair: pair[1].from_ms)
        ),
    )


def _figures(desk: ScalingDesk | None, found: list[ComponentStatus]) -> Iterator[Figure]:
    if desk is None or desk.mode == "off":
        yield Figure("Capacity", NO_DATA, "mode is off in scaling.yaml, or it names no component")
        return
    known = [
        one for one in found if one.decision is not None and one.reading is not None and one.reading.desired is not None
    ]
    hourly = sum(one.decision.hourly_before_microdollars for one in known if one.decision is not None)
    note = f"of {dollars(desk.cap_microdollars)} an hour" + (
        f", {len(found) - len(known)} not read" if len(known) < len(found) else ""
    )
    over = hourly > desk.cap_microdollars
    yield Figure("Costs now", dollars(hourly) if known else NO_DATA, note, "bad" if over else "")
    spent = sum(one.spent_microdollars for one in found)
    yield Figure("Spent in the hour", dollars(spent) if found else NO_DATA, "of what is looked after here")
    short = sum(one.decision is not None and one.decision.page for one in found)
    yield Figure(
        "Short of units",
        str(short) if known else NO_DATA,
        f"of {len(found)} components",
        "bad" if short else "good" if known else "",
    )
    pinned = sum(one.pin is not None for one in found)
    yield Figure("Set by hand", str(pinned), "load has no say there" if pinned else "", "odd" if pinned else "")
    yield Figure(
        "Mode", desk.mode, {"act": "it changes capacity", "observe": "it only says what it would do"}.get(desk.mode, "")
    )


def _signal(one: ComponentStatus, now_ms: int) -> SignalRow:
    reading = one.reading
    told = {name: None if reading is None else getattr(reading, name) for name in ("in_flight", "throttled")}
    requests = None if reading is None else reading.requests_per_second
    queue = None if reading is None else reading.queue_age_seconds
    return SignalRow(
        place=one.place,
        kind=one.kind,
        bounds=f"{one.least} to {one.most}",
        in_flight=_shown(told["in_flight"]),
        requests=NO_DATA if requests is None else f"{requests:.1f} / s",
        throttled=_shown(told["throttled"]),
        queue=NO_DATA if queue is None else f"{queue:.0f} s",
        outlook=NO_DATA if one.outlook is None else f"{one.outlook:.1f} / s",
        outlook_words=one.outlook_words,
        read=None if reading is None else moment(reading.at_ms, now_ms),
    )


def _shown(number: int | None) -> str:
    return NO_DATA if number is None else str(number)


def _need(one: ComponentStatus, now_ms: int) -> NeedRow | None:
    decision = one.decision
    if decision is None:
        return None
    return NeedRow(
        place=one.place,
        at=moment(decision.at_ms, now_ms),
        direction={"out": "more", "in": "less", "none": "as it is"}[decision.direction.value],
        reason=REASON_OF_CAPACITY[decision.reason],
        words=decision.words,
        current=_shown(decision.current),
        wanted=_shown(decision.wanted),
        target=_shown(decision.target),
        before=dollars(decision.hourly_before_microdollars),
        after=dollars(decision.hourly_after_microdollars),
    )


def glance(scene: Scene) -> Figure:
    """What capacity costs and lacks, for the overview."""
    desk = scene.options.scaling
    found = [] if desk is None or desk.mode == "off" else desk.status()
    figures = {one.label: one for one in _figures(desk, found)}
    short, cost = figures.get("Short of units"), figures.get("Costs now")
    if short is None or cost is None or not short.is_known:
        return Figure("Capacity", NO_DATA, "nothing is read", href="/console/scaling")
    lacks = f"{short.shown} short" if short.tone == "bad" else "enough"
    return Figure("Capacity", lacks, f"{cost.shown} {cost.note}", short.tone, href="/console/scaling")


SCALING = ConsolePage(
    name="scaling",
    title="Capacity",
    path="/console/scaling",
    section="scaling",
    panels=("figures", "capacity", "capacity-decisions", "capacity-signals", "capacity-plan"),
    compose=compose,
)
