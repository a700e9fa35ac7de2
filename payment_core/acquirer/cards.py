"""The documented test card numbers: how the simulated rail answers a card from the vault."""

from types import MappingProxyType

import msgspec

from payment_core.acquirer.tokens import Behaviour


class SandboxCard(msgspec.Struct, frozen=True):
    """number: digits that no issuer gives out. code: the decline or error code, or the reason of the dispute."""

    number: str
    behaviour: Behaviour
    meaning: str
    code: str = ""


SANDBOX_CARDS = (
    SandboxCard("4242424242424242", "approve", "Visa, approved"),
    SandboxCard("4000056655665556", "approve", "Visa debit, approved"),
    SandboxCard("5555555555554444", "approve", "Mastercard, approved"),
    SandboxCard("378282246310005", "approve", "American Express, approved"),
    SandboxCard("6011111111111117", "approve", "Discover, approved"),
    SandboxCard("4000000000000002", "decline", "declined without a reason", "generic_decline"),
    SandboxCard("4000000000009995", "decline", "not enough money", "insufficient_funds"),
    SandboxCard("4000000000009987", "decline", "reported lost", "lost_card"),
    SandboxCard("4000000000009979", "decline", "reported stolen", "stolen_card"),
    SandboxCard("4000000000000069", "decline", "the card has expired", "expired_card"),
    SandboxCard("4000000000000127", "decline", "the verification code is wrong", "incorrect_cvc"),
    SandboxCard("4000000000000119", "error", "the rail fails; nothing is charged", "processing_error"),
    SandboxCard("4000000000000259", "dispute", "approved, then disputed as fraudulent", "fraudulent"),
    SandboxCard("4000000000002685", "dispute", "approved, then disputed as not received", "product_not_received"),
)
CARD_BY_NUMBER = MappingProxyType({card.number: card for card in SANDBOX_CARDS})

OTHER_CARD = SandboxCard("", "approve", "any other number, approved")

WINNING_EVIDENCE = "winning_evidence"
"""Evidence that holds these words wins its dispute at the simulated rail; any other loses it."""
