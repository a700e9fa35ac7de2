"""Records facts for ever and says so, one line per acknowledged call; made to be killed."""

import asyncio
import sys
from pathlib import Path

from checks.facts import PaymentAttempted
from daemon.storage.checkpoint import Checkpoint

NOW_MS = 1_795_459_572_000


async def record_for_ever(path: Path) -> None:
    """Record from where the checkpoint says; each call repeats one fact of the call before, as a queue does."""
    checkpoint = await Checkpoint.open(path, 3_600_000)
    await checkpoint.restore(NOW_MS)
    start = checkpoint.received("us-east-1").highest
    sys.stdout.write("ready\n")
    for call in range(1_000_000):
        first = start + call * 3
        facts = [
            PaymentAttempted(
                id=f"evt_{n}", at_ms=NOW_MS, subject="p", sequence=n, rail="card", outcome="succeeded", amount_cents=1
            )
            for n in range(max(first, 1), first + 4)
        ]
        new = (await checkpoint.record(facts, "queue", NOW_MS)).facts
        sys.stdout.write(" ".join(fact.id for fact in new) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(record_for_ever(Path(sys.argv[1])))
