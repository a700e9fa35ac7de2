"""The bodies that requests about running both carry."""

from typing import Annotated

import msgspec

ExportName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_-]{1,63}){0,4}$",
        description="The name of a folder below --migration-exports, no path",
    ),
]


class StartJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Start a job, or let it go on. records_per_second, threads: what it may do beside payments; 0: without limit.

    point_of_no_return: once it has begun nobody can be cut back to the old processor.
    """

    export: ExportName
    records_per_second: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1_000
    threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    point_of_no_return: bool = False


class StateComparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What has to be shown before anybody is cut over: reads equal for so long, and at least so many of them."""

    equal_for_seconds: Annotated[int, msgspec.Meta(ge=1, le=31 * 86_400)]
    at_least: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
