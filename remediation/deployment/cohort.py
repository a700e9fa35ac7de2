"""Who is routed to a new version first: a merchant, or whoever sends a header; pure."""

import re

import msgspec

_COHORT = re.compile(
    r"merchant=(?P<merchant>[A-Za-z0-9_-]{1,64})|header=(?P<name>[a-z0-9-]{1,40}):(?P<value>[\x21-\x7e]{1,64})",
    re.ASCII,
)


class Cohort(msgspec.Struct, frozen=True):
    """header: the header's name in lower case; empty for a merchant. value: the header's, or the merchant's id."""

    header: str
    value: str

    @property
    def text(self) -> str:
        """As people write it: ``merchant=mer_12`` or ``header=x-canary:1``."""
        return f"header={self.header}:{self.value}" if self.header else f"merchant={self.value}"


def cohort_of(text: str) -> Cohort | None:
    """The cohort that the text names; None when it names none."""
    match = _COHORT.fullmatch(text)
    if match is None:
        return None
    merchant = match["merchant"]
    return Cohort("", merchant) if merchant else Cohort(match["name"], match["value"])
