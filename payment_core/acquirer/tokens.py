"""The documented test payment methods: what each token stands for and how the simulated rail answers it."""

import hashlib
from types import MappingProxyType
from typing import Literal

import msgspec

from checks.facts import Rail

Behaviour = Literal["approve", "decline", "timeout", "slow", "error", "dispute"]

SLOW_SECONDS = 3.0
"""How long the rail takes to answer tok_slow: shorter than the default rail timeout of 5 s."""

UNDECIDED_SECONDS = 2.0
"""How long the rail's status says unknown for tok_timeout before it says approved."""


class SandboxToken(msgspec.Struct, frozen=True):
    """token: what a request sends as ``payment_method``. code: the decline or error code it answers with."""

    token: str
    rail: Rail
    behaviour: Behaviour
    meaning: str
    brand: str = ""
    code: str = ""

    @property
    def fingerprint(self) -> str:
        """Stands for the card or account itself; equal for every use of the same token."""
        return f"fp_{hashlib.sha256(self.token.encode()).hexdigest()[:16]}"


SANDBOX_TOKENS = (
    SandboxToken("tok_visa", "card", "approve", "Visa, approved", "visa"),
    SandboxToken("tok_mastercard", "card", "approve", "Mastercard, approved", "mastercard"),
    SandboxToken("tok_amex", "card", "approve", "American Express, approved", "amex"),
    SandboxToken("bank_checking", "ach", "approve", "checking account by ACH debit, approved"),
    SandboxToken("tok_declined_generic", "card", "decline", "declined without a reason", "visa", "generic_decline"),
    SandboxToken(
        "tok_declined_insufficient_funds", "card", "decline", "not enough money", "visa", "insufficient_funds"
    ),
    SandboxToken("tok_declined_expired", "card", "decline", "the card has expired", "visa", "expired_card"),
    SandboxToken("tok_declined_do_not_honor", "card", "decline", "the issuer refuses", "mastercard", "do_not_honor"),
    SandboxToken("tok_declined_lost_card", "card", "decline", "reported lost", "mastercard", "lost_card"),
    SandboxToken("tok_declined_stolen_card", "card", "decline", "reported stolen", "visa", "stolen_card"),
    SandboxToken("tok_declined_fraud", "card", "decline", "the issuer suspects fraud", "visa", "fraudulent"),
    SandboxToken("tok_timeout", "card", "timeout", "the rail never answers; asked after 2 s it says approved", "visa"),
    SandboxToken("tok_slow", "card", "slow", "approved after 3 s", "visa"),
    SandboxToken("tok_error", "card", "error", "the rail fails; nothing is charged", "visa", "rail_error"),
)

TOKEN_BY_NAME = MappingProxyType({token.token: token for token in SANDBOX_TOKENS})
"""What works without a vault; every other method is a token of one."""
