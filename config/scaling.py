"""How much capacity each component may have, when, by what it is judged, and what it may cost."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.calendars.cron_text import CronText
from config.calendars.peak import PeakPlan
from config.calendars.zones import Zone
from config.delivery.names import AliasName, FunctionName, RegionName
from config.model import Duration, Hold, Model, refusal

MICRODOLLARS_PER_CENT = 10_000
UNITS_MAX = 1_000_000
PROCESSES_MAX = 4
"""Of one machine; more cores than that are no longer a trial."""
DAYS_OF_HISTORY_MAX = 90

Units = Annotated[int, Field(ge=0, le=UNITS_MAX)]
CapCents = Annotated[int, Field(ge=1, le=100_000_000, examples=[200])]
"""A million dollars an hour is a slip of the pen."""
Percent = Annotated[int, Field(ge=1, le=100)]
_AwsName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,255}$", examples=["till-core"])]
ComponentName = Annotated[
    str,
    Field(
        pattern=r"^[a-z]([a-z0-9-]{0,46}[a-z0-9])?$",
        description="Up to 48 lower-case letters, digits and dashes that begin with a letter",
        examples=["core"],
    ),
]
Signal = Literal["utilization", "requests", "concurrency", "queue_age", "throttles"]


class Unit(Model):
    """One unit of capacity: a task, an execution, a capacity unit of a table, a process.

    requests_per_second, concurrency: what it carries when it is full; None: nobody has measured it. Without the one,
    requests say nothing of the need; without the other, each request in flight may need a unit of its own.
    hour_microdollars: millionths of a dollar for an hour of it. source: where that figure comes from.
    warm_up: from the order until it serves. drain: how long a unit that is taken away finishes, and costs.
    """

    requests_per_second: float | None = Field(default=None, gt=0, le=1_000_000, allow_inf_nan=False)
    concurrency: int | None = Field(default=None, ge=1, le=100_000)
    hour_microdollars: int = Field(ge=0, le=1_000_000_000, examples=[19_750])
    source: str = Field(min_length=1, max_length=200)
    warm_up: Hold = 60.0
    drain: Hold = 30.0


class StepPolicy(Model):
    """Above so much utilization at least so many percent of the units are added, whatever the target asks for."""

    above_percent: Percent
    add_percent: int = Field(ge=1, le=1_000)


class CoolDown(Model):
    """scale_out: from one more to the next. scale_in: from any change to the next less; the load of as long counts."""

    scale_out: Hold = 60.0
    scale_in: Hold = 300.0

    @model_validator(mode="after")
    def _slower_down_than_up(self) -> "CoolDown":
        if self.scale_in < self.scale_out:
            what = f"scale_in is {self.scale_in:g}s, shorter than scale_out with {self.scale_out:g}s"
            raise refusal(what, f"write at least {self.scale_out:g}s", ("scale_in",))
        return self


class ScheduleEntry(Model):
    """From a moment of a wall clock on. min: no less than that until the next entry with a ``min``.

    desired: brought up to that at the moment, then load decides again, one ``cool_down.scale_in`` later. A time that
    the clock skips is the moment of the skip; of one that it shows twice, the first.
    """

    cron: CronText
    zone: Zone
    min: Units | None = None
    desired: Units | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "ScheduleEntry":
        if (self.min is None) == (self.desired is None):
            what = "neither min nor desired is given" if self.min is None else "min and desired are both given"
            raise refusal(what, "give one of the two: min holds until the next min, desired is for the moment")
        return self


class Emergency(Model):
    """When ``max`` or the cap is not enough and requests are turned away. Ends by itself, and rests for as long again.

    after: so long it has to be so. lasts: from its begin to its end.
    """

    max: Units
    hourly_cap_cents: CapCents
    after: Hold = 60.0
    lasts: Duration = 1_800.0


class Spill(Model):
    """to: the region that takes new load when this one has no more to add and is so full."""

    to: RegionName
    above_percent: Percent = 90


class Scaled(Model):
    """What is so of every component. min, max: in units, always. target_percent: how full a unit is meant to be.

    band_percent: fewer units only when they would be at most so far below the target.
    signals: what it is judged by; each has to be known before anything is taken away. queue_age: work that waits longer
    asks for more.
    hourly_cap_cents: what it may cost in any 3,600 s. forecast: whether it gets ready for the load that is expected.
    """

    region: RegionName
    min: Units = 1
    max: Units
    unit: Unit
    target_percent: Percent = 60
    band_percent: int = Field(default=10, ge=0, le=90)
    signals: tuple[Signal, ...] = Field(default=("utilization",), strict=False, min_length=1, max_length=5)
    queue_age: Duration | None = None
    steps: tuple[StepPolicy, ...] = Field(default=(), strict=False, max_length=10)
    cool_down: CoolDown = CoolDown()
    schedule: tuple[ScheduleEntry, ...] = Field(default=(), strict=False, max_length=50)
    hourly_cap_cents: CapCents
    emergency: Emergency | None = None
    peaks: tuple[PeakPlan, ...] = Field(default=(), strict=False, max_length=50)
    spill: Spill | None = None
    forecast: bool = True

    @property
    def cap_microdollars(self) -> int:
        """What it may cost in any 3,600 s, but for peaks and emergencies."""
        return self.hourly_cap_cents * MICRODOLLARS_PER_CENT

    @model_validator(mode="after")
    def _limits_fit(self) -> "Scaled":
        if self.max < self.min:
            raise refusal(f"max is {self.max}, less than min with {self.min}", "write the larger one as max", ("max",))
        self._affordable(self.min, self.hourly_cap_cents, "min", ("hourly_cap_cents",))
        for index, entry in enumerate(self.schedule):
            units, name = (entry.desired, "desired") if entry.min is None else (entry.min, "min")
            if units is not None and not self.min <= units <= self.max:
                what = f"{name} is {units}, not between min and max, {self.min} and {self.max}"
                raise refusal(what, "write a number between the two, or widen them", ("schedule", index, name))
        above = [step.above_percent for step in self.steps]
        if above != sorted(set(above)):
            raise refusal("the steps are not in rising order of above_percent", "write each once, rising", ("steps",))
        if "queue_age" in self.signals and self.queue_age is None:
            raise refusal("queue_age is a signal without a limit", "write queue_age, such as 30s", ("signals",))
        for signal, known in (
            ("requests", self.unit.requests_per_second),
            ("concurrency", self.unit.concurrency),
        ):
            if signal in self.signals and known is None:
                field = "requests_per_second" if signal == "requests" else "concurrency"
                what = f"{signal} is a signal, and nothing says how much a unit carries"
                raise refusal(what, f"write unit.{field}, or leave the signal out", ("signals",))
        return self

    @model_validator(mode="after")
    def _exceptions_fit(self) -> "Scaled":
        if self.emergency is not None:
            if self.emergency.max <= self.max:
                what = f"emergency.max is {self.emergency.max}, not more than max with {self.max}"
                raise refusal(what, "write more than max, or leave the emergency out", ("emergency", "max"))
            if self.emergency.hourly_cap_cents < self.hourly_cap_cents:
                what = f"the cap of the emergency is {self.emergency.hourly_cap_cents} cents, less than the usual one"
                raise refusal(what, f"write at least {self.hourly_cap_cents}", ("emergency", "hourly_cap_cents"))
        for index, plan in enumerate(self.peaks):
            cap = self.hourly_cap_cents if plan.hourly_cap_cents is None else plan.hourly_cap_cents
            most = self.max if plan.max is None else plan.max
            if not self.min <= plan.min <= most:
                what = f"min of the plan {plan.name} is {plan.min}, not between {self.min} and {most}"
                raise refusal(what, "write a number between the two, or a max for the plan", ("peaks", index, "min"))
            self._affordable(plan.min, cap, f"min of the plan {plan.name}", ("peaks", index, "hourly_cap_cents"))
            if any(plan.name == other.name for other in self.peaks[:index]):
                raise refusal(f"the plan {plan.name} stands here a second time", "rename it", ("peaks", index, "name"))
        if self.spill is not None and self.spill.to == self.region:
            raise refusal("it would spill into its own region", "name another one", ("spill", "to"))
        return self

    def _affordable(self, units: int, cap_cents: int, name: str, at: tuple[str | int, ...]) -> None:
        cost = units * self.unit.hour_microdollars
        if cost > cap_cents * MICRODOLLARS_PER_CENT:
            least = -(-cost // MICRODOLLARS_PER_CENT)
            what = f"{units} units ({name}) cost {least} cents an hour, more than the cap of {cap_cents}"
            raise refusal(what, f"write at least {least}, or fewer units", at)


class _Managed(Scaled):
    """application_auto_scaling: AWS tracks the target and takes the steps, and decisions raise its minimum."""

    application_auto_scaling: bool = False


class EcsService(_Managed):
    """The desired count of a service."""

    kind: Literal["ecs_service"]
    cluster: _AwsName
    service: _AwsName


class LambdaFunction(_Managed):
    """Concurrent executions of a function. reserved: of all its aliases; provisioned: warm ones of one alias."""

    kind: Literal["lambda_function"]
    function: FunctionName
    concurrency: Literal["reserved", "provisioned"] = "reserved"
    alias: AliasName | None = None

    @model_validator(mode="after")
    def _provisioned_for_an_alias(self) -> "LambdaFunction":
        if (self.concurrency == "provisioned") != (self.alias is not None):
            has = "has no alias" if self.alias is None else "is of the whole function"
            raise refusal(
                f"{self.concurrency} concurrency {has}", "provisioned names an alias, reserved none", ("alias",)
            )
        if self.concurrency == "reserved" and self.application_auto_scaling:
            what = "Application Auto Scaling knows no reserved concurrency"
            raise refusal(what, "write concurrency: provisioned, or leave it out", ("application_auto_scaling",))
        return self


class DynamoDbTable(_Managed):
    """Capacity units of a table for one direction. on_demand: AWS sizes it, so it is watched and never changed."""

    kind: Literal["dynamodb_table"]
    table: _AwsName
    direction: Literal["read", "write"]
    mode: Literal["on_demand", "provisioned"] = "provisioned"


class AlbTargets(Scaled):
    """Registered targets of a target group. pool: those that may be, by id or address, in the order they are taken."""

    kind: Literal["alb_targets"]
    target_group: Annotated[str, Field(max_length=2048, pattern=r"^arn:[^\s]+$", examples=["arn:aws:..."])]
    pool: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,255}$")], ...] = Field(
        strict=False, min_length=1, max_length=1000, examples=["[10.0.1.10, 10.0.1.11]"]
    )

    @model_validator(mode="after")
    def _pool_is_large_enough(self) -> "AlbTargets":
        if len(set(self.pool)) < len(self.pool):
            raise refusal("a target stands in the pool twice", "write each once", ("pool",))
        if self.max > len(self.pool):
            what = f"max is {self.max}, and the pool has {len(self.pool)} targets"
            raise refusal(what, "add targets to the pool, or lower max", ("max",))
        return self


class Processes(Scaled):
    """Payment cores of one machine, behind the environment service that ``tillwatch up`` runs."""

    kind: Literal["processes"]
    max: int = Field(default=PROCESSES_MAX, ge=1, le=PROCESSES_MAX)


ScaledComponent = Annotated[
    EcsService | LambdaFunction | DynamoDbTable | AlbTargets | Processes, Field(discriminator="kind")
]


class Savings(Model):
    """What capacity may cost for the savings that were promised to be true.

    baseline_cents_per_100: what the old processor took of $100. percent: what is saved of it. capacity_percent: the
    part of the rest that capacity may take. breach: page tells somebody and scales; refuse scales no further.
    """

    baseline_cents_per_100: int = Field(default=345, ge=1, le=10_000)
    percent: int = Field(default=98, ge=0, le=99)
    capacity_percent: Percent = 50
    breach: Literal["page", "refuse"] = "page"

    def allowed_microdollars(self, volume_cents: int) -> int:
        """What capacity may cost in an hour that takes payments of so many cents, rounded down."""
        rest = self.baseline_cents_per_100 * (100 - self.percent) * self.capacity_percent
        return volume_cents * rest // 10_000


class Forecasting(Model):
    """needs: so much recorded load before a forecast counts. band_percent: of the past that stayed below the band.

    ahead: how long before the load comes the units are meant to serve. zone: whose clock people live by.
    """

    needs: Duration = 14 * 86_400.0
    band_percent: int = Field(default=95, ge=50, le=99)
    ahead: Hold = 60.0
    zone: Zone = "America/New_York"

    @model_validator(mode="after")
    def _a_week_at_least(self) -> "Forecasting":
        if not 7 * 86_400 <= self.needs <= DAYS_OF_HISTORY_MAX * 86_400:
            what = f"needs is {self.needs / 86_400:g}d, and hours of the week are known after 7d"
            raise refusal(what, f"write between 7d and {DAYS_OF_HISTORY_MAX}d", ("needs",))
        return self


class Scaling(Model):
    """``scaling.yaml``. mode: off looks at nothing; observe decides and tells; act changes capacity.

    every: between two looks. stale: a reading that is older says nothing. hourly_cap_cents: of all components together.
    """

    mode: Literal["off", "observe", "act"] = "off"
    every: Duration = 10.0
    stale: Duration = 90.0
    hourly_cap_cents: CapCents | None = None
    savings: Savings = Savings()
    forecasting: Forecasting = Forecasting()
    components: dict[ComponentName, ScaledComponent] = Field(default_factory=dict, max_length=64)

    @model_validator(mode="after")
    def _all_fit_together(self) -> "Scaling":
        if self.stale < self.every:
            what = f"stale is {self.stale:g}s, shorter than every with {self.every:g}s: every reading would be stale"
            raise refusal(what, f"write at least {self.every:g}s", ("stale",))
        least = sum(one.min * one.unit.hour_microdollars for one in self.components.values())
        if self.hourly_cap_cents is not None and least > self.hourly_cap_cents * MICRODOLLARS_PER_CENT:
            cents = -(-least // MICRODOLLARS_PER_CENT)
            what = f"all components cost {cents} cents an hour at their min, more than {self.hourly_cap_cents}"
            raise refusal(what, f"write at least {cents}", ("hourly_cap_cents",))
        return self
