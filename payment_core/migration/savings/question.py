"""What is asked of a simulation beside its export."""

import msgspec

from payment_core.migration.savings.ways import NOTHING_MEASURED, Usage


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked beside the export. target_basis_points: to be saved of every 10,000.

    netting: payments in a payout that is tried beside what the export shows. entries_per_file, returns_basis_points:
    instead of what the export shows. usage: what a payment costs beside its rail, where it was measured.
    """

    target_basis_points: int
    netting: int = 10
    entries_per_file: int | None = None
    returns_basis_points: int | None = None
    usage: Usage = NOTHING_MEASURED
