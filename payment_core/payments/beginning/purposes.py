"""What a payment is taken for: to be paid, or only to show that payments can be taken."""

from enum import StrEnum
from typing import Literal

Purpose = Literal["", "health"]
"""``health``: a probe's payment. It is authorized and voided, is never captured, and counts in nothing."""


class HealthRefusal(StrEnum):
    """Why a health payment was not begun."""

    HOLDING = "holding"
