"""The bodies that requests carry; what they cannot be is refused before anything is stored."""

from typing import Annotated

import msgspec

from payment_core.money import Charge
from payment_core.payments.model import CaptureMode

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Method = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="A sandbox token such as tok_visa")]
Prose = Annotated[str, msgspec.Meta(max_length=200)]


class CreatePayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Take a payment. capture: ``manual`` only authorizes; the money is taken by a later capture."""

    amount: Charge
    payment_method: Method
    customer_id: Identifier
    provider_id: Identifier
    capture: CaptureMode = "automatic"
    description: Prose = ""


class CapturePayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Take authorized money, once. amount: at most what was authorized, all of it when left out."""

    amount: Charge | None = None


class CancelPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Release an authorization that was not captured."""


class CreateRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Give captured money back. amount: at most what is left of it, all of that when left out."""

    payment_id: Identifier
    amount: Charge | None = None
    reason: Prose = ""
