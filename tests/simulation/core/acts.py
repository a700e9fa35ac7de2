"""Everything that people, rails and banks ask of the payment core, each act with what it picks at random."""

import random
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from checks.scoring.model import Decision
from payment_core.ach.files.requests import AcknowledgeRequest, CloseCaseRequest, SubmitRequest
from payment_core.escrow.model import Escrow
from payment_core.escrow.requests import (
    AmountRequest,
    ConditionRequest,
    EscrowRequest,
    PayeeRequest,
    ResolutionRequest,
    SourceRequest,
)
from payment_core.methods.requests import CardRequest
from payment_core.money import Charge
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.payments.control import SetControl
from payment_core.payments.model import Dispute, Payment
from payment_core.payments.requests import (
    AcceptDispute,
    CancelPayment,
    CapturePayment,
    CreatePayment,
    CreateRefund,
    GiveEvidence,
    NotifyDispute,
    ReviewPayment,
)
from payment_core.payments.states import MONEY_STATUSES, DisputeStatus, PaymentStatus
from payment_core.payouts.requests import PayoutRequest
from payment_core.providers.requests import (
    BankAccountRequest,
    GuessRequest,
    ProviderRequest,
    ProviderUpdate,
    ReplacementRequest,
    VerificationRequest,
)
from tests.simulation.core.picking import Picks

T = TypeVar("T")

CARDS = ("4242424242424242", "5555555555554444", "4000000000000002", "4000000000000259", "4000000000002685")
"""Approved twice, declined, and two that are disputed."""
TOKENS = ("tok_visa", "tok_mastercard", "bank_checking", "tok_declined_generic", "tok_error")
ROUTING_NUMBERS = ("121042882", "231380104", "021000021")
CUSTOMERS = ("cus_1", "cus_2")
MONEY = tuple(MONEY_STATUSES)


class Request(msgspec.Struct, frozen=True):
    """route: method and path as in the table. path: its parameters."""

    route: str
    body: Any = None
    path: dict[str, str] = {}


def charge(cents: int | None) -> Charge | None:
    """So many cents, or nothing said about the amount."""
    return None if cents is None else Charge(cents, "USD")


class Acts:
    """Builds requests; None when there is nothing to ask for. key: of the request that is being built."""

    def __init__(self, picks: Picks, chance: random.Random) -> None:
        self._picks = picks
        self._chance = chance
        self.key = ""

    def any_of(self, *values: T) -> T:
        return self._chance.choice(values)

    def cents(self) -> int:
        """Mostly small; now and then what needs approvals, and what opens a case."""
        return self._chance.choice((1, 7, 99, 2_500, 10_000, 10_001, 25_000, 33_333, 700_000, 1_100_000))

    def part(self) -> int | None:
        return self._chance.choice((None, None, 1, 33, 2_500, 10_000, self.cents()))

    async def create_payment(self) -> Request | None:
        tokens = [*TOKENS[:2] * 3, *TOKENS[2:], *await self._picks.cards(), *await self._picks.debitable() * 2]
        token, customer = self.any_of(*tokens), self.any_of(*CUSTOMERS)
        if token not in TOKENS:
            customer = await self._picks.holder_of(token, customer)
        manual = self._chance.random() < 0.4 and (token in TOKENS or not token.startswith("bank_"))
        return Request(
            "POST /v1/payments",
            CreatePayment(
                amount=Charge(self.cents(), "USD"),
                payment_method=token,
                customer_id=customer,
                provider_id=self.any_of(*await self._picks.providers()),
                capture="manual" if manual else "automatic",
                release=self.any_of("automatic", "automatic", "escrow"),
                description=self.key,
                cvc=self.any_of("", "", "737"),
            ),
        )

    async def capture(self) -> Request | None:
        return await self._payment(
            "capture",
            CapturePayment(amount=charge(self.part()), final=self.any_of(True, False)),
            PaymentStatus.REQUIRES_CAPTURE,
        )

    async def cancel(self) -> Request | None:
        statuses = (PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.HELD, PaymentStatus.PROCESSING)
        return await self._payment("cancel", CancelPayment(), *statuses)

    async def review(self) -> Request | None:
        body = ReviewPayment(decision=self.any_of("approve", "approve", "reject"), reason="looked at it")
        return await self._payment("review", body, PaymentStatus.REQUIRES_REVIEW)

    async def refund(self) -> Request | None:
        payment = await self._picks.one(Payment, *MONEY)
        if payment is None:
            return None
        return Request(
            "POST /v1/refunds", CreateRefund(payment_id=payment.id, amount=charge(self.part()), reason=self.key)
        )

    async def tell_of_dispute(self) -> Request | None:
        payment = await self._picks.one(Payment, *MONEY)
        if payment is None:
            return None
        body = NotifyDispute(
            payment_id=payment.id,
            reference=f"dp_{payment.id}_{self.any_of(0, 1)}",
            outcome=self.any_of("opened", "opened", "won", "lost"),
            amount=charge(self.part()),
        )
        return Request("POST /v1/disputes", body)

    async def give_evidence(self) -> Request | None:
        words = self.any_of("a receipt", "winning_evidence: a signature")
        return await self._dispute("evidence", GiveEvidence(evidence=words))

    async def accept_dispute(self) -> Request | None:
        return await self._dispute("accept", AcceptDispute())

    async def control(self) -> Request | None:
        body = SetControl(mode=self.any_of("holding", "normal", "normal"), reason="a drill")
        return Request("POST /v1/control", body)

    async def add_card(self) -> Request | None:
        body = CardRequest(
            customer_id=self.any_of(*CUSTOMERS), pan=self.any_of(*CARDS), exp_month=12, exp_year=2030, cvc="737"
        )
        return Request("POST /v1/payment_methods", body)

    async def destroy_card(self) -> Request | None:
        cards = await self._picks.cards()
        if not cards:
            return None
        path = {"payment_method_id": self.any_of(*cards)}
        return Request("DELETE /v1/payment_methods/{payment_method_id}", None, path)

    async def add_provider(self) -> Request | None:
        body = ProviderRequest(
            name=f"Provider {self.key}",
            payout_schedule=self.any_of("daily", "manual", "weekly"),
            minimum_payout_cents=100,
            people=("key:carol",),
        )
        return Request("POST /v1/providers", body)

    async def change_provider(self) -> Request | None:
        provider_id = self.any_of(*await self._picks.providers())
        path = {"provider_id": provider_id}
        account_ids = [account.id for account in await self._picks.accounts() if account.holder_id == provider_id]
        what = self.any_of("", "", "", "", "/suspend", "/reinstate", "/reinstate", "/close")
        if what == "":
            chosen = self.any_of(*account_ids) if account_ids else None
            body: Any = ProviderUpdate(default_bank_account_id=chosen, minimum_payout_cents=100)
        else:
            body = ReasonRequest("a look") if what == "/suspend" else NoBody()
        return Request("POST /v1/providers/{provider_id}" + what, body, path)

    async def add_account(self) -> Request | None:
        of_provider = self._chance.random() < 0.6
        holder = self.any_of(*await self._picks.providers()) if of_provider else self.any_of(*CUSTOMERS)
        body = BankAccountRequest(
            holder_kind="provider" if of_provider else "customer",
            holder_id=holder,
            holder_name="Pat Doe",
            routing_number=self.any_of(*ROUTING_NUMBERS),
            account_number=self._picks.new_account_number(),
            account_type=self.any_of("checking", "savings"),
            account_class=self.any_of("personal", "company"),
        )
        return Request("POST /v1/bank_accounts", body)

    async def replace_account(self) -> Request | None:
        body = ReplacementRequest(
            routing_number=self.any_of(*ROUTING_NUMBERS),
            account_number=self._picks.new_account_number(),
            account_type="checking",
            account_class="personal",
        )
        return await self._account("replace", body)

    async def start_verification(self) -> Request | None:
        return await self._account("verification", VerificationRequest(self.any_of("micro", "prenote")), "unverified")

    async def verify(self) -> Request | None:
        account = await self._picks.account("micro_pending")
        if account is None:
            return None
        amounts = await self._picks.micro_amounts(account) if self._chance.random() < 0.8 else ()
        guess = amounts if len(amounts) == 2 else (1, 99)
        return Request(
            "POST /v1/bank_accounts/{bank_account_id}/verify", GuessRequest(guess), {"bank_account_id": account.id}
        )

    async def disable_account(self) -> Request | None:
        return await self._account("disable", NoBody())

    async def create_escrow(self) -> Request | None:
        payment = await self._picks.one(Payment, *MONEY)
        if payment is None:
            return None
        free = max(100, payment.unreleased_cents)
        amount = self.any_of(free, free, max(100, free // 2), 1_000)
        providers = await self._picks.providers()
        now_ms = self._picks.now_ms
        later_ms = now_ms + self.any_of(1, 4, 10) * 86_400_000
        timer = self.any_of("", "", "release", "refund")
        others = sorted({*providers} - {payment.provider_id})
        payees = tuple(
            PayeeRequest(each, weight) for each, weight in zip((payment.provider_id, *others), (7, 3, 1), strict=False)
        )
        other = await self._picks.one(Payment, *MONEY)
        several = other is not None and other.id != payment.id and other.provider_id == payment.provider_id
        sources: tuple[SourceRequest, ...] = ()
        if several and other is not None and self._chance.random() < 0.5:
            part = max(1, other.unreleased_cents)
            sources = (SourceRequest(payment.id, Charge(amount, "USD")), SourceRequest(other.id, Charge(part, "USD")))
            amount += part
        body = EscrowRequest(
            provider_id=payment.provider_id,
            amount=Charge(amount, "USD"),
            payment_id="" if sources else payment.id,
            payments=sources,
            payees=payees if self._chance.random() < 0.5 else (),
            conditions=self.any_of((), (), ("delivered",)),
            auto_release_at_ms=later_ms if timer == "release" else 0,
            auto_refund_at_ms=later_ms if timer == "refund" else 0,
            description=self.key,
        )
        return Request("POST /v1/escrows", body)

    async def escrow_act(self) -> Request | None:
        what = self.any_of(
            "fund", "conditions/{name}", "approve", "approve", "release", "release", "release", "refund", "freeze",
            "unfreeze", "unfreeze", "dispute", "resolve", "resolve", "expire",
        )  # fmt: skip
        if what == "release" and self._chance.random() < 0.8:
            escrow = await self._picks.releasable()
        else:
            escrow = await self._picks.one(Escrow, *ESCROWS_FOR.get(what, ()))
        if escrow is None:
            return None
        to_provider = self._chance.randint(0, escrow.held_cents)
        bodies: dict[str, Any] = {
            "conditions/{name}": ConditionRequest("doc_1"),
            "release": AmountRequest(charge(self.any_of(None, 1, 33, 101, 2_503))),
            "refund": AmountRequest(charge(self.part()), "unhappy"),
            "freeze": ReasonRequest("a look"),
            "dispute": ReasonRequest("not delivered"),
            "resolve": ResolutionRequest(to_provider, escrow.held_cents - to_provider),
        }
        path = {"escrow_id": escrow.id, "name": "delivered"}
        return Request("POST /v1/escrows/{escrow_id}/" + what, bodies.get(what, NoBody()), path)

    async def create_payout(self) -> Request | None:
        provider_id = self.any_of(*await self._picks.providers())
        mine = [account.id for account in await self._picks.accounts() if account.holder_id == provider_id]
        body = PayoutRequest(
            provider_id=provider_id,
            amount=charge(self.any_of(None, None, 100, 2_000, 9_200, 30_000)),
            bank_account_id=self.any_of("", *mine),
            speed=self.any_of("standard", "standard", "same_day"),
        )
        return Request("POST /v1/payouts", body)

    async def payout_act(self) -> Request | None:
        payout = await self._picks.payout()
        what = self.any_of("approve", "approve", "approve", "cancel")
        return (
            None
            if payout is None
            else Request("POST /v1/payouts/{payout_id}/" + what, NoBody(), {"payout_id": payout.id})
        )

    async def reverse_entry(self) -> Request | None:
        entry = await self._picks.reversible()
        return (
            None
            if entry is None
            else Request("POST /v1/ach/entries/{entry_id}/reverse", NoBody(), {"entry_id": entry.id})
        )

    async def submit_file(self) -> Request | None:
        file = await self._picks.file("built", "sending")
        return (
            None
            if file is None
            else Request("POST /v1/ach/files/{file_id}/submit", SubmitRequest(), {"file_id": file.id})
        )

    async def acknowledge_file(self) -> Request | None:
        """The bank's answer by telephone: what it decided, about a file that it has."""
        file = await self._picks.file("submitted", "sending", "acknowledged", "rejected")
        if file is None or file.name not in self._picks.bank.files:
            return None
        self._picks.bank.answer(file.name, accepts=self._chance.random() < 0.85)
        body = AcknowledgeRequest(self._picks.bank.accepted[file.name], "not today")
        return Request("POST /v1/ach/files/{file_id}/ack", body, {"file_id": file.id})

    async def close_case(self) -> Request | None:
        case = await self._picks.case()
        return (
            None
            if case is None
            else Request("POST /v1/ach/cases/{case_id}/close", CloseCaseRequest("seen"), {"case_id": case.id})
        )

    async def _payment(self, what: str, body: msgspec.Struct, *statuses: PaymentStatus) -> Request | None:
        payment = await self._picks.one(Payment, *statuses)
        path = "POST /v1/payments/{payment_id}/" + what
        return None if payment is None else Request(path, body, {"payment_id": payment.id})

    async def _dispute(self, what: str, body: msgspec.Struct) -> Request | None:
        dispute = await self._picks.one(Dispute, DisputeStatus.NEEDS_RESPONSE)
        path = "POST /v1/disputes/{dispute_id}/" + what
        return None if dispute is None else Request(path, body, {"dispute_id": dispute.id})

    async def _account(self, what: str, body: msgspec.Struct, *statuses: str) -> Request | None:
        account = await self._picks.account(*statuses)
        path = "POST /v1/bank_accounts/{bank_account_id}/" + what
        return None if account is None else Request(path, body, {"bank_account_id": account.id})


ESCROWS_FOR: dict[str, Sequence[str]] = {
    "fund": ("created",),
    "release": ("funded", "partially_released"),
    "refund": ("funded", "partially_released"),
    "approve": ("funded", "partially_released"),
    "unfreeze": ("frozen",),
    "resolve": ("disputed",),
    "expire": ("created",),
}

WEIGHTS: dict[str, int] = {
    "create_payment": 20,
    "capture": 9,
    "cancel": 3,
    "review": 5,
    "refund": 7,
    "tell_of_dispute": 4,
    "give_evidence": 2,
    "accept_dispute": 1,
    "control": 2,
    "add_card": 2,
    "destroy_card": 1,
    "add_provider": 1,
    "change_provider": 3,
    "add_account": 3,
    "replace_account": 1,
    "start_verification": 3,
    "verify": 3,
    "disable_account": 1,
    "create_escrow": 8,
    "escrow_act": 16,
    "create_payout": 8,
    "payout_act": 5,
    "reverse_entry": 1,
    "submit_file": 1,
    "acknowledge_file": 3,
    "close_case": 1,
}

DECISIONS = (*[Decision.APPROVE] * 10, Decision.MONITOR, Decision.REVIEW, Decision.REVIEW, Decision.BLOCK)
MOODS = (*["approved"] * 16, "declined", "failed", "lost", "late", "mute")
