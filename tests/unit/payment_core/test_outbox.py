"""The outbox stays cheap to look at, however long it grows."""

import sqlite3
from collections.abc import Callable

import pytest

from payment_core.outbox import count_unsent, unsent_before, unsent_of
from payment_core.store.schema import create_tables


@pytest.mark.parametrize(
    "look",
    [
        lambda connection: unsent_of(connection, "blue", 10),
        lambda connection: unsent_before(connection, 1, 10),
        count_unsent,
    ],
    ids=["own", "orphans", "count"],
)
def test_looking_for_unsent_events_reads_only_the_unsent(look: Callable[[sqlite3.Connection], object]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    look(connection)
    connection.set_trace_callback(None)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statements[0]}")]
    connection.close()
    assert "USING INDEX outbox_unsent" in plan[0]
