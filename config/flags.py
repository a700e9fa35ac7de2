"""What may be done with each flag of ``flags.json``: who has to agree, how it is ramped, when that is taken back."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.model import Duration, Hold, Model, refusal

FLAG_KEY = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""A pattern without its ends: what a flag may be called, also in addresses and topics."""
MIGRATION_CUT_OVER = "migration-cut-over"
"""The flag by which customers are cut over from the old processor; its variants are ``old`` and ``new``."""
RELEASE_FLAG = "release-"
"""Before a version: the flag that a release brings along, killed when it is rolled back by hand."""

FlagKey = Annotated[
    str,
    Field(
        pattern=f"^{FLAG_KEY}$",
        description="The name of a flag: up to 100 letters, digits, dots and dashes",
        examples=["instant-payouts"],
    ),
]
ConditionMetric = Literal["error_ratio", "latency_ms", "conversion", "cost"]
_RATIOS = frozenset({"error_ratio", "conversion"})


class RampStep(Model):
    """A share of the customers that get the new variant, until there is evidence.

    samples: customers who have to have paid with the new variant at this share; more of them where it takes more to
    find the fault that ``evidence`` of ``deployment.yaml`` asks for. hold: no sooner than this. within: a step that has
    not its evidence by then is held, and a person decides.
    """

    percent: int = Field(ge=1, le=100)
    samples: int = Field(default=200, ge=1, le=1_000_000)
    hold: Hold = 120.0
    within: Duration = 86_400.0

    @model_validator(mode="after")
    def _there_is_time_to_hold(self) -> "RampStep":
        if self.within < self.hold:
            raise refusal(f"within is {self.within:g}s, shorter than hold with {self.hold:g}s", "make it longer")
        return self


DEFAULT_STEPS = tuple(RampStep(percent=percent) for percent in (5, 25, 50, 100))


class RollbackCondition(Model):
    """When the new variant of a flag is bad: the metric beyond the threshold, so many looks in a row.

    error_ratio, latency_ms and cost are bad above the threshold, conversion below it. error_ratio and conversion: 0 to
    1 of the payments. latency_ms: what 95 % of the payments are answered within. cost: cents for each 100 dollars paid.
    window: payments of this long are looked at. consecutive: looks in a row, one each window. samples: with fewer
    payments in the window a look says nothing, and breaks no row.
    """

    metric: ConditionMetric
    threshold: float = Field(ge=0, le=1_000_000, allow_inf_nan=False)
    window: Duration = 60.0
    consecutive: int = Field(default=3, ge=1, le=100)
    samples: int = Field(default=50, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _a_ratio_is_at_most_one(self) -> "RollbackCondition":
        if self.metric in _RATIOS and self.threshold > 1:
            what = f"{self.metric} is a share of the payments, and {self.threshold:g} is more than all of them"
            raise refusal(what, "write 0.02 for 2 %", ("threshold",))
        return self


DEFAULT_CONDITIONS = (
    RollbackCondition(metric="error_ratio", threshold=0.02),
    RollbackCondition(metric="latency_ms", threshold=2_000),
)


class FlagPolicy(Model):
    """critical: as if the document said so: another person has to agree to every change but a kill.

    ramp: the steps of a ramp that names none. rollback: any of these takes a ramp back.
    """

    critical: bool = False
    ramp: tuple[RampStep, ...] = Field(default=DEFAULT_STEPS, strict=False, max_length=20)
    rollback: tuple[RollbackCondition, ...] = Field(default=DEFAULT_CONDITIONS, strict=False, max_length=20)

    @model_validator(mode="after")
    def _each_step_goes_further(self) -> "FlagPolicy":
        if not self.ramp:
            raise refusal("a ramp without steps ends nowhere", "write at least {percent: 100}", ("ramp",))
        for place, (before, after) in enumerate(pairwise(self.ramp), start=1):
            if after.percent <= before.percent:
                what = f"{after.percent} % comes after {before.percent} %"
                raise refusal(what, "let each step go further than the one before", ("ramp", place, "percent"))
        return self


class Flags(Model):
    """``flags.yaml``: what may be done with the flags of ``flags.json``, which lies beside it.

    defaults: of every flag that is not named in flags. emergency: killed by ``rollback emergency`` where the release
    has no flag of its own.
    """

    defaults: FlagPolicy = FlagPolicy()
    flags: dict[FlagKey, FlagPolicy] = Field(default_factory=dict, max_length=500)
    emergency: tuple[FlagKey, ...] = Field(default=(), strict=False, max_length=50)

    def of(self, flag: str) -> FlagPolicy:
        """What may be done with this flag."""
        return self.flags.get(flag, self.defaults)
