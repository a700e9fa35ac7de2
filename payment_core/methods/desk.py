"""Operations on payment methods: a card goes in once, and only a token ever comes out."""

from enum import StrEnum
from typing import Protocol

from payment_core.answers import Answer, ok
from payment_core.clock import Clock
from payment_core.methods.concealing import concealed, misplaced_number, unusable_field
from payment_core.methods.encryption_health import KEY_FAULTS, EncryptionHealthReport
from payment_core.methods.model import PaymentMethod
from payment_core.methods.refusals import MethodRefusal
from payment_core.methods.requests import CardRequest
from payment_core.methods.vault_records import link_token, shred_number
from payment_core.methods.views import method_view
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import answered_before, perform_once
from payment_core.operations.pages import answer_one, answer_page
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.numbers.instruments import Card, card_of
from payment_core.vault.numbers.problems import CardProblem, card_sentence
from payment_core.vault.numbers.sensitive import Cvc, Pan
from payment_core.vault.vault import CardToken, VaultCounts

_PATH_OF_PROBLEM = {
    CardProblem.NOT_DIGITS: "$.pan",
    CardProblem.LENGTH: "$.pan",
    CardProblem.CHECK_DIGIT: "$.pan",
    CardProblem.CVC: "$.cvc",
    CardProblem.EXPIRY_MONTH: "$.exp_month",
    CardProblem.EXPIRED: "$.exp_year",
    CardProblem.EXPIRY_TOO_FAR: "$.exp_year",
    CardProblem.HOLDER: "$.holder",
}


class CardVault(Protocol):
    """Where the number goes."""

    @property
    def counts(self) -> VaultCounts:
        """What happened to numbers since the start."""
        ...

    async def tokenize_card(self, card: Card) -> CardToken:
        """Keep the card; raises one of KEY_FAULTS, and then nothing was stored."""
        ...


class CardFingerprints(Protocol):
    """Tells that two numbers are equal."""

    async def of_card(self, pan: Pan) -> str:
        """A keyed hash of the number; raises one of KEY_FAULTS."""
        ...


class MethodDesk:
    """The operations."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        vault: CardVault,
        fingerprints: CardFingerprints,
        health: EncryptionHealthReport,
        origin: Origin,
        clock: Clock,
    ) -> None:
        self._store = store
        self._vault = vault
        self._fingerprints = fingerprints
        self._health = health
        self._origin = origin
        self._clock = clock

    async def create(self, call: Call, body: CardRequest) -> Answer | StrEnum:
        """Keep a card: the number goes to the vault, the answer shows a token."""
        card = self._card_of(call, body)
        if isinstance(card, Answer):
            return card
        try:
            return await self._keep(call, body, card)
        except KEY_FAULTS as fault:
            await self._health.broken(fault)
            return MethodRefusal.ENCRYPTION_UNAVAILABLE

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One method, also a deleted one."""
        missing = MethodRefusal.PAYMENT_METHOD_NOT_FOUND
        return await answer_one(self._store, PaymentMethod, call.path["payment_method_id"], method_view, missing)

    async def list(self, call: Call, _body: None) -> Answer | StrEnum:
        """A page of methods, all or one customer's."""
        owner = str(call.query["customer_id"])
        return await answer_page(self._store, call, PaymentMethod, method_view, owner=owner)

    async def delete(self, call: Call, _body: None) -> Answer | StrEnum:
        """Destroy the number for good; brand and last four stay, for receipts and refunds."""
        token = call.path["payment_method_id"]

        def work(transaction: Transaction) -> Answer | StrEnum:
            method = transaction.get(PaymentMethod, token)
            if method is None:
                return MethodRefusal.PAYMENT_METHOD_NOT_FOUND
            if method.deleted_at_ms > 0:
                return MethodRefusal.PAYMENT_METHOD_DELETED
            after = next_of(method, transaction.now_ms, deleted_at_ms=transaction.now_ms, fingerprint="")
            record_change(transaction, self._origin, after, status="deleted", previous_status="active")
            shred_number(transaction, self._origin, token, actor=call.actor, reason="payment method deleted")
            return ok(method_view(after))

        answer = await perform_once(self._store, "payment_method.delete", call, work)
        if isinstance(answer, Answer) and not answer.replayed:
            self._vault.counts.shredded += 1
        return answer

    def _card_of(self, call: Call, body: CardRequest) -> Card | Answer:
        card = card_of(
            number=body.pan, expiry_month=body.exp_month, expiry_year=body.exp_year, now_ms=self._clock.now_ms()
        )
        if isinstance(card, Card) and body.cvc != "" and isinstance(Cvc.parse(body.cvc), CardProblem):
            card = CardProblem.CVC
        if isinstance(card, CardProblem):
            return unusable_field(call.instance, _PATH_OF_PROBLEM[card], card_sentence(card))
        misplaced = misplaced_number(call.instance, {"$.customer_id": body.customer_id})
        return card if misplaced is None else misplaced

    async def _keep(self, call: Call, body: CardRequest, card: Card) -> Answer | StrEnum:
        operation = "payment_method.create"
        fingerprint = await self._fingerprints.of_card(card.pan)
        hidden = concealed(
            call,
            operation,
            fingerprint,
            body.customer_id,
            f"{body.exp_year}-{body.exp_month}",
            body.billing_country,
        )
        known = await answered_before(self._store, operation, hidden)
        if known is not None:
            return known
        token = await self._vault.tokenize_card(card)
        await self._health.works()

        def work(transaction: Transaction) -> Answer | StrEnum:
            if not link_token(transaction, token.token):
                return MethodRefusal.TOKEN_EXPIRED
            method = PaymentMethod(
                id=token.token,
                created_at_ms=transaction.now_ms,
                updated_at_ms=transaction.now_ms,
                customer_id=body.customer_id,
                brand=token.details.brand,
                bin=token.details.bin6,
                last4=token.details.last4,
                expiry_month=token.details.expiry_month,
                expiry_year=token.details.expiry_year,
                fingerprint=token.fingerprint,
                country=body.billing_country,
            )
            record_change(transaction, self._origin, method, status="active")
            return ok(method_view(method), 201)

        return await perform_once(self._store, operation, hidden, work)
