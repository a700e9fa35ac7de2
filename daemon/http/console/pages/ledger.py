"""The page of the ledger: whether it balances, the trial balance, and each invariant with who checks it and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from checks.facts import HealthProbed, HealthStatus
from daemon.cores.books import AccountTotal, TrialBalance
from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.console.components import ComponentRow, component_rows
from daemon.http.console.compose import LEDGER_STALE_MS
from daemon.http.console.figures.money import MoneyPanel, money_panel
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import Moment, age, count, moment
from daemon.probes.self_checks import AUDIT_TRAIL

LIVE = {
    "I1": "every journal sums to zero in its currency",
    "I2": "all accounts of a currency together are zero",
    "I3": "each account is what its journals add up to",
    "I4": "no account is below zero that may not be",
}
"""What the verification of the ledger proves each time; see docs/ledger.md."""

ELSEWHERE = (
    ("I5", "captured at most what was authorized", "held by the payment's transition"),
    ("I6", "refunds and lost disputes at most what was captured", "held by the payment's totals"),
    ("I7", "released and refunded at most what an escrow was funded with", "escrow-manager"),
    ("I8", "payouts in a file are the file's control total", "ach-transfer-manager"),
    ("I9", "one idempotency key, one effect", "held by the key's record"),
    ("I10", "no version of a document is skipped", AUDIT_TRAIL),
    ("I11", "one audit row and one event for each change", AUDIT_TRAIL),
    ("I12", "the audit trail is a chain from its first row", AUDIT_TRAIL),
    ("I13", "money is whole cents", "held by its type"),
    ("I14", "no card or account number in a log, event or error", "compliance"),
    ("I15", "compliance checks fail closed", "held by their order"),
    ("I16", "a trace number is used once", "held by the sequence's record"),
)
"""The others: their name, what they say, and the component that is probed for them, or what holds them."""

State = Literal["holds", "broken", "no_data", "kept"]
_BY_HEALTH: Mapping[HealthStatus, State] = MappingProxyType(
    {"healthy": "holds", "degraded": "broken", "unhealthy": "broken", "unknown": "no_data"}
)

RECONCILED = ("database", AUDIT_TRAIL, "escrow-manager", "ach-transfer-manager", "compliance")
"""Components whose probes hold the books against something else."""


@dataclass(frozen=True, slots=True)
class InvariantRow:
    """One invariant. state: holds, broken, no_data, or kept where nothing is measured and something forbids it."""

    name: str
    says: str
    state: State
    by: str
    checked: Moment | None = None


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One line of the trial balance, in words. side: on which it grows."""

    account: str
    meaning: str
    owners: str
    side: str
    debits: str
    credits: str
    pending: str
    balance: str


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """lines: empty while no trial balance is known; why: then and when it is old. even: whether debits are credits.

    off: they differ, and no payment that moved meanwhile explains it.
    """

    money: MoneyPanel
    lines: tuple[AccountLine, ...]
    sums: tuple[tuple[str, str, str], ...]
    even: bool
    off: bool
    read: Moment | None
    age: str
    why: str
    violations: tuple[tuple[str, str, str, str], ...]
    invariants: tuple[InvariantRow, ...]
    reconciled: tuple[ComponentRow, ...]


def compose(scene: Scene, _of: str) -> LedgerPage:
    """From the last proof, the last trial balance and the last probes."""
    now_ms, watch = scene.now_ms, scene.options.books
    books = None if watch is None else watch.look()
    ledger, accounts = scene.options.ledger(), None if books is None else books.accounts
    balance = TrialBalance(()) if accounts is None or accounts.value is None else accounts.value
    found = balance.accounts
    even = all(debits == credited for _, debits, credited in _sums(found))
    probed = scene.options.probed()
    return LedgerPage(
        money=money_panel(ledger, books, now_ms),
        lines=tuple(_line(one) for one in found),
        sums=_sums(found),
        even=even,
        off=not even and balance.at_one_moment,
        read=moment(accounts.read_at_ms, now_ms) if accounts is not None and accounts.read_at_ms else None,
        age=age(max(0, now_ms - accounts.read_at_ms)) if accounts is not None and accounts.read_at_ms else "",
        why="No core is asked." if accounts is None else accounts.fault,
        violations=()
        if ledger is None
        else tuple((one.invariant, one.subject, one.detail, _minor(one.difference_cents)) for one in ledger.wrong),
        invariants=tuple(_invariants(ledger, probed, now_ms)),
        reconciled=tuple(row for row in component_rows(probed, now_ms) if row.name in RECONCILED),
    )


def _invariants(ledger: LedgerStatus | None, probed: Sequence[HealthProbed], now_ms: int) -> list[InvariantRow]:
    rows = [_live(name, says, ledger, now_ms) for name, says in LIVE.items()]
    health = {row.name: row for row in component_rows(probed, now_ms)}
    for name, says, by in ELSEWHERE:
        row = health.get(by)
        if row is not None and by == AUDIT_TRAIL:
            # Degraded: the first verification is under way. The core says itself of which moment its word is.
            state: State = "no_data" if row.status == "degraded" else _BY_HEALTH[row.status]
            rows.append(InvariantRow(name, says, state, f"{by}, {row.detail.partition(' (')[0]}"))
        elif row is not None:
            rows.append(InvariantRow(name, says, _BY_HEALTH[row.status], f"{by}, {row.age} ago"))
        elif by in RECONCILED:
            rows.append(InvariantRow(name, says, "no_data", by))
        else:
            rows.append(InvariantRow(name, says, "kept", by))
    return rows


def _live(name: str, says: str, ledger: LedgerStatus | None, now_ms: int) -> InvariantRow:
    if ledger is None or now_ms - ledger.checked_at_ms > LEDGER_STALE_MS:
        checked = None if ledger is None else moment(ledger.checked_at_ms, now_ms)
        return InvariantRow(name, says, "no_data", "added up every 30 s", checked)
    broken = any(one.invariant == name for one in ledger.wrong)
    at = moment(ledger.checked_at_ms, now_ms)
    return InvariantRow(name, says, "broken" if broken else "holds", "added up every 30 s", at)


def _line(one: AccountTotal) -> AccountLine:
    return AccountLine(
        account=one.account if one.currency == "USD" else f"{one.account} {one.currency}",
        meaning=one.meaning,
        owners=count(one.owners),
        side=one.normal_side,
        debits=_minor(one.debits_cents),
        credits=_minor(one.credits_cents),
        pending=_minor(one.debits_pending_cents + one.credits_pending_cents),
        balance=_minor(one.balance_cents),
    )


def _sums(accounts: tuple[AccountTotal, ...]) -> tuple[tuple[str, str, str], ...]:
    """Currency, all debits, all credits."""
    sums: dict[str, tuple[int, int]] = {}
    for one in accounts:
        debits, credits_ = sums.get(one.currency, (0, 0))
        sums[one.currency] = (debits + one.debits_cents, credits_ + one.credits_cents)
    return tuple((currency, _minor(debits), _minor(credits_)) for currency, (debits, credits_) in sorted(sums.items()))


def _minor(cents: int) -> str:
    """Hundredths with thousands in groups, without a sign of currency: columns are compared."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{whole // 100:,}.{whole % 100:02d}"


LEDGER = ConsolePage(
    name="ledger",
    title="Ledger",
    path="/console/ledger",
    section="ledger",
    panels=("money", "trial-balance", "invariants", "reconciled"),
    compose=compose,
    asks_cores=True,
)
