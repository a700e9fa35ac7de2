"""Puts payouts, ACH files and returns together from their ports."""

from collections.abc import Mapping

import msgspec

from config.ach import Ach
from payment_core.ach.delivery.port import Delivery
from payment_core.ach.files.content import SealedContent
from payment_core.ach.files.desk import AchDesk
from payment_core.ach.files.incoming.acknowledging import Acknowledger
from payment_core.ach.files.incoming.answering import Answering, DisableAccount, PrepareCorrection, Represent
from payment_core.ach.files.incoming.inbox import InboxJob
from payment_core.ach.files.incoming.rates import RatesJob
from payment_core.ach.files.incoming.receiving import RETURNS_PURPOSE, Receiver
from payment_core.ach.files.incoming.returning import ReturnsJob
from payment_core.ach.files.model import AchEntry, EntryPurpose
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.advancing import FileJob
from payment_core.ach.files.outgoing.building import Builder
from payment_core.ach.files.outgoing.collecting import CollectingJob
from payment_core.ach.files.outgoing.sending import Sender
from payment_core.ach.files.outgoing.spreading import Spreader
from payment_core.ach.files.ports import AccountNumbers, EntryChanged, FileCipher
from payment_core.clock import Clock
from payment_core.costs.notes import Spending
from payment_core.flags.declared import Gates, NormalOperation
from payment_core.jobs import Job
from payment_core.origin import Origin
from payment_core.payouts.desk import PayoutDesk
from payment_core.payouts.jobs.scheduling import ScheduleJob
from payment_core.payouts.jobs.sweeping import PayoutJob
from payment_core.payouts.ports import OpenDisputes, PayoutRisk
from payment_core.payouts.progress import PayoutProgress
from payment_core.payouts.requesting import Requesting
from payment_core.payouts.scoring import Scoring
from payment_core.store.port import LedgerStore, Transaction

FILES_PURPOSE = "ach_file"


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What payouts and files are given. payment, refund, bank_account: told when an entry of theirs changes."""

    store: LedgerStore
    origin: Origin
    clock: Clock
    ach: Ach
    numbers: AccountNumbers
    cipher: FileCipher
    delivery: Delivery
    risk: PayoutRisk
    disputes: OpenDisputes
    spending: Spending
    payment: EntryChanged
    refund: EntryChanged
    bank_account: EntryChanged
    disable: DisableAccount
    represent: Represent
    prepare_correction: PrepareCorrection
    flags: Gates = NormalOperation()


class Payouts(msgspec.Struct, frozen=True, kw_only=True):
    """The two desks for the routes, and the jobs by name in the order in which one run of each makes most progress."""

    desk: PayoutDesk
    ach_desk: AchDesk
    jobs: Mapping[str, Job]


def entry_mover(
    origin: Origin, spending: Spending, payment: EntryChanged, refund: EntryChanged, bank_account: EntryChanged
) -> EntryMover:
    """Moves entries, tells whoever waits for them, and notes what that cost."""
    progress = PayoutProgress(origin)
    handlers: dict[EntryPurpose, EntryChanged] = {
        "payout": progress.payout_entry_changed,
        "reversal": progress.reversal_entry_changed,
        "payment": payment,
        "refund": refund,
        "micro": bank_account,
        "prenote": bank_account,
    }
    return EntryMover(origin, {purpose: _priced(handler, spending) for purpose, handler in handlers.items()})


def _priced(handler: EntryChanged, spending: Spending) -> EntryChanged:
    def changed(transaction: Transaction, entry: AchEntry) -> None:
        handler(transaction, entry)
        if entry.status == "returned":
            spending.entry_returned(transaction, entry.id)
        elif entry.status == "submitted" and entry.purpose == "payout":
            spending.payout_sent(transaction, entry.subject_id, entry.amount_cents)

    return changed


def compose(around: Surroundings) -> Payouts:
    """Everything of payouts."""
    store, origin, ach = around.store, around.origin, around.ach
    mover = entry_mover(origin, around.spending, around.payment, around.refund, around.bank_account)
    content = SealedContent(store, around.cipher, FILES_PURPOSE)
    returned = SealedContent(store, around.cipher, RETURNS_PURPOSE)
    spreader = Spreader(store, origin, mover)
    sender = Sender(store, origin, ach, content, around.delivery, around.spending)
    builder = Builder(store, origin, mover, ach, around.numbers, content)
    acknowledger = Acknowledger(store, origin, sender, spreader)
    receiver = Receiver(store, origin, returned)
    answering = Answering(origin, mover, around.disable, around.represent)
    requesting = Requesting(origin, ach)
    scoring = Scoring(store, origin, around.risk, around.disputes)
    return Payouts(
        desk=PayoutDesk(
            store=store,
            origin=origin,
            clock=around.clock,
            requesting=requesting,
            scoring=scoring,
            mover=mover,
            flags=around.flags,
        ),
        ach_desk=AchDesk(
            store=store,
            origin=origin,
            clock=around.clock,
            acknowledger=acknowledger,
            content=content,
            receiver=receiver,
        ),
        jobs={
            "payout-schedule": ScheduleJob(store, ach, requesting, scoring, around.flags, origin),
            "payouts": PayoutJob(store, origin, ach, requesting, scoring),
            "ach-collecting": CollectingJob(store, origin, mover, ach),
            "ach-files": FileJob(store, origin, ach, builder, sender, spreader),
            "ach-inbox": InboxJob(store, origin, around.delivery, receiver, acknowledger),
            "ach-returns": ReturnsJob(store, origin, returned, answering, around.prepare_correction),
            "ach-rates": RatesJob(store, origin),
        },
    )
