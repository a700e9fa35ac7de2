"""The route that shows which flags this process runs, and what it answered."""

import msgspec

from payment_core.answers import Answer, ok
from payment_core.flags.arriving.reporting import Reporting
from payment_core.flags.declared import DECLARED
from payment_core.flags.document import Flag
from payment_core.flags.envelope import Report
from payment_core.flags.serving import Flags
from payment_core.http.routes import Route
from payment_core.operations.call import Call


class FlagView(msgspec.Struct, frozen=True):
    """One flag of the document.

    variant: what it is without its targeting. safe_default: what the code does without an answer, null for a flag that
    this release does not ask for. evaluations: answers of this process since its start, by variant; safe_defaults: how
    often the safe default was the answer because there was no other.
    """

    key: str
    state: str
    variants: tuple[str, ...]
    variant: str | None
    targeted: bool
    killed: bool
    experiment: bool
    safe_default: str | None
    evaluations: dict[str, int]
    safe_defaults: int


class FlagsView(msgspec.Struct, frozen=True):
    """The flags of the process that answered; each of several workers has its own.

    report: what it tells the daemon. issued_at_ms: when the document was last sealed, 0 for the packaged one.
    connected: to the broker; null without one. absent: flags that this release asks for and the document has not.
    """

    report: Report
    issued_at_ms: int
    connected: bool | None
    ignored: dict[str, int]
    absent: tuple[str, ...]
    flags: tuple[FlagView, ...]


class _FlagsShown:
    """The handler."""

    def __init__(self, flags: Flags, reporting: Reporting) -> None:
        self._flags = flags
        self._reporting = reporting

    async def show(self, _call: Call, _body: None) -> Answer:
        """What this process runs."""
        serving, counts = self._flags.serving, self._flags.counts
        known = {} if serving.evaluator is None else serving.evaluator.flags
        view = FlagsView(
            report=self._reporting.report(),
            issued_at_ms=serving.issued_at_ms,
            connected=counts.connected,
            ignored=dict(counts.ignored),
            absent=tuple(sorted(DECLARED.keys() - known.keys())),
            flags=tuple(self._flag(flag) for flag in known.values()),
        )
        return ok(view)

    def _flag(self, flag: Flag) -> FlagView:
        counts, declared = self._flags.counts, DECLARED.get(flag.key)
        return FlagView(
            key=flag.key,
            state=flag.state.value,
            variants=tuple(flag.variants),
            variant=flag.default_variant,
            targeted=flag.targeting is not None,
            killed=flag.metadata.get("killed") is True,
            experiment=flag.metadata.get("experiment") is True,
            safe_default=None if declared is None else declared.safe,
            evaluations={variant: count for (key, variant), count in counts.evaluations.items() if key == flag.key},
            safe_defaults=sum(count for (key, _), count in counts.safe_defaults.items() if key == flag.key),
        )


def flag_routes(flags: Flags, reporting: Reporting) -> tuple[Route, ...]:
    """``/v1/flags``."""
    return (
        Route(
            method="GET",
            path="/v1/flags",
            scope="flags:read",
            summary="Which flags the process runs",
            handler=_FlagsShown(flags, reporting).show,
            answer=FlagsView,
        ),
    )
