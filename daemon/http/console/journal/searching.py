"""Finds entries from the newest backwards, in slices that hold up nobody, and says how far it looked."""

from dataclasses import dataclass

from daemon.http.console.journal.wanted import Sieve, Wanted
from daemon.view.shape import SystemView
from remediation.journal.entry import Entry

FOUND_MAX = 50
"""Entries on one page."""
SCANNED_MAX = 20_000
"""Entries that one question reads through, about a tenth of a second; the page says where to go on."""
SLICE = 1000
"""What the journal gives at a time."""


@dataclass(frozen=True, slots=True)
class Found:
    """entries: newest first. looked: how many were read. next_before: where to go on, 0 at the end of the journal.

    is_full: whether the page is full, or only so much was looked through.
    """

    entries: tuple[Entry, ...]
    looked: int
    next_before: int
    is_full: bool


async def search(view: SystemView, wanted: Wanted) -> Found:
    """Entries that are wanted, newest first. Raises JournalError."""
    sieve, found, looked = Sieve(wanted), list[Entry](), 0
    head = view.state().sequence
    place = min(head + 1, wanted.before) if wanted.before else head + 1
    if wanted.until_ms:
        place = min(place, await first_at(view, wanted.until_ms, head) or place)
    while place > 1 and looked < SCANNED_MAX:
        after = max(0, place - 1 - SLICE)
        entries = await view.journal(after, place - 1 - after)
        if not entries:
            break
        for entry in reversed(entries):
            looked += 1
            place = entry.sequence
            if entry.at_ms < wanted.since_ms:
                return Found(tuple(found), looked, 0, is_full=False)
            if sieve.lets_through(entry):
                found.append(entry)
                if len(found) == FOUND_MAX:
                    return Found(tuple(found), looked, place if place > 1 else 0, is_full=True)
    return Found(tuple(found), looked, place if place > 1 else 0, is_full=False)


async def first_at(view: SystemView, at_ms: int, head: int) -> int:
    """The first entry that is not before this time, found by halving; 0 when there is none."""
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        entries = await view.journal(middle - 1, 1)
        if not entries:
            return 0
        if entries[0].at_ms < at_ms:
            low = middle + 1
        else:
            high = middle
    return low if low <= head else 0
