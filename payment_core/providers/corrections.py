"""Prepares a notification of change: the corrected number goes into the vault before the account is changed."""

from typing import Protocol

import msgspec

from payment_core.ach.codes.changes import Correction
from payment_core.ach.codes.transaction_codes import TRANSACTION_CODES
from payment_core.providers.model import AccountType, BankAccount
from payment_core.vault.numbers.instruments import BankAccount as VaultedAccount
from payment_core.vault.numbers.instruments import bank_account_of
from payment_core.vault.numbers.problems import AccountProblem
from payment_core.vault.numbers.sensitive import AccountNumber
from payment_core.vault.vault import BankToken


class PreparedCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """What changes, without a number in it. token: of the corrected number, empty when the number stays.

    replaces_token: the token that the account had; when it has another one, this came too late.
    is_new_number: the account number itself is another one, not only its bank or type.
    """

    change_code: str
    replaces_token: str
    token: str = ""
    fingerprint: str = ""
    routing_number: str = ""
    last4: str = ""
    account_type: AccountType = "checking"
    is_new_number: bool = False
    holder_name: str = ""


class BankVault(Protocol):
    """Where account numbers go."""

    async def tokenize_bank_account(self, account: VaultedAccount) -> BankToken:
        """Keep the account; raises what the key service raises, and then nothing was stored."""
        ...


class AccountNumbers(Protocol):
    """The audited door out of the vault."""

    async def reveal(self, token: str, reason: str, actor: str) -> AccountNumber:
        """The account number behind a token; raises VaultError."""
        ...


async def prepare_correction(
    *, account: BankAccount, change_code: str, correction: Correction, vault: BankVault, numbers: AccountNumbers
) -> PreparedCorrection | AccountProblem | None:
    """What the notification changes; a problem when what the bank sent is no account; None when nothing is new.

    C04 changes the name; C01, C02, C03, C05, C06 and C07 what is sealed in the vault, and so the token.
    """
    name = correction.receiver_name
    prepared = PreparedCorrection(
        change_code=change_code,
        replaces_token=account.token,
        holder_name="" if name is None or name == account.holder_name else name,
    )
    account_type = _type_of(correction, account)
    routing_number = account.routing_number if correction.routing_number is None else correction.routing_number
    same = (routing_number, account_type) == (account.routing_number, account.account_type)
    if correction.account_number is None and same:
        return None if prepared.holder_name == "" else prepared
    number = correction.account_number
    if number is None:
        kept = await numbers.reveal(account.token, f"notification of change {change_code}", "core:ach")
        number = kept.reveal()
    corrected = bank_account_of(routing_number=routing_number, account_number=number, account_type=account_type)
    if isinstance(corrected, AccountProblem):
        return corrected
    token = await vault.tokenize_bank_account(corrected)
    if token.fingerprint == account.fingerprint and same:
        return None
    return msgspec.structs.replace(
        prepared,
        token=token.token,
        fingerprint=token.fingerprint,
        routing_number=routing_number,
        last4=token.details.last4,
        account_type=account_type,
        is_new_number=correction.account_number is not None,
    )


def _type_of(correction: Correction, account: BankAccount) -> AccountType:
    code = None if correction.transaction_code is None else TRANSACTION_CODES.get(correction.transaction_code)
    if code is None:
        return account.account_type
    return "savings" if code.account_type.value == "savings" else "checking"
