"""What lies in the folder of the simulated old processor, and what a payment core beside it is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Papers:
    """What lies in the folder of the simulated old processor.

    key: the API's secret key. secret: of its webhooks. receiver_key: opens its export. state: its book.
    """

    root: Path

    @property
    def key(self) -> Path:
        """The secret key of its API."""
        return self.root / "api-key"

    @property
    def secret(self) -> Path:
        """What its webhooks are signed with."""
        return self.root / "webhook-secret"

    @property
    def receiver_key(self) -> Path:
        """Opens its export."""
        return self.root / "export-key.pgp"

    @property
    def state(self) -> Path:
        """Its book."""
        return self.root / "book.json"

    def core_options(self, url: str) -> dict[str, str]:
        """What a payment core is started with so that it runs beside."""
        return {
            "--migration-exports": str(self.exports),
            "--migration-key-file": str(self.receiver_key),
            "--old-processor-url": url,
            "--old-processor-key-file": str(self.key),
            "--old-processor-webhook-secret-file": str(self.secret),
        }

    @property
    def exports(self) -> Path:
        """The folder that holds its export."""
        return self.root / "exports"
