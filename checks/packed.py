"""Many facts in one message of a queue."""

from typing import Literal

import msgspec

from checks.facts import AnyFact


class PackedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Many facts in one queue message, as the payment core's relay sends them."""

    schema: Literal["tillwatch.events.v1"]
    events: list[AnyFact]
