"""What callers send about payouts."""

from typing import Annotated, Literal

import msgspec

from payment_core.money import Charge

ObjectId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class PayoutRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """amount: without it, everything that is available. bank_account_id: without it, the provider's default one.

    speed: ``instant`` is known so that it can be refused with its reason.
    """

    provider_id: ObjectId
    amount: Charge | None = None
    bank_account_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    speed: Literal["standard", "same_day", "instant"] = "standard"


class NoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""
