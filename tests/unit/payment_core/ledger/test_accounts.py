"""An account is in the chart, with an owner where each owner has one and without where there is one for all."""

import pytest

from payment_core.errors import UnknownAccount
from payment_core.ledger.accounts import ACCOUNTS, BANK, PROVIDER_AVAILABLE, account_of


def test_every_account_of_the_chart_is_found_by_its_id() -> None:
    for account in ACCOUNTS:
        assert account_of(account.of("pro_1") if account.owned else account.name) is account
    assert account_of("provider_available/pro_1/x") is PROVIDER_AVAILABLE
    assert account_of("bank") is BANK


@pytest.mark.parametrize(
    "account_id",
    ["", "/", "nowhere", "nowhere/pro_1", "bank/", "bank/pro_1", "provider_available", "provider_available/"],
)
def test_an_account_that_would_hold_money_beside_the_chart_is_unknown(account_id: str) -> None:
    with pytest.raises(UnknownAccount):
        account_of(account_id)
