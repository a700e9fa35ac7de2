"""Small pieces between two domains, so that neither knows the other."""

from payment_core.methods.revealing import Revealing
from payment_core.payments.model import Dispute
from payment_core.payments.money.disputing import OPEN_STATUSES
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing
from payment_core.store.walking import every
from payment_core.vault.errors import TokenShredded, TokenUnknown
from payment_core.vault.numbers.instruments import Card
from payment_core.vault.numbers.sensitive import Pan

RAIL_ACTOR = "core:acquirer"
PAGE = 500


class VaultCards:
    """The acquirer's ``CardReader`` over the vault; every number it gets is on record."""

    def __init__(self, revealing: Revealing) -> None:
        self._revealing = revealing

    async def card_number(self, token: str) -> Pan | None:
        """The card's number; None when the token stands for none any more."""
        try:
            found = await self._revealing.reveal(token, "card_rail", "payment authorization", RAIL_ACTOR)
        except (TokenUnknown, TokenShredded):
            return None
        return found.pan if isinstance(found, Card) else None


class ProviderDisputes:
    """What open disputes may still take from a provider. Disputes are few, so they are read through."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def unsecured_cents(self, provider_id: str) -> int:
        """The sum of what open disputes of the provider claim and nothing has been set aside for."""
        cents = 0
        async for dispute in every(self._store, Listing(Dispute, limit=PAGE)):
            if dispute.provider_id == provider_id and dispute.status in OPEN_STATUSES:
                cents += dispute.shortfall_cents
        return cents
