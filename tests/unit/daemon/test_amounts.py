"""Money is written in whole cents, whatever its size and sign."""

import pytest

from daemon.amounts import money


@pytest.mark.parametrize(
    ("cents", "shown"), [(0, "$0.00"), (5, "$0.05"), (123_405, "$1,234.05"), (-50, "-$0.50"), (-100_001, "-$1,000.01")]
)
def test_cents_are_shown_as_dollars(cents: int, shown: str) -> None:
    assert money(cents) == shown
