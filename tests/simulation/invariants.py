"""Reads a store from the beginning and says which of the invariants I1 to I4 and I10 to I14 do not hold."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Protocol

import msgspec

from checks.facts import AnyFact
from payment_core.ledger.accounts import account_of
from payment_core.ledger.posting import Balances, Hold, Posting
from payment_core.store.port import Books, LedgerStore, Outbox, PostedJournal
from payment_core.store.trail import GENESIS
from payment_core.store.walking import every_account

PAGE = 10_000
_FACT = msgspec.json.Decoder(AnyFact)
_CARD = re.compile(rb"(?<![0-9a-f.])[2-6][0-9]{12,18}(?![0-9a-f])")


class AnyStore(LedgerStore, Books, Outbox, Protocol):
    """All three ports of a store."""


async def violations(store: AnyStore) -> list[str]:
    """One sentence for each invariant that is broken; every domain may add its own to the list."""
    journals = await store.journals(0, PAGE)
    return [
        *_journals(journals),
        *await _accounts(store, journals),
        *await _trail(store),
        *await _events(store),
    ]


def _journals(journals: list[PostedJournal]) -> Iterator[str]:
    """I1 and I13: whole positive amounts, each from one account to another."""
    ids = Counter(posted.journal.id for posted in journals)
    yield from (f"I1: journal {name} was posted {count} times" for name, count in ids.items() if count > 1)
    for posted in journals:
        for move in posted.journal.moves:
            if type(move.amount_cents) is not int or move.amount_cents <= 0 or move.debit == move.credit:
                yield f"I1: journal {posted.journal.id} moves {move.amount_cents} from {move.debit} to {move.credit}"


async def _accounts(store: AnyStore, journals: list[PostedJournal]) -> list[str]:
    """I2, I3 and I4: the accounts are the fold of the journals, sum to zero and are not overdrawn."""
    found: list[str] = []
    folded: dict[tuple[str, str], Balances] = {}
    holds: dict[str, Hold] = {}
    for posted in journals:
        posting = Posting(
            posted.journal,
            posted.at_ms,
            lambda account, currency: folded.get((account, currency), Balances()),
            holds.get,
            sharded=True,
        )
        refusal = posting.run()
        if refusal is not None:
            found.append(f"I3: journal {posted.journal.id} cannot be posted again: {refusal}")
        folded.update(posting.balances)
        holds.update(posting.holds)
    rows = [row async for row in every_account(store)]
    totals: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        account = account_of(row.account_id)
        totals[row.currency] += row.balances.debits_posted - row.balances.credits_posted
        if row.balances != folded.get((row.account_id, row.currency), Balances()):
            found.append(f"I3: {row.account_id} is not what its journals sum to")
        if not account.may_go_negative and row.balances.available_cents(account.normal_side) < 0:
            found.append(f"I4: {row.account_id} is overdrawn")
    missing = set(folded) - {(row.account_id, row.currency) for row in rows}
    found += [f"I3: {account} has journals and no row" for account, _ in missing]
    found += [f"I2: {currency} is off by {cents}" for currency, cents in totals.items() if cents != 0]
    return found


async def _trail(store: AnyStore) -> list[str]:
    """I10, I11 and I12: chained rows, versions without gaps, one event for each change of a document."""
    found: list[str] = []
    versions: dict[tuple[str, str], int] = {}
    changes = 0
    heads = await store.audit_heads()
    for shard, last, head in heads:
        previous = GENESIS
        rows = await store.audit(shard, 0, PAGE * 10)
        for position, row in enumerate(rows, start=1):
            if row.sequence != position or row.previous_sha256 != previous:
                found.append(f"I12: audit row {shard}/{position} does not follow the one before it")
            previous = row.sha256()
            if row.kind == "journal":
                continue
            changes += 1
            key = (row.kind, row.id)
            if len(heads) == 1 and row.version != versions.get(key, 0) + 1:
                found.append(f"I10: {row.kind} {row.id} went from {versions.get(key, 0)} to {row.version}")
            versions[key] = row.version
        if (len(rows), previous) != (last, head):
            found.append(f"I12: the head of audit shard {shard} is not its last row")
    events = await store.events("", PAGE * 10)
    if len(events) != changes:
        found.append(f"I11: {changes} changes and {len(events)} events")
    return found


async def _events(store: AnyStore) -> list[str]:
    """I11, I13 and I14: every event once, readable, with whole amounts and without a card number."""
    found: list[str] = []
    ids: Counter[str] = Counter()
    for row in await store.events("", PAGE * 10):
        fact = _FACT.decode(row.body)
        ids[fact.id] += 1
        for name, value in msgspec.json.decode(row.body).items():
            if name.endswith(("_cents", "_microcents")) and type(value) is not int:
                found.append(f"I13: {fact.id} has {name} = {value!r}")
        if _CARD.search(row.body) is not None:
            found.append(f"I14: {fact.id} holds what looks like a card number")
    return found + [f"I11: event {name} was told {count} times" for name, count in ids.items() if count > 1]
