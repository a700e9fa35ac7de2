"""An expression of cron as an operator writes it, refused when it cannot be read."""

from typing import Annotated

from pydantic import AfterValidator, Field

from config.calendars.cron import CronUnusable, cron
from config.model import refusal


def _readable(text: str) -> str:
    try:
        cron(text)
    except CronUnusable as fault:
        raise refusal(fault.what, fault.fix) from fault
    return text


CronText = Annotated[
    str,
    Field(max_length=100, description="minute hour day month weekday", examples=["0 2 * * sun"]),
    AfterValidator(_readable),
]
