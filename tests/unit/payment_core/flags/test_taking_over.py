"""Whatever arrives in which order, a process goes to newer documents alone, also over restarts."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.flags.arriving.keeping import Keeping
from payment_core.flags.envelope import VALID_MS, seal
from tests.unit.payment_core.flags.sealed import (
    NOW_MS,
    OTHER,
    PACKAGED,
    SIGNER,
    SWITCH,
    HandClock,
    Process,
    document,
    sealed,
    started,
)

NEWEST = 99
GOOD, FORGED, STRANGE, EXPIRED, UNCOMPILABLE, RESTART = (
    "good",
    "forged",
    "strange",
    "expired",
    "uncompilable",
    "restart",
)
Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from([GOOD, GOOD, GOOD, FORGED, STRANGE, EXPIRED, UNCOMPILABLE, RESTART]),
        st.integers(1, 12),
        st.integers(0, 3),
    ),
    max_size=14,
)


def body_of(kind: str, version: int, renewal: int) -> bytes:
    """A message of this kind."""
    issued_at_ms = NOW_MS - 1000 + renewal
    match kind:
        case "forged":
            return sealed(version, issued_at_ms=issued_at_ms).replace(b'"on":true', b'"on":null')
        case "strange":
            return sealed(version, signer=OTHER)
        case "expired":
            return sealed(version, issued_at_ms=NOW_MS - VALID_MS)
        case "uncompilable":
            return seal(b'{"flags": 1}', version=version, issued_at_ms=issued_at_ms, signer=SIGNER)
        case _:
            return sealed(version, issued_at_ms=issued_at_ms)


async def lives(folder: Path, life: Sequence[Step]) -> None:
    """Play the steps; at each the process serves the newest good version that it was given."""
    process = await started(folder)
    newest = 0
    for kind, version, renewal in life:
        if kind == RESTART:
            await process.taking_over.finish()
            process = await started(folder)
        else:
            await process.offer(body_of(kind, version, renewal))
            newest = max(newest, version if kind == GOOD else 0)
        assert process.version == newest
        assert process.flags.serving.evaluator is not None
        note = process.flags.serving.evaluator.flags["switch"].metadata.get("note", 0)
        assert note == newest, "what answers is of the version that is told"
    await process.offer(sealed(NEWEST))
    assert process.version == NEWEST
    await process.taking_over.finish()


@given(life=steps)
@settings(max_examples=40, deadline=None)
def test_no_order_of_messages_and_restarts_ever_leads_back(life: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(lives(Path(folder), life))


@given(versions=st.permutations(range(1, 7)), batch=st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_of_messages_that_waited_together_the_newest_counts(versions: list[int], batch: int) -> None:
    async def life() -> None:
        process = await started(None)
        for begin in range(0, len(versions), batch):
            await process.offer(*map(sealed, versions[begin : begin + batch]))
        assert process.version == max(versions)

    asyncio.run(life())


async def test_without_anything_on_disk_the_packaged_document_is_served(tmp_path: Path) -> None:
    process = await started(tmp_path)
    serving = process.flags.serving
    assert (serving.version, serving.source, serving.document) == (0, "embedded", PACKAGED)
    assert process.flags.enabled(SWITCH, {})


async def test_a_start_without_broker_serves_what_was_served_last_however_old_it_is(tmp_path: Path) -> None:
    await (await started(tmp_path)).offer(sealed(3, "off"))
    clock = HandClock()
    clock.at_ms += 10 * VALID_MS
    process = await started(tmp_path, clock)
    assert (process.version, process.flags.serving.source) == (3, "disk")
    assert not process.flags.enabled(SWITCH, {})


async def test_a_kept_document_that_was_damaged_is_not_served_and_no_older_one_is(tmp_path: Path) -> None:
    await (await started(tmp_path)).offer(sealed(3))
    (tmp_path / "flags.json").write_bytes(sealed(3)[:-9])
    process = await started(tmp_path)
    assert (process.flags.serving.evaluator, process.flags.serving.source) == (None, "none")
    assert not process.flags.enabled(SWITCH, {}), "the safe default of the code"
    assert process.ignored == {"unreadable": 1}
    await process.offer(sealed(2))
    assert (process.flags.serving.evaluator, process.ignored["older"]) == (None, 1)
    await process.offer(sealed(3))
    assert process.version == 3
    assert process.flags.enabled(SWITCH, {})


async def test_a_kept_document_that_somebody_else_signed_is_not_served(tmp_path: Path) -> None:
    Keeping(tmp_path / "flags.json").keep(sealed(5, signer=OTHER), 5)
    process = await started(tmp_path)
    assert (process.flags.serving.evaluator, process.ignored) == (None, {"unknown_key": 1})


async def test_who_trusts_no_key_serves_the_packaged_document_alone(tmp_path: Path) -> None:
    Keeping(tmp_path / "flags.json").keep(sealed(5), 5)
    process = Process(tmp_path, HandClock(), {})
    await process.taking_over.start(PACKAGED)
    await process.offer(sealed(6))
    assert (process.version, process.ignored) == (0, {"unknown_key": 1})


async def test_a_renewal_makes_the_document_younger_and_changes_nothing_else(tmp_path: Path) -> None:
    process = await started(tmp_path)
    await process.offer(sealed(4, issued_at_ms=NOW_MS - 60_000))
    before = process.flags.serving
    assert process.flags.age_ms() == 60_000
    process.taking_over.changed.clear()
    await process.offer(sealed(4, issued_at_ms=NOW_MS))
    after = process.flags.serving
    assert (after.version, after.evaluator, after.applied_at_ms) == (4, before.evaluator, before.applied_at_ms)
    assert process.flags.age_ms() == 0
    assert not process.taking_over.changed.is_set()
    await process.offer(sealed(4, issued_at_ms=NOW_MS - 30_000))
    assert (process.flags.age_ms(), process.ignored) == (0, {"older": 1})


async def test_the_same_message_again_is_nothing_to_count() -> None:
    process = await started(None)
    for _ in range(3):
        await process.offer(sealed(4))
    assert (process.version, process.ignored, process.flags.counts.applied) == (4, {}, 1)


async def test_a_replay_after_its_end_is_not_taken_over_by_a_process_without_a_past() -> None:
    process = await started(None)
    process.clock.at_ms += VALID_MS
    await process.offer(sealed(4))
    assert (process.version, process.ignored) == (0, {"expired": 1})


async def test_a_document_that_cannot_be_compiled_is_counted_once_and_the_last_good_one_goes_on() -> None:
    process = await started(None)
    await process.offer(sealed(4))
    for renewal in range(3):
        await process.offer(body_of(UNCOMPILABLE, 5, renewal))
    assert (process.version, process.ignored) == (4, {"not_compiled": 1})
    await process.offer(sealed(6))
    assert process.version == 6


async def test_another_process_on_the_folder_that_is_ahead_is_not_set_back(tmp_path: Path) -> None:
    slow, fast = await started(tmp_path), await started(tmp_path)
    await fast.offer(sealed(9, "off"))
    await slow.offer(sealed(8))
    assert (slow.version, fast.version, (await started(tmp_path)).version) == (8, 9, 9)


async def test_a_disk_that_cannot_be_written_holds_no_kill_up(tmp_path: Path) -> None:
    process = await started(tmp_path)
    (tmp_path / "flags.json").mkdir()
    await process.offer(sealed(2, "off"))
    assert not process.flags.enabled(SWITCH, {})
    assert (process.version, process.flags.counts.unkept) == (2, 1)


async def test_a_disk_that_hangs_holds_no_kill_up_and_is_written_once_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payment_core.flags.arriving.writing.PATIENCE_SECONDS", 0.0)
    process = await started(tmp_path)
    for version in range(2, 9):
        await process.offer(sealed(version, "off"))
        assert process.version == version
    await process.taking_over.finish()
    assert (await started(tmp_path)).version == 8


async def test_a_disk_that_does_not_say_what_was_kept_leads_to_safe_defaults_until_a_document_comes(
    tmp_path: Path,
) -> None:
    (tmp_path / "flags.json").mkdir()
    process = await started(tmp_path)
    assert not process.flags.enabled(SWITCH, {})
    assert (process.flags.serving.source, process.flags.counts.unkept) == ("none", 1)
    await process.offer(sealed(1))
    assert process.flags.enabled(SWITCH, {})


async def test_a_change_says_how_long_it_took_to_come() -> None:
    process = await started(None)
    process.clock.at_ms += 40
    await process.offer(seal(document("off"), version=1, issued_at_ms=NOW_MS, signer=SIGNER))
    assert process.flags.counts.lag_ms == 40
