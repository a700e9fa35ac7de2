"""The flags that this code asks for, each declared once with what is done when nothing can be known of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec

ON, OFF = "on", "off"
SCORE, REVIEW = "score", "review"


class DeclaredFlag(msgspec.Struct, frozen=True):
    """A flag of the code. safe: the variant when there is no document, no such flag in it, or an answer of no use.

    normal: the variant of normal operation; empty for the one that is not safe.
    """

    key: str
    safe: str
    variants: tuple[str, ...]
    normal: str = ""


PAYMENT_PROCESSOR = DeclaredFlag("payment-processor", OFF, (ON, OFF))
"""Off: payments are refused, and nothing else: what is under way is finished."""

FRAUD_DETECTOR = DeclaredFlag("fraud-detector", REVIEW, (SCORE, REVIEW))
"""``review``: nothing is scored, so a person looks at each payment and payout."""

DIRECT_ACH_TRANSFERS = DeclaredFlag("direct-ach-transfers", OFF, (ON, OFF))
"""Off: payments from bank accounts and payouts to them are refused; what is in a file goes on."""

AUTOMATED_ESCROW = DeclaredFlag("automated-escrow", OFF, (ON, OFF))
"""Off: no escrow is released by its time limit; people may."""

INSTANT_PAYOUTS = DeclaredFlag("instant-payouts", OFF, (ON, OFF))
"""Off: payouts that are faster than the standard file are refused."""

CARD_TESTING_CHALLENGE = DeclaredFlag("card-testing-challenge", ON, (ON, OFF))
"""On: a payment that looks like card testing is declined with ``challenge_required`` before the rail is asked."""

MIGRATION_CUT_OVER = DeclaredFlag("migration-cut-over", "old", ("old", "new"), normal="old")
"""``new``: this core's record of the customer counts; ``old``: that of the processor that is left."""

_ALL = (
    PAYMENT_PROCESSOR,
    FRAUD_DETECTOR,
    DIRECT_ACH_TRANSFERS,
    AUTOMATED_ESCROW,
    INSTANT_PAYOUTS,
    CARD_TESTING_CHALLENGE,
    MIGRATION_CUT_OVER,
)

DECLARED: Mapping[str, DeclaredFlag] = MappingProxyType({flag.key: flag for flag in _ALL})
"""By their keys."""

Context = Mapping[str, object]
"""What a flag's targeting can ask for; `payment_core.flags.context` makes it."""


class Gates(Protocol):
    """What domains ask; `payment_core.flags.serving.Flags`. Never raises and never waits."""

    def enabled(self, flag: DeclaredFlag, context: Context) -> bool:
        """Whether the flag's variant is ``on``."""
        ...

    def variant(self, flag: DeclaredFlag, context: Context) -> str:
        """The name of the variant that this context gets, one of the flag's own."""
        ...

    def exposures(self, context: Context) -> tuple[str, ...]:
        """``flag=variant`` of every experiment that this context takes part in."""
        ...


class NormalOperation:
    """Gates where there are no flags: everything is on, payments are scored, nobody is challenged."""

    def enabled(self, flag: DeclaredFlag, context: Context) -> bool:
        """Whether it is on in normal operation."""
        return self.variant(flag, context) == ON

    def variant(self, flag: DeclaredFlag, context: Context) -> str:  # noqa: ARG002 - the port's name
        """Its own, or of two variants the one that is not safe."""
        if flag.normal:
            return flag.normal
        return next(variant for variant in flag.variants if variant != flag.safe)

    def exposures(self, context: Context) -> tuple[str, ...]:  # noqa: ARG002 - the port's name
        """None."""
        return ()
