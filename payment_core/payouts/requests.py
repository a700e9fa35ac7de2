"""What callers send about payouts."""

from typing import Annotated, Literal

import msgspec

from payment_core.money import Charge
from payment_core.operations.bodies import Identifier


class PayoutRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """amount: without it, everything that is available. bank_account_id: without it, the provider's default one.

    speed: ``instant`` is known so that it can be refused with its reason.
    """

    provider_id: Identifier
    amount: Charge | None = None
    bank_account_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    speed: Literal["standard", "same_day", "instant"] = "standard"
