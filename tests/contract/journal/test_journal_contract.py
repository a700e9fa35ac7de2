"""What every journal promises, in memory as on disk."""

import asyncio

import msgspec
import pytest

from remediation.errors import LeaseHeld, SequenceConflict, StaleEpoch
from remediation.journal.entry import GENESIS_HASH, Draft, Head, Lease, expected_hash
from remediation.journal.memory import MemoryJournal
from remediation.journal.port import READ_LIMIT
from remediation.journal.sqlite import SqliteJournal

AnyJournal = MemoryJournal | SqliteJournal

TTL_MS = 10_000


def note(number: int = 0) -> Draft:
    body = msgspec.Raw(msgspec.json.encode({"number": number}))
    return Draft(at_ms=1_000 + number, kind="note", actor="test", body=body)


async def lead(journal: AnyJournal, holder: str = "first", now_ms: int = 0) -> Lease:
    return await journal.acquire_lease(holder, TTL_MS, now_ms)


async def test_an_empty_journal_starts_at_the_genesis_hash(journal: AnyJournal) -> None:
    assert await journal.head() == Head(0, GENESIS_HASH)
    assert await journal.read(0, 10) == []


async def test_entries_are_numbered_without_gaps_and_chained(journal: AnyJournal) -> None:
    lease = await lead(journal)
    for number in range(5):
        await journal.append(note(number), expected_sequence=number, epoch=lease.epoch)
    entries = await journal.read(0, 10)
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous_hash for entry in entries] == [GENESIS_HASH, *(entry.hash for entry in entries[:-1])]
    assert all(entry.hash == expected_hash(entry) for entry in entries)
    assert await journal.head() == Head(5, entries[-1].hash)


async def test_what_is_read_is_what_was_appended(journal: AnyJournal) -> None:
    lease = await lead(journal)
    draft = Draft(
        at_ms=1_790_000_000_123, kind="note", actor="ünï", body=msgspec.Raw('{"a":1.5,"ß":"\\n\u2028"}'.encode())
    )
    appended = await journal.append(draft, expected_sequence=None, epoch=lease.epoch)
    assert await journal.read(0, 1) == [appended]
    assert (appended.at_ms, appended.kind, appended.actor, appended.body) == (
        draft.at_ms,
        draft.kind,
        draft.actor,
        draft.body,
    )


async def test_a_wrong_expected_sequence_is_a_retryable_conflict_and_writes_nothing(journal: AnyJournal) -> None:
    lease = await lead(journal)
    await journal.append(note(), expected_sequence=0, epoch=lease.epoch)
    with pytest.raises(SequenceConflict) as conflict:
        await journal.append(note(1), expected_sequence=0, epoch=lease.epoch)
    assert conflict.value.retryable
    assert (await journal.head()).sequence == 1


async def test_of_two_appends_on_the_same_head_exactly_one_wins(journal: AnyJournal) -> None:
    lease = await lead(journal)
    answers = await asyncio.gather(
        *(journal.append(note(number), expected_sequence=0, epoch=lease.epoch) for number in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, SequenceConflict) for answer in answers) == 19
    assert (await journal.head()).sequence == 1


async def test_many_appends_at_once_are_all_written_in_one_chain(journal: AnyJournal) -> None:
    lease = await lead(journal)
    entries = await asyncio.gather(
        *(journal.append(note(number), expected_sequence=None, epoch=lease.epoch) for number in range(600))
    )
    assert sorted(entry.sequence for entry in entries) == list(range(1, 601))
    assert await journal.read(0, 600) == sorted(entries, key=lambda entry: entry.sequence)


async def test_a_paused_leader_cannot_write_after_another_took_over(journal: AnyJournal) -> None:
    paused = await lead(journal, "first")
    taken = await lead(journal, "second", now_ms=TTL_MS)
    with pytest.raises(StaleEpoch) as stale:
        await journal.append(note(), expected_sequence=0, epoch=paused.epoch)
    assert not stale.value.retryable
    assert taken.epoch > paused.epoch
    await journal.append(note(), expected_sequence=0, epoch=taken.epoch)
    assert (await journal.head()).sequence == 1


async def test_a_stale_leader_is_told_so_even_when_its_sequence_is_wrong_too(journal: AnyJournal) -> None:
    paused = await lead(journal, "first")
    taken = await lead(journal, "second", now_ms=TTL_MS)
    await journal.append(note(), expected_sequence=0, epoch=taken.epoch)
    with pytest.raises(StaleEpoch):
        await journal.append(note(), expected_sequence=0, epoch=paused.epoch)


@pytest.mark.parametrize("epoch", [0, 1, 2])
async def test_without_a_lease_nothing_is_written(journal: AnyJournal, epoch: int) -> None:
    with pytest.raises(StaleEpoch):
        await journal.append(note(), expected_sequence=None, epoch=epoch)


async def test_an_epoch_that_was_never_granted_is_refused(journal: AnyJournal) -> None:
    lease = await lead(journal)
    with pytest.raises(StaleEpoch):
        await journal.append(note(), expected_sequence=None, epoch=lease.epoch + 1)


async def test_a_live_lease_is_not_given_to_another(journal: AnyJournal) -> None:
    await lead(journal, "first")
    with pytest.raises(LeaseHeld):
        await lead(journal, "second", now_ms=TTL_MS - 1)


async def test_the_same_holder_gets_a_new_epoch_at_once_which_ends_the_old_one(journal: AnyJournal) -> None:
    before_crash = await lead(journal, "first")
    after_crash = await lead(journal, "first", now_ms=1)
    assert after_crash.epoch == before_crash.epoch + 1
    with pytest.raises(StaleEpoch):
        await journal.append(note(), expected_sequence=None, epoch=before_crash.epoch)


async def test_a_renewed_lease_keeps_its_epoch_and_lasts_longer(journal: AnyJournal) -> None:
    lease = await lead(journal)
    renewed = await journal.renew_lease(lease, TTL_MS, now_ms=5_000)
    assert (renewed.epoch, renewed.until_ms) == (lease.epoch, 15_000)
    with pytest.raises(LeaseHeld):
        await lead(journal, "second", now_ms=14_999)


async def test_a_lease_that_ran_out_is_renewed_when_nobody_took_it_and_lost_when_somebody_did(
    journal: AnyJournal,
) -> None:
    lease = await lead(journal)
    lease = await journal.renew_lease(lease, TTL_MS, now_ms=TTL_MS * 2)
    await lead(journal, "second", now_ms=TTL_MS * 3)
    with pytest.raises(StaleEpoch):
        await journal.renew_lease(lease, TTL_MS, now_ms=TTL_MS * 3)


async def test_a_clock_that_went_back_does_not_shorten_the_lease(journal: AnyJournal) -> None:
    lease = await lead(journal, now_ms=100_000)
    assert (await journal.renew_lease(lease, TTL_MS, now_ms=0)).until_ms == lease.until_ms


async def test_a_released_lease_is_free_and_its_epoch_is_over(journal: AnyJournal) -> None:
    lease = await lead(journal)
    await journal.release_lease(lease)
    with pytest.raises(StaleEpoch):
        await journal.append(note(), expected_sequence=None, epoch=lease.epoch)
    assert (await lead(journal, "second", now_ms=1)).epoch == lease.epoch + 1


async def test_releasing_a_lost_lease_does_not_touch_the_new_holder(journal: AnyJournal) -> None:
    lost = await lead(journal, "first")
    taken = await lead(journal, "second", now_ms=TTL_MS)
    await journal.release_lease(lost)
    await journal.append(note(), expected_sequence=0, epoch=taken.epoch)


async def test_reading_starts_after_and_stops_at_the_limit(journal: AnyJournal) -> None:
    lease = await lead(journal)
    for number in range(5):
        await journal.append(note(number), expected_sequence=None, epoch=lease.epoch)
    assert [entry.sequence for entry in await journal.read(2, 2)] == [3, 4]
    assert await journal.read(5, 10) == []
    assert await journal.read(0, 0) == []
    assert len(await journal.read(-1, READ_LIMIT + 1)) == 5
