"""The shape of a scenario file: the traffic, the versions, and what happens when."""

from typing import Annotated, Literal, assert_never

from pydantic import Field, model_validator

from config.delivery.names import RegionName, Version
from config.model import Duration, Model, Pause, refusal

Environment = Literal["blue", "green"]
HOME_REGION = "us-east-1"
"""The region of this machine's AWS account, queue and daemon."""
Moment = Annotated[Duration, Field(description="Time after traffic starts, written with a unit", examples=["5s"])]


class FaultProfile(Model):
    """What is wrong with a release. fail_percent: payments that end as ``failed``. slow: added to every payment.

    above_cents: only larger payments fail, so that test payments of a dollar find nothing.
    """

    fail_percent: float = Field(default=0.0, ge=0, le=100)
    above_cents: int = Field(default=0, ge=0)
    slow: Pause = 0.0


class CoreRelease(Model):
    """The version that an environment runs, and its fault.

    at_start: what runs there until the version is deployed; None: the version itself.
    """

    version: Version
    fault: FaultProfile = FaultProfile()
    at_start: Version | None = None


class Traffic(Model):
    """Payments sent, per second on average, by this many independent DNS-resolving clients."""

    payments_per_second: float = Field(gt=0, le=500, examples=[40])
    clients: int = Field(default=40, ge=1, le=1000)
    seed: int = 1


class SetWeights(Model):
    """Start or advance a deployment: shift this much traffic to green, and say so in a deployment event."""

    at: Moment
    step: Literal["deploy"]
    green_percent: int = Field(ge=0, le=100, examples=[25])


class Release(Model):
    """Ask the daemon to bring green's version out through all six phases, and approve it as a second person."""

    at: Moment
    step: Literal["release"]
    strategy: Literal["blue-green", "canary"] = "blue-green"
    cohort: str = Field(default="", max_length=128, examples=["merchant=pro_1"])


class StopCore(Model):
    """Kill the environment's process, as a crash would."""

    at: Moment
    step: Literal["stop_core"]
    environment: Environment


class StartCore(Model):
    """Start the environment's process again."""

    at: Moment
    step: Literal["start_core"]
    environment: Environment


class CardTesting(Model):
    """Stolen cards are tried: so many attempts a second, each under a new name, for so long."""

    at: Moment
    step: Literal["test_cards"]
    cards: int = Field(ge=1, le=6, examples=[3])
    attempts_per_second: float = Field(gt=0, le=50, examples=[4])
    lasting: Duration = Field(examples=["30s"])


class Alert(Model):
    """Somebody else reports something critical: a security service, or the watch over costs."""

    at: Moment
    step: Literal["alert"]
    about: Literal["security", "cost"]


class CutOver(Model):
    """Cut this share of the customers over from the old processor, or everybody back; once what came before is done."""

    at: Moment
    step: Literal["cut_over"]
    percent: int = Field(ge=0, le=100, examples=[0])


class LoseRegion(Model):
    """Kill every core of a region, as the loss of its network or power would look from outside; they stay dead."""

    at: Moment
    step: Literal["lose_region"]
    region: RegionName


Step = Annotated[
    SetWeights | Release | StopCore | StartCore | CardTesting | Alert | LoseRegion | CutOver,
    Field(discriminator="step"),
]


class OldProcessor(Model):
    """The processor that is left, simulated, with its export. acts_per_second: what is done to its customers' cards.

    Each act is a read, a payment with a moved card, a card that is added or removed here, or changed there.
    """

    customers: int = Field(default=60, ge=10, le=5_000)
    acts_per_second: float = Field(default=4.0, gt=0, le=50)


class Scenario(Model):
    """One YAML file: what ``tillwatch up --scenario`` plays.

    regions: when there are several, with HOME_REGION among them; each of the others has a blue core of its own, and DNS
    gives each the same share of the traffic. Deployments and single cores are those of HOME_REGION.
    throttle_every: every nth request of the daemon to AWS is answered ThrottlingException; None: none is.
    scaling: whether blue and green are sized by their load, or it is only said what would be done.
    old_processor: the one that is left, where the deployment migrates; None: there is none.
    """

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,62}$",
        description="Up to 63 lower-case letters, digits and dashes that begin with a letter",
        examples=["bad-canary"],
    )
    summary: str = Field(min_length=1, examples=["Green fails some payments."])
    blue: CoreRelease = Field(examples=["{version: 1.0.0}"])
    green: CoreRelease = Field(examples=["{version: 2.0.0}"])
    traffic: Traffic = Field(examples=["{payments_per_second: 40}"])
    regions: tuple[RegionName, ...] = Field(default=(), strict=False, max_length=4, examples=["[us-east-1, us-west-2]"])
    deployment: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9/-]{0,100}\.yaml)?$",
        description="A file beside this one that is used as deployment.yaml",
        examples=["deployments/rollout.yaml"],
    )
    throttle_every: int | None = Field(default=None, ge=2, le=1000, examples=[3])
    scaling: Literal["off", "observe", "act"] = "observe"
    old_processor: OldProcessor | None = None
    steps: tuple[Step, ...] = Field(default=(), strict=False, max_length=1000)

    @model_validator(mode="after")
    def _regions_are_several(self) -> "Scenario":
        if self.regions and (len(set(self.regions)) < max(2, len(self.regions)) or HOME_REGION not in self.regions):
            what = f"the regions {', '.join(self.regions)} are not several, each once, with {HOME_REGION} among them"
            raise refusal(what, f"write [{HOME_REGION}, us-west-2], or leave regions out", ("regions",))
        return self

    @model_validator(mode="after")
    def _a_region_is_lost_once(self) -> "Scenario":
        left = set(self.regions)
        for index, step in enumerate(self.steps):
            if not isinstance(step, LoseRegion):
                continue
            if step.region not in left:
                fix = f"lose one of {', '.join(sorted(left))}" if left else "name the scenario's regions first"
                raise refusal(f"{step.region} is not there to be lost", fix, ("steps", index, "region"))
            left.discard(step.region)
        return self

    @model_validator(mode="after")
    def _cut_over_has_an_old_side(self) -> "Scenario":
        for index, step in enumerate(self.steps):
            if isinstance(step, CutOver) and self.old_processor is None:
                raise refusal("there is nobody to be cut over from", "name an old_processor", ("steps", index, "step"))
        return self

    @model_validator(mode="after")
    def _steps_in_order(self) -> "Scenario":
        for index in range(1, len(self.steps)):
            earlier, later = self.steps[index - 1].at, self.steps[index].at
            if later < earlier:
                what = f"this step is at {later:g}s, after a step at {earlier:g}s"
                raise refusal(what, "put the steps in order of time", ("steps", index, "at"))
        return self

    @model_validator(mode="after")
    def _cores_stop_and_start_in_turn(self) -> "Scenario":
        running = {"blue", "green"}
        for index, step in enumerate(self.steps):
            match step:
                case SetWeights() | Release() | CardTesting() | Alert() | LoseRegion() | CutOver():
                    continue
                case StopCore():
                    possible, state = step.environment in running, "is stopped already"
                    running.discard(step.environment)
                case StartCore():
                    possible, state = step.environment not in running, "is running already"
                    running.add(step.environment)
                case _:
                    assert_never(step)
            if not possible:
                fix = "stop a core before it is started again; both run when traffic starts"
                raise refusal(f"{step.environment} {state} at {step.at:g}s", fix, ("steps", index, "environment"))
        return self
