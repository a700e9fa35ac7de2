"""The only door through which a number leaves the vault, for rails and people; each opening is on record first."""

from payment_core.methods.vault_accesses import PURPOSE_OF_ROLE
from payment_core.vault.access import Purpose
from payment_core.vault.errors import TokenUnknown
from payment_core.vault.numbers.instruments import BankAccount, Card
from payment_core.vault.numbers.sensitive import AccountNumber
from payment_core.vault.vault import Vault


class Revealing:
    """No route leads here: no API answers a number."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def reveal(self, token: str, role: str, reason: str, actor: str) -> Card | BankAccount:
        """The card or account behind a token, for the one purpose of the role.

        A VaultAccess is stored before; the vault limits the rate of each actor. Raises AccessRefused,
        TokenUnknown, TokenShredded, AuditUnavailable (retryable) and what the key service raises.
        """
        purpose = PURPOSE_OF_ROLE.get(role)
        # An unknown role is refused by the vault itself, which puts the attempt on record.
        wanted = Purpose.AUTHORIZATION if purpose is None else purpose
        return await self._vault.detokenize(token, role=role, reason=reason, actor=actor, purpose=wanted)


class AccountReveal:
    """The door of ACH files: account numbers alone."""

    def __init__(self, revealing: Revealing) -> None:
        self._revealing = revealing

    async def reveal(self, token: str, reason: str, actor: str) -> AccountNumber:
        """The account number behind a token; raises what Revealing raises, TokenUnknown for a card's token."""
        found = await self._revealing.reveal(token, "ach_files", reason, actor)
        if not isinstance(found, BankAccount):
            raise TokenUnknown
        return found.account_number
