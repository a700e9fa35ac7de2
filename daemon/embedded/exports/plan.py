"""How large an export is to be made, and how dirty."""

import msgspec

DAY_SECONDS = 86_400


class ExportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One plan makes one export, byte for byte. cards: saved by each customer. accounts: connected ones.

    dirt_percent: of the records of each kind, those that something is wrong with. records_per_file: after so many a
    new file begins. days: of business, up to made_at (Unix seconds). payout_after: charges of an account until it is
    paid out. livemode: as the manifest says. nested_cards: the transfer file as JSON by customers, else as CSV.
    cut_at: Unix seconds; business before is not written, but an opening balance of each account. 0: all of it is.
    """

    seed: int = 1
    customers: int = 100
    cards: int = 1
    accounts: int = 10
    charges: int = 500
    dirt_percent: int = 0
    days: int = 90
    made_at: int = 1_760_000_000
    payout_after: int = 12
    records_per_file: int = 1_000_000
    livemode: bool = True
    cut_at: int = 0
    nested_cards: bool = True

    @property
    def began_at(self) -> int:
        """When business began, Unix seconds."""
        return self.made_at - self.days * DAY_SECONDS
