"""No old processor: this core was started without one, so nothing is told and nothing is compared."""

from collections.abc import Mapping
from typing import NoReturn

from payment_core.migration.running.errors import OldUnreachable
from payment_core.migration.running.model import OldPlace
from payment_core.migration.running.ports import OldObject
from payment_core.vault.numbers.instruments import BankAccount, Card

WHY = "This core was started without --old-processor-url."


class Nowhere:
    """The port OldProcessor: out of reach, always."""

    async def create(
        self, place: OldPlace, fields: Mapping[str, str], number: Card | BankAccount | None, key: str, made: str = ""
    ) -> str:
        """See OldProcessor."""
        del place, fields, number, key, made
        self._no()

    async def update(self, place: OldPlace, fields: Mapping[str, str], key: str) -> None:
        """See OldProcessor."""
        del place, fields, key
        self._no()

    async def delete(self, place: OldPlace, key: str) -> None:
        """See OldProcessor."""
        del place, key
        self._no()

    async def read(self, place: OldPlace) -> OldObject | None:
        """See OldProcessor."""
        del place
        self._no()

    def _no(self) -> NoReturn:
        raise OldUnreachable(WHY)
