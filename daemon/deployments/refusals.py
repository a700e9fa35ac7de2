"""Why a deployment is not planned or begun, or not paused, resumed or aborted; in order of precedence."""

from enum import StrEnum

import msgspec


class Refusal(StrEnum):
    """The first that holds is the answer; a page of docs and the exit code of the command line go by it."""

    NOT_LEADING = "not_leading"
    BAD_VERSION = "bad_version"
    BAD_REGION = "bad_region"
    BAD_COHORT = "bad_cohort"
    NOT_POSSIBLE_HERE = "not_possible_here"
    OBSERVE_ONLY = "observe_only"
    STOPPED = "stopped"
    STORM = "storm"
    FROZEN = "frozen"
    ANOTHER_IS_RUNNING = "another_is_running"
    UNREACHABLE = "unreachable"
    TRAFFIC_IS_SPLIT = "traffic_is_split"
    NO_ENVIRONMENT = "no_environment"
    SAME_VERSION = "same_version"
    UNKNOWN = "unknown"
    ENDED = "ended"
    ALREADY_SO = "already_so"
    PAST_RETURN = "past_return"


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: Refusal
    detail: str
