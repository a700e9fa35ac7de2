"""Whatever is changed in a store's file behind its back is found and named."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from payment_core.audit.folder import FolderRoots
from payment_core.audit.roots import DailyRoot, Root, read_roots
from payment_core.ledger.journals import Journal, Move
from payment_core.store.port import Transaction
from payment_core.store.trail import sha256_of
from tests.unit.payment_core.audit.audit_world import (
    DAY_MS,
    REGISTRY,
    HandClock,
    Order,
    findings,
    open_store,
    rebuild_chain,
    step,
    tamper,
    verify,
    write_steps,
)

Roots = list[tuple[str, Root]]
MOVE = Move("rail_clearing", "bank", 1)


@pytest.fixture
def trail(tmp_path: Path) -> tuple[Path, Roots]:
    """Twelve changes, a daily root after the sixth and after the tenth."""
    path, clock, archive = tmp_path / "payments.db", HandClock(), FolderRoots(tmp_path / "roots")

    async def write() -> Roots:
        store = open_store(path, clock)
        await store.open()
        await write_steps(store, range(6))
        await DailyRoot(store, archive, None).run_once(clock.wall_ms)
        clock.wall_ms += DAY_MS
        await write_steps(store, range(6, 10))
        await DailyRoot(store, archive, None).run_once(clock.wall_ms)
        clock.wall_ms += 1000
        await write_steps(store, range(10, 12))
        await store.close()
        return await read_roots(archive)

    return path, asyncio.run(write())


def test_an_untouched_file_is_intact(trail: tuple[Path, Roots]) -> None:
    path, roots = trail
    report = verify(path, roots)
    assert report.intact, report.findings
    assert (report.rows, report.documents, report.events, report.roots) == (12, 3, 12, 2)
    assert report.heads[0].startswith("0:12:")


@pytest.mark.parametrize(
    ("statements", "place", "what"),
    [
        (["UPDATE audit SET actor = 'key:other' WHERE sequence = 5"], "0:5", "changed"),
        (["UPDATE audit SET at_ms = at_ms + 1 WHERE sequence = 1"], "0:1", "changed"),
        (["UPDATE audit SET version = 9 WHERE sequence = 12"], "0:12", "changed"),
        (["UPDATE audit SET after_sha256 = before_sha256 WHERE sequence = 7"], "0:7", "changed"),
        (["DELETE FROM audit WHERE sequence = 4"], "0:4", "missing"),
        (["DELETE FROM audit WHERE sequence = 1"], "0:1", "missing"),
        (
            ["DELETE FROM audit WHERE sequence = 5", "UPDATE audit SET sequence = sequence - 1 WHERE sequence > 5"],
            "0:4",
            "changed",
        ),
        (
            [
                "UPDATE audit SET sequence = 100 WHERE sequence = 6",
                "UPDATE audit SET sequence = 6 WHERE sequence = 7",
                "UPDATE audit SET sequence = 7 WHERE sequence = 100",
            ],
            "0:5",
            "changed",
        ),
    ],
    ids=["flip", "flip-first", "flip-last", "flip-hash", "drop", "drop-first", "drop-and-close", "reorder"],
)
def test_a_row_that_was_changed_dropped_or_moved_is_named(
    trail: tuple[Path, Roots], statements: list[str], place: str, what: str
) -> None:
    path, _ = trail
    tamper(path, *statements)
    found = findings(path)
    assert what in found[0].what
    # Row 5 keeps its own hash when rows behind it move, so the break is seen at the seam.
    assert found[0].place in {place, f"0:{int(place[2:]) + 1}"}
    assert not verify(path).contents_checked


def test_rows_that_were_cut_off_are_found_by_the_documents_and_by_the_roots(trail: tuple[Path, Roots]) -> None:
    path, roots = trail
    tamper(path, "DELETE FROM audit WHERE sequence > 8")
    assert any("is not as its last row" in finding.what for finding in findings(path))
    [cut] = findings(path, roots)
    assert (cut.place, "cut off" in cut.what) == ("0:9", True)


def test_a_file_that_was_set_back_as_a_whole_is_found_by_the_roots_alone(
    trail: tuple[Path, Roots], tmp_path: Path
) -> None:
    path, roots = trail

    async def older() -> Path:
        earlier = tmp_path / "earlier.db"
        store = open_store(earlier, HandClock())
        await store.open()
        await write_steps(store, range(6))
        await store.close()
        return earlier

    earlier = asyncio.run(older())
    assert verify(earlier).intact
    assert findings(earlier, roots)[0].place == "0:7"
    assert path.exists()


def test_a_chain_that_was_computed_again_is_found_by_the_roots(trail: tuple[Path, Roots]) -> None:
    path, roots = trail
    tamper(path, "UPDATE audit SET actor = 'key:other' WHERE sequence = 5")
    rebuild_chain(path)
    assert verify(path).intact
    found = findings(path, roots)
    assert (found[0].place, "another hash" in found[0].what) == ("0:6", True)


def test_a_backdated_row_behind_a_root_is_found(trail: tuple[Path, Roots]) -> None:
    path, roots = trail
    tamper(path, "UPDATE audit SET at_ms = 1 WHERE sequence = 11")
    rebuild_chain(path)
    found = findings(path, roots)
    assert (found[0].place, "older than an anchor" in found[0].what) == ("0:11", True)


def edit_document(path: Path, document_id: str, note: str, *, also_trail: bool = False) -> None:
    connection = sqlite3.connect(path)
    (body,) = connection.execute("SELECT body FROM records WHERE id = ?", (document_id,)).fetchone()
    old = REGISTRY.decode("order", body)
    assert isinstance(old, Order)
    changed = REGISTRY.encode(Order(**{name: getattr(old, name) for name in old.__struct_fields__} | {"note": note}))
    connection.execute("UPDATE records SET body = ? WHERE id = ?", (changed, document_id))
    if also_trail:
        connection.execute(
            "UPDATE audit SET after_sha256 = ? WHERE sequence = (SELECT max(sequence) FROM audit WHERE id = ?)",
            (bytes.fromhex(sha256_of(changed)), document_id),
        )
    connection.commit()
    connection.close()


def test_a_document_that_was_changed_is_named(trail: tuple[Path, Roots]) -> None:
    path, _ = trail
    edit_document(path, "ord_1", "forged")
    [found] = findings(path)
    assert found.place == "order ord_1"
    assert "0:11" in found.what


def test_a_single_flipped_bit_of_a_document_is_found(trail: tuple[Path, Roots]) -> None:
    path, _ = trail
    connection = sqlite3.connect(path)
    (body,) = connection.execute("SELECT body FROM records WHERE id = 'ord_2'").fetchone()
    for position in range(len(body)):
        flipped = bytes([*body[:position], body[position] ^ 1, *body[position + 1 :]])
        connection.execute("UPDATE records SET body = ? WHERE id = 'ord_2'", (flipped,))
        connection.commit()
        assert [finding.place for finding in findings(path)] == ["order ord_2"]
    connection.close()


def test_a_document_changed_together_with_its_row_breaks_the_chain(trail: tuple[Path, Roots]) -> None:
    path, _ = trail
    edit_document(path, "ord_1", "forged", also_trail=True)
    assert findings(path)[0].place == "0:11"


@pytest.mark.parametrize(
    ("statement", "place", "what"),
    [
        ("DELETE FROM records WHERE id = 'ord_0'", "order ord_0", "gone"),
        (
            "INSERT INTO records SELECT kind, 'ord_9', owner, due_at_ms, body FROM records WHERE id = 'ord_0'",
            "order ord_9",
            "no audit row",
        ),
        ("DELETE FROM outbox WHERE sequence = 3", "outbox", "11 events"),
        ("DELETE FROM journals WHERE id = 'j5-1'", "journal j5-0", "no audit row"),
        (
            "UPDATE journals SET body = CAST(replace(CAST(body AS TEXT), '102', '103') AS BLOB) WHERE id = 'j2-0'",
            "journal j2-0",
            "no audit row",
        ),
        (
            "INSERT INTO journals (id, at_ms, body) SELECT 'planted', at_ms, body FROM journals WHERE id = 'j1-0'",
            "journal j1-0",
            "no audit row",
        ),
        ("UPDATE journals SET body = CAST('{' AS BLOB) WHERE id = 'j2-0'", "journals", "cannot be read"),
    ],
)
def test_what_differs_from_the_trail_is_named(trail: tuple[Path, Roots], statement: str, place: str, what: str) -> None:
    path, _ = trail
    tamper(path, statement)
    found = findings(path)
    assert place in [finding.place for finding in found]
    assert any(what in finding.what for finding in found)


def test_the_world_of_these_tests_has_journals_of_several_sizes() -> None:
    assert [step(number).version for number in (0, 3, 6)] == [1, 2, 3]


def test_a_transaction_of_many_journals_as_a_migration_posts_them_is_intact(tmp_path: Path) -> None:
    path = tmp_path / "payments.db"

    async def write() -> None:
        def work(transaction: Transaction) -> None:
            for number in range(150):
                transaction.post(Journal(id=f"m{number}", recipe="test", reference="", moves=(MOVE,)))

        store = open_store(path, HandClock())
        await store.open()
        await store.transact(work, "job:migration")
        await write_steps(store, range(3))
        await store.close()

    asyncio.run(write())
    assert verify(path).intact
    tamper(path, "DELETE FROM journals WHERE id = 'm140'")
    assert not verify(path).intact
