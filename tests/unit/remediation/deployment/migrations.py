"""A payment core's migration as a test says it stands, which notes what it is asked for."""

from msgspec.structs import replace

from remediation.deployment.gates.migration import JobStanding, MigrationStanding
from remediation.deployment.works.migrating import JobOrder
from remediation.errors import WorldUnreachable

NAMES = ("customers", "payment-methods", "provider-bank-accounts", "transaction-history", "audit-trail")


def job(name: str = "customers", **changes: object) -> JobStanding:
    """A job that nobody started."""
    new = JobStanding(
        job=name,
        wanted="nothing",
        state="new",
        export="",
        read=0,
        moved=0,
        quarantined=0,
        total=100,
        balanced=None,
    )
    return replace(new, **changes)


def done(name: str = "customers", **changes: object) -> JobStanding:
    """A job that moved all of the export ``stripe`` and found both sides equal."""
    whole = {"wanted": "run", "state": "done", "export": "stripe", "read": 100, "moved": 100, "balanced": True}
    return job(name, **{**whole, **changes})


class FakeMigrations:
    """The port Migrations. orders, stated: what was asked for, in order."""

    def __init__(self) -> None:
        self.told = MigrationStanding(
            jobs=tuple(job(name) for name in NAMES),
            lag_ms=None,
            equal=0,
            at_least=0,
            equal_for_ms=0,
            stated_ms=0,
            open_differences=0,
            unreadable=0,
            waiting=0,
            wanting=("nobody stated how long reads have to be equal, and how many",),
            allowed=False,
            way_back=True,
        )
        self.orders: list[tuple[JobOrder, str]] = []
        self.stated: list[tuple[int, int]] = []
        self.not_yet = ""
        self.is_down = False

    def says(self, *jobs: JobStanding, **changes: object) -> None:
        """What it says from now on; jobs replace those of their names."""
        by_name = {one.job: one for one in self.told.jobs} | {one.job: one for one in jobs}
        self.told = replace(self.told, jobs=tuple(by_name.values()), **changes)

    def all_done(self) -> None:
        """Everything is moved, compared and allowed."""
        self.says(
            *(done(name) for name in NAMES),
            lag_ms=120,
            equal=500,
            at_least=200,
            equal_for_ms=90_000,
            stated_ms=60_000,
            wanting=(),
            allowed=True,
        )

    async def standing(self) -> MigrationStanding:
        if self.is_down:
            raise WorldUnreachable
        return self.told

    async def start(self, order: JobOrder, key: str) -> str:
        self.orders.append((order, key))
        return self.not_yet

    async def state(self, equal_for_ms: int, at_least: int, key: str) -> None:
        del key
        self.stated.append((equal_for_ms, at_least))
