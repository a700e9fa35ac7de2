"""What the journal says about capacity: what was decided of each component, and what people set by hand."""

import msgspec

from remediation.scaling.model import Pin, ScalingDecision


class ScalingPinned(msgspec.Struct, frozen=True, kw_only=True):
    """A person set a component's units by hand, or let it go again; the entry's actor is that person.

    target: such as ``scale:us-east-1/core``. pin: what holds from now on; None: load decides again. skipped:
    confirmations that were passed over.
    """

    target: str
    pin: Pin | None
    skipped: tuple[str, ...] = ()


ScalingBody = ScalingDecision | ScalingPinned

SCALING_TYPE_BY_KIND: dict[str, type[ScalingBody]] = {
    "scaling.decided": ScalingDecision,
    "scaling.pinned": ScalingPinned,
}
