"""What a measure says about one key at one moment, before history is taken into account."""

from enum import Enum


class Verdict(Enum):
    """Whether the value is beyond its limit now; BETWEEN is not beyond it and not clear either."""

    BREACHING = "breaching"
    BETWEEN = "between"
    CLEAR = "clear"
    NO_DATA = "no_data"
