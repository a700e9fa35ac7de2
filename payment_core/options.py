"""What a payment core is started with: address, database, release, fault profile, queue and rail."""

from pathlib import Path

from pydantic import Field

from config.model import Model
from config.url import Url


class CoreOptions(Model):
    """One process of the payment core; blue and green are two of them on one database file.

    fail_percent, slow_seconds: the fault profile of a bad release: payments that end as ``failed`` with the error
    code ``release_fault``, and seconds added to every payment before the rail is asked.
    queue: the name of the SQS queue that events go to; empty keeps them in the outbox.
    rail_latency_ms: median answer time of the simulated acquirer; 0 answers at once.
    rail_timeout_seconds: after this the rail's answer is unknown and the payment stays ``processing``.
    recovery_margin_seconds: a payment left by a crash is taken over this long after its last possible answer.
    fee_basis_points: the platform's part of every capture; 800 is 8 %.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    database: Path = Path("payments.db")
    environment: str = Field(default="blue", pattern=r"^[a-z][a-z0-9-]{0,31}$")
    version: str = Field(default="1.0.0", pattern=r"^\d+\.\d+\.\d+$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    fail_percent: float = Field(default=0.0, ge=0, le=100)
    slow_seconds: float = Field(default=0.0, ge=0, le=60)
    queue: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,80}$")
    endpoint_url: Url | None = None
    rail_latency_ms: int = Field(default=60, ge=0, le=60_000)
    rail_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    recovery_margin_seconds: float = Field(default=7.0, ge=0.5, le=600)
    fee_basis_points: int = Field(default=800, ge=0, le=10_000)
    seed: int = 1

    @property
    def lease_ms(self) -> int:
        """How long an operation belongs to the process that began it, in milliseconds."""
        return round((self.slow_seconds + self.rail_timeout_seconds + self.recovery_margin_seconds) * 1000)

    @property
    def rail_database(self) -> Path:
        """The simulated acquirer's own records, beside the payments, so that every process sees one rail."""
        return self.database.with_name(f"{self.database.stem}.rail.db")
