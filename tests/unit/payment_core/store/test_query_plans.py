"""What runs all the time stays cheap, however large the file grows: every search uses its index."""

import sqlite3
from collections.abc import Callable

import pytest

from payment_core.store.records import Due, Listing
from payment_core.store.sqlite.reading import Reading
from payment_core.store.sqlite.tables import create_tables
from tests.unit.payment_core.store.ledger_notes import REGISTRY, Paper


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (lambda reading: reading.unsent("blue", 10), "outbox_unsent"),
        (lambda reading: reading.orphans(1, 10), "outbox_unsent"),
        (Reading.count_unsent, "outbox_unsent"),
        (lambda reading: reading.query(Due(Paper, 1)), "records_due"),
        (lambda reading: reading.query(Listing(Paper, owner="cus_1", after="a")), "records_owned"),
        (lambda reading: reading.query(Listing(Paper, after="a", order="descending")), "records_by_id"),
        (lambda reading: reading.record(Paper, "a"), "records_by_id"),
    ],
    ids=["unsent", "orphans", "count", "due", "owned", "listed", "record"],
)
def test_a_search_uses_its_index_and_sorts_nothing(look: Callable[[Reading], object], index: str) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    look(Reading(connection, REGISTRY))
    connection.set_trace_callback(None)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statements[0]}")]
    connection.close()
    assert f"INDEX {index}" in plan[0]
    assert not any("TEMP B-TREE" in step for step in plan)
