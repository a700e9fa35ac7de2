"""The guard rails of automatic actions: cool-down, budgets, freeze, the observe-only switch, limits on fraud lists."""

from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from config.calendars.calendar import DEFAULT_CALENDARS, Calendar
from config.calendars.freeze import Freeze
from config.delivery.names import RegionName
from config.delivery.traffic import RecordName
from config.guardrails import Approvals, MoneyAtRisk, Storm
from config.model import Duration, Model, refusal


class GuardPolicy(Model):
    """What holds an automatic action back.

    cooldown: after an action on a target, no other on it for this long, unless for a release that began later.
    actions_per_hour: automatic actions in any 3,600 s, over all targets; 0 means that none is ever taken.
    scalings_per_hour: changes of capacity, over all components; a budget of its own, so that load spends no rollback.
    region_spill: whether a part of a full region's traffic goes to another one by itself or when people agree.
    evidence_age: a breach whose fact is older than this is stale and starts nothing.
    freezes: may overlap; any one that holds is enough. 100 of them are years of holidays.
    repeats: the same action on the same target within repeats_within, but for a later release; then a person decides.
    """

    observe_only: bool = False
    cooldown: Duration = 300.0
    actions_per_hour: int = Field(default=4, ge=0, le=60)
    scalings_per_hour: int = Field(default=30, ge=0, le=60)
    evidence_age: Duration = 120.0
    repeats: int = Field(default=2, ge=1, le=8)
    repeats_within: Duration = 86_400.0
    freezes: tuple[Freeze, ...] = Field(default=(), strict=False, max_length=100)
    region_spill: Literal["approval", "automatic"] = "approval"


class RegionRoom(Model):
    """What a region is sized for. payments_per_second: it takes over no more than that, its own payments included."""

    payments_per_second: float = Field(gt=0, le=1_000_000, allow_inf_nan=False, examples=[200])


class TrafficPolicy(Model):
    """The weighted DNS record that splits traffic, and how a destination is proven healthy before a shift.

    regions: when there are several. The record then splits between them, and each splits between its environments.
    """

    record_name: RecordName = "payments.tillwatch.test."
    regions: dict[RegionName, RegionRoom] = Field(default_factory=dict, max_length=16)
    destination_checks: int = Field(default=2, ge=1, le=10)
    destination_timeout: Duration = 2.0
    verify_timeout: Duration = 10.0

    @model_validator(mode="after")
    def _none_or_several(self) -> "TrafficPolicy":
        if len(self.regions) == 1:
            what = f"{next(iter(self.regions))} is the only region, so nothing can be split between regions"
            raise refusal(what, "name at least two regions, or none", ("regions",))
        return self

    def record_of(self, region: str) -> str:
        """The name that splits a region's traffic between environments, where DNS does."""
        return f"{region}.{self.record_name}" if self.regions else self.record_name

    def target_of(self, region: str) -> str:
        """What the journal calls the split of a region's traffic between environments."""
        return f"dns:{self.record_of(region).rstrip('.')}"

    @property
    def target_between(self) -> str:
        """What the journal calls the split between regions."""
        return f"dns:{self.record_name.rstrip('.')}"

    @property
    def action_seconds(self) -> float:
        """The longest that a shift of traffic may take: every check of the destination, then the verifying look."""
        return self.destination_checks * self.destination_timeout + self.verify_timeout


class FraudPolicy(Model):
    """How far automatic actions against fraud may go.

    block_for, review_for, stricter_for: how long an entry on that list lasts. stricter_points: how much stricter.
    actions_per_hour: entries in any 3,600 s; a budget of its own, so that an attack cannot spend the one of rollbacks.
    entries_max: automatic entries in force at once; beyond it a person decides, because the attack is another one.
    kill_switch: whether ``kill.switch`` may hold every payment by itself; until then it is decided and not done.
    """

    block_for: Duration = 86_400.0
    review_for: Duration = 14_400.0
    stricter_for: Duration = 3_600.0
    stricter_points: int = Field(default=200, ge=1, le=1000)
    actions_per_hour: int = Field(default=20, ge=0, le=60)
    entries_max: int = Field(default=100, ge=0, le=500)
    kill_switch: bool = False


class SeverityLevel(Model):
    """respond_within: until somebody has taken the incident on. action: what they are asked to do."""

    respond_within: Duration
    action: str = Field(min_length=1, max_length=200, examples=["Isolate the component and fail over"])


class Severities(Model):
    """The owner's three levels of incidents: critical is 1, high is 2, medium is 3."""

    critical: SeverityLevel = SeverityLevel(
        respond_within=900.0, action="Activate the kill switch at once: POST /v1/control, mode holding"
    )
    high: SeverityLevel = SeverityLevel(respond_within=1_800.0, action="Isolate the component and fail over")
    medium: SeverityLevel = SeverityLevel(respond_within=3_600.0, action="Investigate and optimize")

    @model_validator(mode="after")
    def _graver_is_answered_sooner(self) -> "Severities":
        names = ("critical", "high", "medium")
        for graver, milder in pairwise(names):
            sooner, later = getattr(self, graver).respond_within, getattr(self, milder).respond_within
            if sooner > later:
                what = f"{graver} may wait {sooner:g}s, longer than {milder} with {later:g}s"
                raise refusal(what, f"write at most {later:g}s", (graver, "respond_within"))
        return self


class Policy(Model):
    """``policy.yaml``: everything an operator tunes about acting."""

    guard: GuardPolicy = GuardPolicy()
    traffic: TrafficPolicy = TrafficPolicy()
    fraud: FraudPolicy = FraudPolicy()
    severities: Severities = Severities()
    calendars: tuple[Calendar, ...] = Field(default_factory=lambda: DEFAULT_CALENDARS, strict=False, max_length=50)
    approvals: Approvals = Approvals()
    money_at_risk: MoneyAtRisk = MoneyAtRisk()
    storm: Storm = Storm()

    @property
    def closing(self) -> tuple[Calendar, ...]:
        """Everything that closes: the guard's freezes, as one calendar that holds rollbacks too, then the calendars."""
        freezes = self.guard.freezes
        hard = (Calendar(name="guard-freezes", kind="freeze", safety="held", freezes=freezes),) if freezes else ()
        return (*hard, *self.calendars)

    @model_validator(mode="after")
    def _each_calendar_once(self) -> "Policy":
        names = [calendar.name for calendar in self.calendars]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise refusal(
                    f"the calendar {name} stands here a second time", "rename it", ("calendars", place, "name")
                )
        return self

    @model_validator(mode="after")
    def _cooldown_outlives_the_action(self) -> "Policy":
        if self.guard.cooldown < self.traffic.action_seconds:
            longest = f"{self.traffic.action_seconds:g}s"
            what = (
                f"cooldown is {self.guard.cooldown:g}s, but one shift of traffic may take {longest} "
                "(destination_checks x destination_timeout + verify_timeout), so a second could start within the first"
            )
            raise refusal(what, f"write a cooldown of at least {longest}", ("guard", "cooldown"))
        return self
