"""A freeze by two moments, as the guard of a policy writes it."""

from pydantic import Field, model_validator

from config.model import Instant, Model, refusal


class Freeze(Model):
    """A time in which nothing is changed automatically. start and end are ISO 8601 with an offset, end excluded."""

    start: Instant
    end: Instant
    reason: str = Field(min_length=1, examples=["holiday sales"])

    @model_validator(mode="after")
    def _ordered(self) -> "Freeze":
        if self.end <= self.start:
            what = f"the freeze ends at {self.end.isoformat()}, not later than its start {self.start.isoformat()}"
            raise refusal(what, "write an end that is later than the start", ("end",))
        return self
