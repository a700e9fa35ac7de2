"""Balance objects of the processor, each one record for every currency in it."""

from collections.abc import Sequence

from payment_core.migration.export.decoding.parts import Part
from payment_core.migration.export.decoding.typed import Typed
from payment_core.migration.export.decoding.wires import BalanceAmountWire, BalanceWire
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.records import Body, Reason
from payment_core.migration.export.shapes.opening_balance import OpeningBalance


class OpeningBalances:
    """As ``/v1/balance`` writes them, with ``as_of``; or a row of CSV for each account and currency."""

    def __init__(self) -> None:
        self._balances = Typed(BalanceWire)
        self._rows = Typed(OpeningBalance)

    def parts(self, raw: bytes) -> tuple[Part, ...]:
        """The currencies in a record, in the order in which they stand there."""
        balance = self._balances.decode(raw)
        if isinstance(balance, Flaw):
            return (Part(balance, raw),)
        available, pending = _amounts(balance.available), _amounts(balance.pending)
        if available is None or pending is None:
            return (Part(_TWICE, raw),)
        currencies = tuple(dict.fromkeys((*available, *pending)))
        if not currencies:
            # An account that held nothing has a currency with 0; without any nothing is said of it.
            return (Part(_NO_CURRENCY, raw),)
        return tuple(Part(_opening(balance, currency, available, pending), raw, (currency,)) for currency in currencies)

    def row(self, row: dict[str, object]) -> Body | Flaw:
        """The currency in a row of CSV."""
        return self._rows.convert(row)


_TWICE = Flaw(Reason.DOES_NOT_ADD_UP, "a currency stands twice in available or in pending")
_NO_CURRENCY = Flaw(Reason.MISSING_FIELD, "neither available nor pending names a currency")


def _amounts(listed: Sequence[BalanceAmountWire]) -> dict[str, int] | None:
    """By currency; None when one stands there twice."""
    by_currency = {one.currency: one.amount for one in listed}
    return by_currency if len(by_currency) == len(listed) else None


def _opening(balance: BalanceWire, currency: str, available: dict[str, int], pending: dict[str, int]) -> OpeningBalance:
    return OpeningBalance(
        account=balance.account,
        currency=currency,
        available=available.get(currency, 0),
        pending=pending.get(currency, 0),
        as_of=balance.as_of,
        livemode=balance.livemode,
    )
