"""The metrics of capacity: what each component has and needs, what it costs, and where nobody knows."""

from daemon.http.metric_name import MetricName, Values
from daemon.scaling.desk import ComponentStatus, ScalingDesk

_PLACE = ("component", "region")
UNITS = MetricName(
    "till_scaling_units", "gauge", "Units of a component: desired, in_service, wanted, least, most.", (*_PLACE, "what")
)
LOAD = MetricName(
    "till_scaling_utilization_ratio", "gauge", "How full a component's units are; absent when unknown.", _PLACE
)
COST = MetricName(
    "till_scaling_hourly_dollars", "gauge", "What a component costs an hour as it is, and its cap.", (*_PLACE, "what")
)
SHORT = MetricName(
    "till_scaling_short", "gauge", "1 while it has less than its load asks for, or costs too much.", _PLACE
)
BLIND = MetricName("till_scaling_blind", "gauge", "1 while nobody knows how many units a component has.", _PLACE)
DRIFT = MetricName(
    "till_scaling_drift", "gauge", "What differs from the configuration at Application Auto Scaling.", _PLACE
)

SCALING_METRICS = (UNITS, LOAD, COST, SHORT, BLIND, DRIFT)
MICRODOLLARS = 1_000_000


def scaling_values(desk: ScalingDesk | None) -> dict[MetricName, Values]:
    """Everything, read now; without a value where no capacity is looked after."""
    found: dict[MetricName, dict[tuple[str, ...], float]] = {metric: {} for metric in SCALING_METRICS}
    for one in [] if desk is None else desk.status():
        place = (one.component, one.region)
        found[UNITS] |= {(*place, what): units for what, units in _units(one).items() if units is not None}
        found[COST] |= {(*place, what): dollars for what, dollars in _dollars(one).items()}
        if one.reading is not None and one.reading.utilization is not None:
            found[LOAD][place] = one.reading.utilization
        if one.decision is not None:
            found[SHORT][place] = one.decision.page
        found[BLIND][place] = one.reading is None or one.reading.desired is None
        found[DRIFT][place] = len(one.drift)
    return dict(found)


def _units(one: ComponentStatus) -> dict[str, int | None]:
    reading = one.reading
    return {
        "desired": None if reading is None else reading.desired,
        "in_service": None if reading is None else reading.in_service,
        "wanted": None if one.decision is None else one.decision.wanted,
        "least": one.least,
        "most": one.most,
    }


def _dollars(one: ComponentStatus) -> dict[str, float]:
    cap = {"cap": one.cap_microdollars / MICRODOLLARS}
    if one.decision is None or one.decision.current is None:
        return cap
    return {"now": one.decision.hourly_before_microdollars / MICRODOLLARS, **cap}
