"""Entries of the journal as the console shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from config.rules.rule_file import Rule
from daemon.http.words.sentences import Sentence, sentence
from daemon.http.words.wording import Moment, moment
from remediation.errors import JournalCorrupt
from remediation.journal.entry import GENESIS_HASH, Entry, expected_hash

NEIGHBOURS = 3
"""Entries before and after the one that is shown."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in a list."""

    sequence: int
    at: Moment
    kind: str
    actor: str
    said: Sentence


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """Something about the chain at this entry: what is held against what. holds: None when it cannot be told."""

    what: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One entry with its neighbours, oldest first. body: as JSON in lines."""

    row: EntryRow
    epoch: int
    body: str
    hash: str
    previous_hash: str
    checks: tuple[LinkCheck, ...]
    before: tuple[EntryRow, ...]
    after: tuple[EntryRow, ...]


def entry_rows(entries: Sequence[Entry], rules: Sequence[Rule], now_ms: int) -> tuple[EntryRow, ...]:
    """In the order of the entries."""
    by_id = {rule.id: rule for rule in rules}
    return tuple(
        EntryRow(entry.sequence, moment(entry.at_ms, now_ms), entry.kind, entry.actor, _said(entry, by_id))
        for entry in entries
    )


def _said(entry: Entry, rules: dict[str, Rule]) -> Sentence:
    try:
        return sentence(entry, rules)
    except JournalCorrupt as fault:
        return Sentence("bad", "corrupt", "Its body cannot be read.", str(fault))


def entry_page(entries: Sequence[Entry], sequence: int, rules: Sequence[Rule], now_ms: int) -> EntryPage | None:
    """The entry among its neighbours; None when it is not there. entries: around it, oldest first."""
    places = {entry.sequence: entry for entry in entries}
    entry = places.get(sequence)
    if entry is None:
        return None
    rows = {row.sequence: row for row in entry_rows(entries, rules, now_ms)}
    return EntryPage(
        row=rows[sequence],
        epoch=entry.epoch,
        body=msgspec.json.format(bytes(entry.body), indent=2).decode(),
        hash=entry.hash,
        previous_hash=entry.previous_hash,
        checks=(_own(entry), _back(entry, places.get(sequence - 1)), _forth(entry, places.get(sequence + 1))),
        before=tuple(rows[place] for place in sorted(rows) if place < sequence),
        after=tuple(rows[place] for place in sorted(rows) if place > sequence),
    )


def _own(entry: Entry) -> LinkCheck:
    holds = expected_hash(entry) == entry.hash
    return LinkCheck("Its content gives its hash", holds, "" if holds else "it was edited after it was written")


def _back(entry: Entry, before: Entry | None) -> LinkCheck:
    what = f"It follows entry {entry.sequence - 1}"
    if entry.sequence == 1:
        holds = entry.previous_hash == GENESIS_HASH
        return LinkCheck("It is the first", holds, "" if holds else "it names an entry before it")
    if before is None:
        return LinkCheck(what, None, "that one was not read")
    holds = entry.previous_hash == before.hash
    return LinkCheck(what, holds, "" if holds else "one of them was moved or replaced")


def _forth(entry: Entry, after: Entry | None) -> LinkCheck:
    what = f"Entry {entry.sequence + 1} follows it"
    if after is None:
        return LinkCheck(what, None, "it is the newest")
    holds = after.previous_hash == entry.hash
    return LinkCheck(what, holds, "" if holds else "one of them was moved or replaced")
