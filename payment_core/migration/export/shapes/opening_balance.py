"""An opening balance: what an account held of one currency when the history of an export begins."""

from typing import Annotated

import msgspec

from payment_core.migration.export.shapes.parts import Amount, Currency, Text

PLATFORM_ID = "platform"
"""Stands in the id where no account is named."""


AsOf = Annotated[int, msgspec.Meta(gt=0, le=2**36)]
"""Unix time in seconds. 0 would say that nothing was before, and then there is nothing to open with."""


class OpeningBalance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="balance"):
    """One currency of ``/v1/balance``. available, pending: minor units; below 0 the account owed the processor.

    as_of: Unix seconds; everything that was created before is in these amounts. account: whose balance it is, a
    connected account's id; None for the platform's own.
    """

    currency: Currency
    available: Amount
    pending: Amount
    as_of: AsOf
    account: Text | None = None
    livemode: bool = True

    @property
    def id(self) -> str:
        """The processor has no id for it: there is one for each account and currency."""
        account = PLATFORM_ID if self.account is None or self.account == "" else self.account
        return f"{account}:{self.currency}"

    @property
    def amount(self) -> int:
        """All of it, minor units."""
        return self.available + self.pending
