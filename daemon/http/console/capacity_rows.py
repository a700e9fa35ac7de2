"""The console's panel of capacity: what each component has against what it needs, its dollars, and why not more."""

from dataclasses import dataclass
from typing import Literal

from daemon.http.words.wording import NO_DATA, REASON_OF_CAPACITY, Moment, moment
from daemon.scaling.desk import ComponentStatus, ScalingDesk
from remediation.scaling.needs import dollars


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """A component. units: serving of those asked for; needed: as far as is known; beside: what else is to be said."""

    place: str
    units: str
    needed: str
    load: str
    cost: str
    cap: str
    state: Literal["short", "unknown", "enough"]
    why: str
    words: str
    decided: Moment | None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CapacityPanel:
    """mode: as in scaling.yaml."""

    mode: str
    rows: tuple[CapacityRow, ...]


def capacity_panel(desk: ScalingDesk | None, now_ms: int) -> CapacityPanel | None:
    """The panel, what is short first; None where no capacity is looked after."""
    if desk is None or desk.mode == "off":
        return None
    rows = sorted(
        (_row(one, now_ms) for one in desk.status()), key=lambda row: ("short", "unknown", "enough").index(row.state)
    )
    return CapacityPanel(desk.mode, tuple(rows))


def _row(one: ComponentStatus, now_ms: int) -> CapacityRow:
    reading, decision = one.reading, one.decision
    known = reading is not None and reading.desired is not None
    state: Literal["short", "unknown", "enough"] = "enough" if known else "unknown"
    if decision is not None and decision.page:
        state = "short"
    return CapacityRow(
        place=one.place,
        units=f"{reading.in_service} of {reading.desired}" if reading is not None and known else NO_DATA,
        needed=NO_DATA if decision is None or not known else f"{decision.wanted} of at most {one.most}",
        load=NO_DATA if reading is None or reading.utilization is None else f"{reading.utilization:.0%}",
        cost=NO_DATA if decision is None or not known else dollars(decision.hourly_before_microdollars),
        cap=dollars(one.cap_microdollars),
        state=state,
        why="" if decision is None else REASON_OF_CAPACITY[decision.reason],
        words="" if decision is None else decision.words,
        decided=None if decision is None else moment(decision.at_ms, now_ms),
        beside=_beside(one, now_ms),
    )


def _beside(one: ComponentStatus, now_ms: int) -> tuple[str, ...]:
    lines = [*(f"at Application Auto Scaling: {drift}" for drift in one.drift)]
    if one.pin is not None and one.pin.until_ms > now_ms:
        until = moment(one.pin.until_ms, now_ms).text
        lines.append(f"{one.pin.by} set {one.pin.units} until {until}: {one.pin.why}")
    if one.emergency:
        lines.append("an emergency is on")
    if one.changing:
        lines.append(f"{one.changing} is changing it")
    return (*lines, f"not read: {one.fault}") if one.fault else tuple(lines)
