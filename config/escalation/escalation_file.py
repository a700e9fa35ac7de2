"""``escalation.yaml``: who is told of an incident, after how long, and which incidents are one."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.escalation.matchers import Matchers, some
from config.escalation.on_call import Name, Person, Schedule
from config.escalation.quiet import Inhibition, MaintenanceRules, SilenceRules
from config.model import Duration, Hold, Model, refusal

Tier = Literal["L1", "L2", "L3", "emergency"]
StepAction = Literal["", "rollback.traffic", "evacuate.region", "kill.switch"]


LabelSet = Annotated[tuple[str, ...], Field(strict=False, max_length=10)]


class Tell(Model):
    """A person, or whoever is on duty in a schedule; exactly one of the two."""

    person: Name | None = None
    schedule: Name | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Tell":
        if (self.person is None) == (self.schedule is None):
            raise refusal("this names neither a person nor a schedule, or both", "write {person: NAME}")
        return self


class Step(Model):
    """after: since the incident opened. level: whom it reaches, in words. do: an action to try, guarded as ever."""

    after: Hold
    level: str = Field(min_length=1, max_length=60, examples=["Engineering Manager"])
    tier: Tier
    tell: tuple[Tell, ...] = Field(default=(), strict=False, max_length=20)
    do: StepAction = ""


class EscalationPolicy(Model):
    """repeat: so many times all steps again, each time repeat_after behind the last step, while nobody answers.

    ack_timeout: who has taken it on and neither resolved it by then nor taken it on again is taken to be away, and it
    begins anew; 0s: never.
    """

    steps: Annotated[tuple[Step, ...], Field(strict=False, max_length=10), AfterValidator(some)]
    repeat: int = Field(default=1, ge=0, le=9)
    repeat_after: Duration = 1_800.0
    ack_timeout: Hold = 3_600.0

    @model_validator(mode="after")
    def _in_order(self) -> "EscalationPolicy":
        for place, (before, after) in enumerate(pairwise(self.steps), start=1):
            if after.after <= before.after:
                what = f"the step at {after.after:g}s comes after the one at {before.after:g}s"
                raise refusal(what, "let each step be later than the one before", ("steps", place, "after"))
        return self


class Route(Model):
    """The first route whose matchers all hold says by which policy an incident goes."""

    matchers: Matchers
    policy: Name


class Grouping(Model):
    """Which incidents have one cause: begun within this time of each other, with the same values of one of the sets.

    by: sets of labels; both incidents must have all of a set. apart: families that are grouped among themselves alone.
    wait: for others of its group before the first is told; a critical one never waits.
    """

    within: Duration = 600.0
    by: tuple[LabelSet, ...] = Field(
        default=(("version",), ("region", "environment"), ("subject",)), strict=False, max_length=10
    )
    apart: tuple[str, ...] = Field(default=("fraud", "security", "savings"), strict=False, max_length=20)
    wait: Hold = 10.0

    @model_validator(mode="after")
    def _no_empty_set(self) -> "Grouping":
        for place, names in enumerate(self.by):
            if not names:
                raise refusal("an empty set of labels is shared by everything", "name a label", ("by", place))
        return self


class Escalation(Model):
    """usual: the policy where no route matches. tiers: what each one is there for.

    reopen_after: an incident that a person closed and that is still so by then is opened again.
    """

    people: dict[Name, Person] = Field(min_length=1, max_length=200)
    schedules: dict[Name, Schedule] = Field(default_factory=dict, max_length=50)
    tiers: dict[Tier, Annotated[str, Field(max_length=200)]] = Field(default_factory=dict)
    policies: dict[Name, EscalationPolicy] = Field(min_length=1, max_length=50)
    usual: Name
    routes: tuple[Route, ...] = Field(default=(), strict=False, max_length=50)
    group: Grouping = Grouping()
    inhibitions: tuple[Inhibition, ...] = Field(default=(), strict=False, max_length=50)
    maintenance: MaintenanceRules = MaintenanceRules()
    silences: SilenceRules = SilenceRules()
    reopen_after: Duration = 900.0

    @model_validator(mode="after")
    def _names_are_known(self) -> "Escalation":
        for name, schedule in self.schedules.items():
            for person in sorted(schedule.people):
                _known(person, self.people, "person", ("schedules", name))
        for name, policy in self.policies.items():
            for place, step in enumerate(policy.steps):
                for which, tell in enumerate(step.tell):
                    at = ("policies", name, "steps", place, "tell", which)
                    _known(tell.person, self.people, "person", (*at, "person"))
                    _known(tell.schedule, self.schedules, "schedule", (*at, "schedule"))
        for place, route in enumerate(self.routes):
            _known(route.policy, self.policies, "policy", ("routes", place, "policy"))
        _known(self.usual, self.policies, "policy", ("usual",))
        return self

    @model_validator(mode="after")
    def _every_policy_tells_somebody(self) -> "Escalation":
        for name, policy in self.policies.items():
            if not any(step.tell for step in policy.steps):
                raise refusal(f"the policy {name} tells nobody", "write tell for a step", ("policies", name, "steps"))
        return self


def _known(name: str | None, known: Mapping[str, object], what: str, at: tuple[str | int, ...]) -> None:
    if name is not None and name not in known:
        fix = f"write one of {', '.join(sorted(known))}" if known else f"add it, there is no {what} yet"
        raise refusal(f"there is no {what} {name}", fix, at)
