"""How fast a job may go, and how much it does at once."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one run.

    batch_records: of one transaction. On SQLite 200: cards take some 40 ms of the writer's thread, for which payments
    wait. On DynamoDB less, as a transaction has at most 100 items; a batch that is too large for the store is halved.
    records_per_second: 0 for as fast as it goes. threads: that seal numbers of one batch together. lease_ms: how long
    a job belongs to a runner that says nothing more; a batch takes far less.
    """

    batch_records: int = 200
    records_per_second: int = 0
    threads: int = 2
    lease_ms: int = 30_000


SMALL_BATCH = 9
"""Records of a batch on DynamoDB: with audit row and event a sealed card is nine items, of which 100 go together."""
