"""Operations on bank accounts: a number goes in once, and only a token ever comes out."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import msgspec

from payment_core.ach.codes.routing import is_routing_number
from payment_core.answers import Answer, Explanation, encode_problem, ok, problem
from payment_core.identifiers import new_id
from payment_core.methods.concealing import concealed, misplaced_number, unusable_field
from payment_core.methods.encryption_health import KEY_FAULTS, EncryptionHealthReport
from payment_core.methods.vault_records import link_token
from payment_core.operations.bodies import NoBody
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import answered_before, perform_once
from payment_core.operations.pages import answer_page
from payment_core.origin import Origin
from payment_core.providers.account_books import AccountBooks
from payment_core.providers.account_options import AccountOptions
from payment_core.providers.corrections import BankVault
from payment_core.providers.model import BankAccount, Provider, TokenLink
from payment_core.providers.refusals import BankAccountRefusal
from payment_core.providers.requests import BankAccountRequest, GuessRequest, ReplacementRequest, VerificationRequest
from payment_core.providers.verifying import Verifying, start_refusal
from payment_core.providers.views import bank_account_view
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.numbers.instruments import BankAccount as VaultedAccount
from payment_core.vault.numbers.instruments import bank_account_of
from payment_core.vault.numbers.problems import AccountProblem, account_sentence
from payment_core.vault.vault import BankToken

CLOSED = "closed"
"""In place of an R-code: somebody asked for it."""

_PATH_OF_PROBLEM = {
    AccountProblem.ROUTING: "$.routing_number",
    AccountProblem.LENGTH: "$.account_number",
    AccountProblem.CHARACTERS: "$.account_number",
}

Change = Callable[[Transaction, BankAccount], BankAccount | BankAccountRefusal]
Link = Callable[[Transaction, BankToken], Answer | StrEnum]


class AccountFingerprints(Protocol):
    """Tells that two accounts are equal."""

    async def of_bank_account(self, account: VaultedAccount) -> str:
        """A keyed hash of routing and account number; raises one of KEY_FAULTS."""
        ...


class BankAccountDesk:
    """The operations."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        vault: BankVault,
        fingerprints: AccountFingerprints,
        health: EncryptionHealthReport,
        books: AccountBooks,
        verifying: Verifying,
        origin: Origin,
        options: AccountOptions,
    ) -> None:
        self._store = store
        self._vault = vault
        self._fingerprints = fingerprints
        self._health = health
        self._books = books
        self._verifying = verifying
        self._origin = origin
        self._options = options

    async def create(self, call: Call, body: BankAccountRequest) -> Answer | StrEnum:
        """Add an account; it has to be verified before money moves."""

        def link(transaction: Transaction, token: BankToken) -> Answer | StrEnum:
            if body.holder_kind == "provider" and not _is_open(transaction.get(Provider, body.holder_id)):
                return BankAccountRefusal.HOLDER_NOT_FOUND
            if not link_token(transaction, token.token):
                return BankAccountRefusal.TOKEN_EXPIRED
            now_ms = transaction.now_ms
            account = BankAccount(
                id=new_id("ba", now_ms),
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                changed_at_ms=now_ms,
                holder_id=body.holder_id,
                holder_kind=body.holder_kind,
                holder_name=body.holder_name,
                token=token.token,
                fingerprint=token.fingerprint,
                routing_number=body.routing_number,
                last4=token.details.last4,
                account_type=body.account_type,
                account_class=body.account_class,
            )
            transaction.put(TokenLink(id=token.token, bank_account_id=account.id))
            record_change(transaction, self._origin, account, status=account.status)
            return self._answer(account, 201)

        parts = {"$.holder_kind": body.holder_kind, "$.holder_id": body.holder_id, "$.holder_name": body.holder_name}
        misplaced = misplaced_number(call.instance, parts)
        if misplaced is not None:
            return misplaced
        return await self._with_number(call, "bank_account.create", body, tuple(parts.values()), link)

    async def replace(self, call: Call, body: ReplacementRequest) -> Answer | StrEnum:
        """Give the account another number; whatever was verified before does not count any more."""
        account_id = call.path["bank_account_id"]

        def link(transaction: Transaction, token: BankToken) -> Answer | StrEnum:
            account = transaction.get(BankAccount, account_id)
            if account is None:
                return BankAccountRefusal.BANK_ACCOUNT_NOT_FOUND
            if account.disabled_code == CLOSED:
                return BankAccountRefusal.BANK_ACCOUNT_DISABLED
            if not link_token(transaction, token.token):
                return BankAccountRefusal.TOKEN_EXPIRED
            self._books.exchange_token(transaction, account, token.token)
            after = next_of(
                account,
                transaction.now_ms,
                token=token.token,
                fingerprint=token.fingerprint,
                routing_number=body.routing_number,
                last4=token.details.last4,
                account_type=body.account_type,
                account_class=body.account_class,
                status="unverified",
                disabled_code="",
                verified_at_ms=0,
                changed_at_ms=transaction.now_ms,
                micro_hash="",
                micro_attempts=0,
                entry_ids=(),
                settled_entry_ids=(),
                deadline_at_ms=0,
            )
            record_change(transaction, self._origin, after, status=after.status, previous_status=account.status)
            self._books.note_changed_number(transaction, after)
            return self._answer(after)

        return await self._with_number(call, "bank_account.replace", body, (account_id,), link)

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One account."""
        account = await self._store.read(BankAccount, call.path["bank_account_id"])
        return BankAccountRefusal.BANK_ACCOUNT_NOT_FOUND if account is None else self._answer(account)

    async def list(self, call: Call, _body: None) -> Answer | StrEnum:
        """A page of accounts, all or one holder's."""
        attempts = self._options.micro_attempts
        owner = str(call.query["holder_id"])
        return await answer_page(
            self._store, call, BankAccount, lambda account: bank_account_view(account, attempts), owner=owner
        )

    async def start_verification(self, call: Call, body: VerificationRequest) -> Answer | StrEnum:
        """Send micro-entries or a prenote."""

        def change(transaction: Transaction, account: BankAccount) -> BankAccount | BankAccountRefusal:
            refusal = start_refusal(account)
            if refusal is not None:
                return refusal
            if body.method == "micro":
                return self._verifying.start_micro(transaction, account)
            return self._verifying.start_prenote(transaction, account)

        return await self._change(call, "bank_account.start_verification", change)

    async def verify(self, call: Call, body: GuessRequest) -> Answer | StrEnum:
        """Compare the amounts of the micro-entries; a wrong guess is remembered with its key, and counts once."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            account = transaction.get(BankAccount, call.path["bank_account_id"])
            if account is None:
                return BankAccountRefusal.BANK_ACCOUNT_NOT_FOUND
            after = self._verifying.guess(transaction, account, body.amounts_cents)
            if isinstance(after, BankAccountRefusal):
                return after
            return self._answer(after) if after.status == "verified" else self._wrong_guess(call, after)

        return await perform_once(self._store, "bank_account.verify", call, work)

    async def disable(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Never use the account again."""

        def change(transaction: Transaction, account: BankAccount) -> BankAccount | BankAccountRefusal:
            if account.status == "disabled":
                return BankAccountRefusal.BANK_ACCOUNT_DISABLED
            self._books.disable_bank_account(transaction, account.id, CLOSED)
            after = transaction.get(BankAccount, account.id)
            return account if after is None else after

        return await self._change(call, "bank_account.disable", change)

    async def _with_number(
        self,
        call: Call,
        operation: str,
        body: BankAccountRequest | ReplacementRequest,
        parts: tuple[str, ...],
        link: Link,
    ) -> Answer | StrEnum:
        account = _account_of(call, body)
        if isinstance(account, Answer):
            return account
        try:
            fingerprint = await self._fingerprints.of_bank_account(account)
            hidden = concealed(call, operation, fingerprint, body.account_type, body.account_class, *parts)
            known = await answered_before(self._store, operation, hidden)
            if known is not None:
                return known
            token = await self._vault.tokenize_bank_account(account)
        except KEY_FAULTS as fault:
            await self._health.broken(fault)
            return BankAccountRefusal.ENCRYPTION_UNAVAILABLE
        await self._health.works()
        return await perform_once(self._store, operation, hidden, lambda transaction: link(transaction, token))

    async def _change(self, call: Call, operation: str, change: Change) -> Answer | StrEnum:
        def work(transaction: Transaction) -> Answer | StrEnum:
            account = transaction.get(BankAccount, call.path["bank_account_id"])
            if account is None:
                return BankAccountRefusal.BANK_ACCOUNT_NOT_FOUND
            after = change(transaction, account)
            return after if isinstance(after, BankAccountRefusal) else self._answer(after)

        return await perform_once(self._store, operation, call, work)

    def _answer(self, account: BankAccount, status: int = 200) -> Answer:
        return ok(bank_account_view(account, self._options.micro_attempts), status)

    def _wrong_guess(self, call: Call, account: BankAccount) -> Answer:
        view = bank_account_view(account, self._options.micro_attempts)
        detail = f"The amounts are not those of the micro-entries; {view.attempts_left} attempts are left."
        document = problem("micro_amounts_wrong", Explanation("Wrong amounts", 422, detail), call.instance)
        raw = msgspec.Raw(msgspec.json.encode(view))
        return encode_problem(msgspec.structs.replace(document, resource_id=account.id, resource=raw))


def _is_open(provider: Provider | None) -> bool:
    return provider is not None and provider.status != "closed"


def _account_of(call: Call, body: BankAccountRequest | ReplacementRequest) -> VaultedAccount | Answer:
    account = bank_account_of(
        routing_number=body.routing_number, account_number=body.account_number, account_type=body.account_type
    )
    if isinstance(account, VaultedAccount) and not is_routing_number(account.routing_number):
        account = AccountProblem.ROUTING
    if isinstance(account, AccountProblem):
        return unusable_field(call.instance, _PATH_OF_PROBLEM[account], account_sentence(account))
    return account
