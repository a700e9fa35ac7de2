"""Payments, methods, providers, escrows and payouts, put together over one store."""

import msgspec

from payment_core.ach.codes.changes import Correction
from payment_core.ach.delivery.port import Delivery
from payment_core.ach.files.outgoing.payment_debits import PaymentDebits
from payment_core.ach.files.ports import EntryChanged
from payment_core.acquirer.port import CardRail
from payment_core.assembly.adapters import ProviderDisputes
from payment_core.assembly.payouts import Payouts, Surroundings, compose
from payment_core.assembly.scoring import SharedScorer
from payment_core.assembly.settings import CoreSettings
from payment_core.assembly.vaulting import Vaulting
from payment_core.clock import Clock
from payment_core.costs.notes import Spending
from payment_core.customers.desk import CustomerDesk
from payment_core.escrow.acts.saving import Setting
from payment_core.escrow.desk import EscrowDesk
from payment_core.escrow.funding import PaymentFunds
from payment_core.escrow.options import EscrowOptions
from payment_core.escrow.timers import EscrowTimers
from payment_core.flags.declared import Gates, NormalOperation
from payment_core.fraud.jobs import ListExpiry
from payment_core.fraud.list_desk import FraudListDesk
from payment_core.http.routes import Route
from payment_core.http.tables.ach import ach_routes
from payment_core.http.tables.control import control_routes
from payment_core.http.tables.disputes import dispute_routes
from payment_core.http.tables.escrows import escrow_routes
from payment_core.http.tables.fraud import fraud_routes
from payment_core.http.tables.methods import method_routes
from payment_core.http.tables.payments import payment_routes
from payment_core.http.tables.payouts import payout_routes
from payment_core.http.tables.people.bank_accounts import bank_account_routes
from payment_core.http.tables.people.customers import customer_routes
from payment_core.http.tables.people.providers import provider_routes
from payment_core.http.tables.refunds import refund_routes
from payment_core.jobs import Duty
from payment_core.methods.desk import MethodDesk
from payment_core.methods.resolving import VaultedMethods
from payment_core.methods.unlinked import UnlinkedTokens
from payment_core.operations.forgetting import RUN_MAX, KeyForgetting
from payment_core.options import MILLISECONDS_PER_SECOND, CoreOptions
from payment_core.origin import Origin
from payment_core.payments.control import ControlDesk
from payment_core.payments.desk import Desk, OnAttempt
from payment_core.payments.dispute_desk import DisputeDesk
from payment_core.payments.jobs.disputes import DisputeDeadlines, DisputeNotices
from payment_core.payments.jobs.doubts import Doubts
from payment_core.payments.jobs.expiry import Expiry
from payment_core.payments.jobs.recovery import Recovery
from payment_core.payments.jobs.release import Release
from payment_core.payments.jobs.sending import Sending
from payment_core.payments.ports import CostMeter
from payment_core.payments.rail.ach_debits import AchDebits, refund_entry_changed
from payment_core.payments.rail.carrying import Carrier, FaultProfile
from payment_core.payments.rail.scoring import KeyedEmailHash, RequestScores
from payment_core.payments.rail.settling import Settler
from payment_core.payments.reading import PaymentReads
from payment_core.payments.terms import Terms
from payment_core.payments.unfinished import is_unfinished
from payment_core.providers.account_books import AccountBooks
from payment_core.providers.account_options import AccountOptions
from payment_core.providers.accounts import BankAccountDesk
from payment_core.providers.cases import CaseDesk
from payment_core.providers.corrections import PreparedCorrection, prepare_correction
from payment_core.providers.desk import ProviderDesk
from payment_core.providers.jobs import AccountVerification
from payment_core.providers.model import BankAccount
from payment_core.providers.verifying import Verifying
from payment_core.store.port import LedgerStore, Transaction, Work


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What every domain is built on."""

    options: CoreOptions
    settings: CoreSettings
    store: LedgerStore
    clock: Clock
    origin: Origin
    vaulting: Vaulting
    scorer: SharedScorer
    acquirer: CardRail
    delivery: Delivery
    costs: CostMeter
    on_attempt: OnAttempt
    flags: Gates = NormalOperation()


class Domains(msgspec.Struct, frozen=True):
    """Routes and background work of all domains, and the desk that takes payments."""

    routes: tuple[Route, ...]
    duties: tuple[Duty, ...]
    desk: Desk


def build_domains(base: Base) -> Domains:
    """Build every domain."""
    store, origin, clock, vaulting = base.store, base.origin, base.clock, base.vaulting
    terms = _terms(base.options)
    emails = KeyedEmailHash(vaulting.hash_keys.emails)
    settler = Settler(terms=terms, costs=base.costs)
    account_options = AccountOptions()
    verifying = Verifying(origin, account_options, vaulting.hash_keys.amounts)
    books = AccountBooks(origin, account_options, verifying)
    payment_changed = AchDebits(settler).payment_entry_changed
    debits = PaymentDebits(origin)
    payouts = _payouts(base, payment_changed, books, debits)
    desk = Desk(
        store=store,
        carrier=_carrier(base),
        settler=settler,
        scores=RequestScores(scorer=base.scorer, origin=origin, emails=emails),
        scorer=base.scorer,
        origin=origin,
        clock=clock,
        terms=terms,
        on_attempt=base.on_attempt,
        methods=VaultedMethods(store, clock),
        debits=debits,
        flags=base.flags,
    )
    disputes = DisputeDesk(store, terms)
    accounts = _accounts(base, books, verifying, account_options)
    setting = Setting(PaymentFunds(), origin, EscrowOptions())
    return Domains(
        routes=(
            *_payment_routes(base, desk, disputes),
            *customer_routes(CustomerDesk(store, origin)),
            *bank_account_routes(accounts),
            *provider_routes(ProviderDesk(store, base.settings.names, origin), CaseDesk(store, origin)),
            *escrow_routes(EscrowDesk(store, setting)),
            *payout_routes(payouts.desk),
            *ach_routes(store, payouts.ach_desk),
            *fraud_routes(store, FraudListDesk(store, origin, emails)),
        ),
        duties=(
            *_payment_duties(base, desk, disputes, debits, terms),
            Duty("escrow-timers", EscrowTimers(store, setting, base.flags), 5.0),
            Duty("account-verification", AccountVerification(store, verifying), 30.0),
            Duty("unlinked-tokens", UnlinkedTokens(store), 60.0),
            Duty("fraud-list-expiry", ListExpiry(store, origin), 10.0),
            Duty("idempotency-keys", KeyForgetting(store, is_unfinished), 60.0, full=RUN_MAX),
            *(Duty(name, job, 5.0) for name, job in payouts.jobs.items()),
        ),
        desk=desk,
    )


def _terms(options: CoreOptions) -> Terms:
    return Terms(
        fee_basis_points=options.fee_basis_points,
        release_delay_ms=options.release_delay_seconds * MILLISECONDS_PER_SECOND,
        lease_ms=options.lease_ms,
    )


def _accounts(base: Base, books: AccountBooks, verifying: Verifying, options: AccountOptions) -> BankAccountDesk:
    return BankAccountDesk(
        store=base.store,
        vault=base.vaulting.vault,
        fingerprints=base.vaulting.fingerprints,
        health=base.vaulting.health,
        books=books,
        verifying=verifying,
        origin=base.origin,
        options=options,
    )


def _payouts(base: Base, payment_changed: EntryChanged, books: AccountBooks, debits: PaymentDebits) -> Payouts:
    vaulting, store = base.vaulting, base.store
    return compose(
        Surroundings(
            store=store,
            origin=base.origin,
            clock=base.clock,
            ach=base.settings.ach,
            numbers=vaulting.numbers,
            cipher=vaulting.cipher,
            delivery=base.delivery,
            risk=base.scorer,
            disputes=ProviderDisputes(store),
            spending=Spending(base.settings.prices, base.origin),
            payment=payment_changed,
            refund=refund_entry_changed,
            bank_account=books.bank_account_entry_changed,
            disable=books.disable_bank_account,
            represent=debits.represent,
            prepare_correction=_Corrections(store, books, vaulting),
            flags=base.flags,
        )
    )


def _carrier(base: Base) -> Carrier:
    options = base.options
    return Carrier(
        acquirer=base.acquirer,
        clock=base.clock,
        fault=FaultProfile(options.fail_percent, options.slow_seconds, options.above_cents),
        rail_timeout_seconds=options.rail_timeout_seconds,
    )


def _payment_routes(base: Base, desk: Desk, disputes: DisputeDesk) -> tuple[Route, ...]:
    reads = PaymentReads(base.store)
    methods = MethodDesk(
        store=base.store,
        vault=base.vaulting.vault,
        fingerprints=base.vaulting.fingerprints,
        health=base.vaulting.health,
        origin=base.origin,
        clock=base.clock,
    )
    return (
        *payment_routes(desk, reads),
        *refund_routes(desk, reads),
        *dispute_routes(disputes, reads),
        *control_routes(ControlDesk(base.store, base.origin)),
        *method_routes(methods),
    )


def _payment_duties(
    base: Base, desk: Desk, disputes: DisputeDesk, debits: PaymentDebits, terms: Terms
) -> tuple[Duty, ...]:
    store, rail = base.store, base.acquirer
    return (
        Duty("recovery", Recovery(store, desk), 1.0),
        Duty("sending", Sending(store, desk, debits, terms.lease_ms), 1.0),
        Duty("doubts", Doubts(store, _carrier(base)), 1.0),
        Duty("expiry", Expiry(store, desk, terms.lease_ms), 10.0),
        Duty("release", Release(store), 2.0),
        Duty("dispute-notices", DisputeNotices(store, disputes, rail), 2.0),
        Duty("dispute-deadlines", DisputeDeadlines(store, rail), 10.0),
    )


class _Corrections:
    """What a notification of change does to a bank account: the new number goes into the vault first."""

    def __init__(self, store: LedgerStore, books: AccountBooks, vaulting: Vaulting) -> None:
        self._store = store
        self._books = books
        self._vaulting = vaulting

    async def __call__(self, bank_account_id: str, code: str, correction: Correction) -> Work[object] | None:
        """The work that corrects the account; None when there is nothing to correct."""
        account = await self._store.read(BankAccount, bank_account_id)
        if account is None:
            return None
        prepared = await prepare_correction(
            account=account,
            change_code=code,
            correction=correction,
            vault=self._vaulting.vault,
            numbers=self._vaulting.numbers,
        )
        if not isinstance(prepared, PreparedCorrection):
            return None

        def work(transaction: Transaction) -> object:
            return self._books.correct_bank_account(transaction, bank_account_id, prepared)

        return work
