"""How a new version is brought out: the six phases with their checks and times, the stages of the traffic, the bake."""

from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, model_validator

from config.delivery.gates import Gates
from config.delivery.names import EnvironmentName, RegionName
from config.model import Duration, Hold, Model, refusal
from config.rules.slo import Percentage, share

FULL_PERCENT = 100

ValidationCheck = Literal["health", "savings-baseline", "backup", "approval", "security"]
Preparation = Literal["scaling", "flags", "alarms", "rollback"]
EnvironmentCheck = Literal["health", "performance", "security"]
FinalCheck = Literal["end-to-end", "savings", "performance", "customer-impact"]

JobName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{0,47}$",
        description="The name of a migration job",
        examples=["payment-methods"],
    ),
]


Named = TypeVar("Named", bound=tuple[object, ...])


def _each_once(values: Named) -> Named:
    names = [value.name if isinstance(value, MigrationJob) else value for value in values]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise refusal(f"{name} stands here a second time", "remove one of the two", (place,))
    return values


EachOnce = AfterValidator(_each_once)
"""Refuses a list in which a name stands twice."""


class Validation(Model):
    """Phase 1. within: for the whole phase. checks: beside the gates and the rehearsal, which are always looked at."""

    within: Duration = 300.0
    checks: Annotated[tuple[ValidationCheck, ...], Field(strict=False, max_length=5), EachOnce] = (
        "health",
        "savings-baseline",
        "backup",
        "approval",
        "security",
    )


class Initialization(Model):
    """Phase 2: what has to stand before the new version does."""

    within: Duration = 600.0
    checks: Annotated[tuple[Preparation, ...], Field(strict=False, max_length=4), EachOnce] = (
        "scaling",
        "flags",
        "alarms",
        "rollback",
    )


class MigrationJob(Model):
    """One job of the data migration.

    point_of_no_return: once it has begun, the old version can no longer be gone back to. Past such a job nothing is
    rolled back: the plan is a fix forward, with the new version's flags off.
    """

    name: JobName
    point_of_no_return: bool = False


class Comparison(Model):
    """What is shown before anybody is cut over: reads of both sides are equal for so long, and at least so many."""

    equal_for: Duration = 300.0
    at_least: int = Field(default=1_000, ge=1, le=1_000_000_000)


Cohort = Annotated[int, Field(ge=1, le=FULL_PERCENT, description="A share of the customers in percent", examples=[5])]


class CutOver(Model):
    """Who is cut over within the deployment: shares of the customers, one after the other, always the same ones.

    cohorts: in percent, each larger than the one before; none: people do it by the flag ``migration-cut-over``.
    hold: so long the comparison stays without a difference after each of them.
    """

    cohorts: Annotated[tuple[Cohort, ...], Field(strict=False, max_length=10)] = ()
    hold: Duration = 60.0

    @model_validator(mode="after")
    def _growing(self) -> "CutOver":
        for place, (one, following) in enumerate(pairwise(self.cohorts), start=1):
            if following <= one:
                what = f"{following} % follows {one} %, but every cohort takes more than the one before"
                raise refusal(what, f"write more than {one}", ("cohorts", place))
        return self


COMPARING_SLACK_SECONDS = 60.0
"""Beyond the stated time and each hold: for the last changes to be taken over, and the flag to be served."""


class Migration(Model):
    """Phase 3. jobs: one after the other, each with an equal part of the time that the comparison and cohorts leave.

    export: the name of the export's folder below the payment core's ``--migration-exports``; empty: nothing is moved,
    and each job says so. records_per_second, threads: what a job may do beside payments. quarantined: the share of
    records that may be unable to move.
    """

    within: Duration = 1800.0
    export: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_-]{1,63}){0,4})?$",
        description="The name of a folder below the payment core's --migration-exports; empty: nothing is moved",
        examples=["stripe-2026-11"],
    )
    records_per_second: int = Field(default=1_000, ge=0, le=1_000_000)
    threads: int = Field(default=1, ge=1, le=16)
    quarantined: Percentage = "1%"
    comparison: Comparison = Comparison()
    cut_over: CutOver = CutOver()
    jobs: Annotated[tuple[MigrationJob, ...], Field(strict=False, max_length=32), EachOnce] = (
        MigrationJob(name="customers"),
        MigrationJob(name="payment-methods"),
        MigrationJob(name="transaction-history"),
        MigrationJob(name="provider-bank-accounts"),
        MigrationJob(name="audit-trail"),
    )

    @property
    def comparing_seconds(self) -> float:
        """The time of the comparison: twice what is stated, so that one difference may begin it anew."""
        return 2 * self.comparison.equal_for + COMPARING_SLACK_SECONDS if self.export and self.jobs else 0.0

    @property
    def cohort_seconds(self) -> float:
        """The time of each cohort."""
        return 2 * self.cut_over.hold + COMPARING_SLACK_SECONDS

    @property
    def jobs_seconds(self) -> float:
        """What is left for all jobs."""
        cohorts = len(self.cut_over.cohorts) * self.cohort_seconds if self.export and self.jobs else 0.0
        return self.within - self.comparing_seconds - cohorts

    @model_validator(mode="after")
    def _leaves_time_for_jobs(self) -> "Migration":
        if self.jobs and self.jobs_seconds < len(self.jobs):
            taken = self.within - self.jobs_seconds
            what = f"comparison and cohorts take {taken:g}s of {self.within:g}s, and {len(self.jobs)} jobs have no time"
            fix = f"write more than {taken + len(self.jobs):g}s, or less of comparison.equal_for and cut_over"
            raise refusal(what, fix, ("within",))
        return self


class NewEnvironment(Model):
    """Phase 4: the new version stands, and has taken test traffic, before it gets a payment of anybody.

    One half of the time is for putting it up, the other is shared by the test traffic and the checks.
    """

    within: Duration = 1200.0
    checks: Annotated[tuple[EnvironmentCheck, ...], Field(strict=False, max_length=3), EachOnce] = (
        "health",
        "performance",
        "security",
    )


class Stage(Model):
    """A share of the traffic, and how long it is watched at the most.

    monitor: from the shift on; when it is over without enough evidence, the stage is held and never passed.
    0s, for the last stage alone: it is watched by the final validation and the bake.
    """

    percent: int = Field(ge=1, le=FULL_PERCENT, examples=[5])
    monitor: Hold = Field(examples=["10m"])


class Rollout(Model):
    """Phase 5. shift: the longest that one shift of traffic may take, DNS included; a part of its stage's time.

    at_least: a stage is watched for this long even when the evidence is there sooner. The shift to a last stage that
    is not monitored takes its time from the stage before.
    """

    within: Duration = 2700.0
    shift: Duration = 90.0
    at_least: Hold = 60.0
    stages: tuple[Stage, ...] = Field(
        default=(
            Stage(percent=5, monitor=600.0),
            Stage(percent=25, monitor=900.0),
            Stage(percent=50, monitor=1200.0),
            Stage(percent=100, monitor=0.0),
        ),
        strict=False,
        min_length=1,
        max_length=20,
    )

    @model_validator(mode="after")
    def _possible(self) -> "Rollout":
        self._refuse_falling_shares()
        self._refuse_short_stages()
        total = sum(stage.monitor for stage in self.stages)
        if total > self.within:
            what = (
                f"the stages are monitored for {total:g}s in all, longer than the phase may take with {self.within:g}s"
            )
            raise refusal(what, f"write at least {total:g}s, or shorter stages", ("within",))
        return self

    def _refuse_falling_shares(self) -> None:
        for place, (one, following) in enumerate(pairwise(self.stages), start=1):
            if following.percent <= one.percent:
                what = f"{following.percent} % follows {one.percent} %, but every stage takes more than the one before"
                raise refusal(what, f"write more than {one.percent}", ("stages", place, "percent"))
        last = len(self.stages) - 1
        if self.stages[last].percent != FULL_PERCENT:
            what = f"the last stage is {self.stages[last].percent} %, so the rollout would never end"
            raise refusal(what, "end with a stage of 100 percent", ("stages", last, "percent"))

    def _refuse_short_stages(self) -> None:
        last = len(self.stages) - 1
        for place, stage in enumerate(self.stages):
            if place == last and stage.monitor == 0 and last > 0:
                continue
            pays_for_two = place == last - 1 and self.stages[last].monitor == 0
            needed = self.shift * (2 if pays_for_two else 1) + self.at_least
            if stage.monitor < needed:
                what = f"{stage.percent} % is monitored for {stage.monitor:g}s, but shift and at_least take {needed:g}s"
                raise refusal(what, f"write at least {needed:g}s", ("stages", place, "monitor"))


class Final(Model):
    """Phase 6, with all of the traffic on the new version."""

    within: Duration = 600.0
    checks: Annotated[tuple[FinalCheck, ...], Field(strict=False, max_length=4), EachOnce] = (
        "end-to-end",
        "savings",
        "performance",
        "customer-impact",
    )


class Phases(Model):
    """The six phases of the owner's text, in their order."""

    pre_deployment_validation: Validation = Validation()
    infrastructure_initialization: Initialization = Initialization()
    data_migration: Migration = Migration()
    blue_green_deployment: NewEnvironment = NewEnvironment()
    traffic_rollout: Rollout = Rollout()
    final_validation: Final = Final()


class Evidence(Model):
    """How much has to be seen before a stage ends.

    healthy, faulty: the failed ratios of a sound release and of the mildest fault that has to be found. power: how
    often a release with that fault is found. false_alarm: how often a sound one is taken for a bad one.
    """

    healthy: Percentage = "0.5%"
    faulty: Percentage = "2%"
    power: Percentage = "95%"
    false_alarm: Percentage = "1%"

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "Evidence":
        if not 0 < share(self.healthy) < share(self.faulty):
            what = f"healthy, {self.healthy}, is not above 0% and below faulty, {self.faulty}"
            raise refusal(what, "write the ratio of a sound release, and a larger one in faulty", ("healthy",))
        if share(self.false_alarm) <= 0:
            raise refusal("no test is never wrong", "write a false_alarm above 0%, such as 1%", ("false_alarm",))
        if share(self.power) <= share(self.false_alarm):
            what = f"power, {self.power}, is not above false_alarm, {self.false_alarm}, so chance would do as well"
            raise refusal(what, "write a larger power, such as 95%", ("power",))
        return self


class Rehearsal(Model):
    """A rollout is refused when the last good drill of a rollback is older than max_age or slower than objective.

    required: whether it is refused; where it is not, what is known is told and nothing more.
    """

    required: bool = True
    max_age: Duration = 7 * 86_400.0
    objective: Duration = 300.0


class Deployments(Model):
    """``deployment.yaml``: everything an operator tunes about deployments.

    regions: in the order in which they are deployed, when nobody names others. environments: the two that take turns.
    bake: the old environment is kept, warm and in full size, for this long after the final validation.
    without_traffic: what becomes of an environment that has none any more, after the bake or after a rollback. kept: it
    goes on, so that it can be gone back to, or looked into. stopped: it costs nothing until the next deployment.
    """

    regions: Annotated[tuple[RegionName, ...], Field(strict=False, min_length=1, max_length=20), EachOnce] = (
        "us-east-1",
    )
    environments: Annotated[tuple[EnvironmentName, EnvironmentName], Field(strict=False), EachOnce] = ("blue", "green")
    phases: Phases = Phases()
    evidence: Evidence = Evidence()
    gates: Gates = Gates()
    bake: Duration = 1800.0
    without_traffic: Literal["kept", "stopped"] = "kept"
    rehearsal: Rehearsal = Rehearsal()
