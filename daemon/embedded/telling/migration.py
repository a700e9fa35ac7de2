"""What a run moved, compared and cut over, looked at all the while: the ledger has to be exact at each moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from daemon.embedded.marketplace.cardholders import Acts
from payment_core.outgoing.client import HttpClient

LOOK_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0
SIDES_LOOKED_AT = 20
"""Customers whose side is asked for at each look."""


class MigrationRow(msgspec.Struct, frozen=True, kw_only=True):
    """As ``tillwatch up --json`` tells it.

    jobs: state by name. moved, quarantined: records. compared, differing, missing: shadow reads over all.
    open_differences: at the end. lag_ms: of the old processor's changes at the end; None: not known.
    lag_ms_max: the longest once everything was moved. told, waiting: writes to the old processor.
    cut_over_percent: of the customers that are looked at, each time it changed. ledger_looks, ledger_exact: how often
    the ledger was verified, and was exact. acts: what customers did with moved cards.
    """

    jobs: dict[str, str]
    moved: int
    quarantined: int
    balanced: bool
    compared: int
    differing: int
    missing: int
    open_differences: int
    lag_ms: int | None
    lag_ms_max: int
    waiting: int
    cut_over_percent: list[int]
    ledger_looks: int
    ledger_exact: int
    acts: dict[str, int]


@dataclass(slots=True)
class _Seen:
    last: dict[str, Any] = field(default_factory=dict)
    lag_ms_max: int = 0
    percents: list[int] = field(default_factory=list)
    ledger_looks: int = 0
    ledger_exact: int = 0


class MigrationWatch:
    """Asks one core after the other, as any of them tells of all. say: told when somebody was cut over or back."""

    def __init__(self, urls: tuple[str, ...], key: str, say: Callable[[str], None]) -> None:
        self._urls = urls
        self._say = say
        self._http = HttpClient(headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._seen = _Seen()
        self._customers: list[str] = []
        self._ending = asyncio.Event()

    @property
    def allowed(self) -> bool:
        """Whether cohorts may be cut over, as it was last seen."""
        return bool(self._seen.last.get("cut_over", {}).get("allowed"))

    @property
    def percent(self) -> int:
        """Who is cut over, as it was last seen."""
        return self._seen.percents[-1] if self._seen.percents else 0

    @property
    def has_seen_any(self) -> bool:
        """Whether anybody was ever seen to be cut over."""
        return bool(self._seen.percents)

    def end(self) -> None:
        """Look once more and end."""
        self._ending.set()

    async def run(self) -> None:
        """Look until end is called."""
        async with self._http:
            while not self._ending.is_set():
                await self._look()
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._ending.wait()
                except TimeoutError:
                    continue
            await self._look()

    def row(self, acts: Acts) -> MigrationRow:
        """What was seen."""
        last = self._seen.last
        jobs, comparison = last.get("jobs", []), last.get("comparison", {})
        return MigrationRow(
            jobs={job["job"]: job["state"] for job in jobs},
            moved=sum(job["moved"] for job in jobs),
            quarantined=sum(job["quarantined"] for job in jobs),
            balanced=bool(jobs) and all(job["balanced"] for job in jobs),
            compared=comparison.get("compared", 0),
            differing=comparison.get("differing", 0),
            missing=comparison.get("missing", 0),
            open_differences=comparison.get("open_differences", 0),
            lag_ms=last.get("catch_up", {}).get("lag_ms"),
            lag_ms_max=self._seen.lag_ms_max,
            waiting=last.get("dual_write", {}).get("waiting", 0),
            cut_over_percent=self._seen.percents,
            ledger_looks=self._seen.ledger_looks,
            ledger_exact=self._seen.ledger_exact,
            acts={
                "reads": acts.reads,
                "payments": acts.payments,
                "added": acts.added,
                "removed": acts.removed,
                "changed_there": acts.changed_there,
                "failed": acts.failed,
            },
        )

    async def _look(self) -> None:
        ledger = await self._asked("/v1/ledger/verification")
        if ledger is not None:
            self._seen.ledger_looks += 1
            self._seen.ledger_exact += bool(ledger.get("balanced"))
        found = await self._asked("/v1/migration")
        if found is None:
            return
        if all(job["state"] == "done" for job in found["jobs"]) and self.allowed:
            lag_ms = found["catch_up"]["lag_ms"]
            self._seen.lag_ms_max = max(self._seen.lag_ms_max, 0 if lag_ms is None else lag_ms)
        self._seen.last = found
        percent = await self._cut_over()
        if percent is not None and percent != self.percent:
            self._seen.percents.append(percent)
            self._say(f"cut over: {percent} % of the customers looked at, {found['comparison']['equal']} reads equal")

    async def _cut_over(self) -> int | None:
        """The share of the customers looked at whose record counts here; None when it cannot be told."""
        if not self._customers:
            page = await self._asked("/v1/payment_methods?limit=100")
            self._customers = sorted({one["customer_id"] for one in page["data"]})[:SIDES_LOOKED_AT] if page else []
        sides = [await self._asked(f"/v1/migration/cut_over/{customer}") for customer in self._customers]
        known = [one["side"] for one in sides if one is not None]
        return round(100 * known.count("new") / len(known)) if known and len(known) == len(sides) else None

    async def _asked(self, path: str) -> dict[str, Any] | None:
        for url in self._urls:
            try:
                answer = await self._http.get(f"{url}{path}")
                if answer.is_success:
                    found: dict[str, Any] = msgspec.json.decode(answer.content)
                    return found
            except (httpx.HTTPError, msgspec.MsgspecError):
                continue
        return None
