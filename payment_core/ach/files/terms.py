"""What ach.yaml says, in the types of the codec and its calendar."""

from datetime import time

from config.ach import Ach
from payment_core.ach.codes.routing import RDFI_WIDTH
from payment_core.ach.schedule import AchSchedule, SameDayWindow


def schedule_of(ach: Ach) -> AchSchedule:
    """The hours and limits of the bank."""
    return AchSchedule(
        windows=tuple(
            SameDayWindow(time.fromisoformat(window.deadline), time.fromisoformat(window.settlement))
            for window in ach.hours.same_day_windows
        ),
        buffer_minutes=ach.hours.buffer_minutes,
        standard_cutoff=time.fromisoformat(ach.hours.standard_cutoff),
        standard_settlement=time.fromisoformat(ach.hours.standard_settlement),
        same_day_amount_cents_max=ach.same_day_amount_cents_max,
        credit_banking_days=ach.credit_banking_days,
        debit_banking_days=ach.debit_banking_days,
    )


def odfi_id_of(ach: Ach) -> str:
    """The first 8 digits of the bank's routing number: the beginning of every trace."""
    return ach.odfi.routing_number[:RDFI_WIDTH]
