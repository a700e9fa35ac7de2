"""What a merchant of the simulated old processor does there: cards get another expiry."""

import httpx
import msgspec

from payment_core.outgoing.client import HttpClient

TIMEOUT_SECONDS = 5.0
CUSTOMERS_MAX = 20
"""Whose cards are changed."""


class _Listed(msgspec.Struct, frozen=True):
    id: str


class _Page(msgspec.Struct, frozen=True):
    data: list[_Listed]


_PAGE = msgspec.json.Decoder(_Page)


class Merchant:
    """Over its API; what is not answered is not done."""

    def __init__(self, url: str, key: str) -> None:
        self._http = HttpClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS, trust_env=False
        )
        self._cards: list[str] = []

    async def change_a_card(self, number: int) -> bool:
        """Give one of its cards another year of expiry; whether it was done."""
        try:
            if not self._cards:
                self._cards = await self._known_cards()
            card = self._cards[number % len(self._cards)]
            form = {"card[exp_year]": str(2031 + number % 8)}
            return (await self._http.post(f"/v1/payment_methods/{card}", data=form)).is_success
        except (httpx.HTTPError, msgspec.MsgspecError, ZeroDivisionError):
            return False

    async def close(self) -> None:
        """Give the connections up."""
        await self._http.aclose()

    async def _known_cards(self) -> list[str]:
        customers = _PAGE.decode((await self._http.get("/v1/customers")).content).data
        found: list[str] = []
        for customer in customers[:CUSTOMERS_MAX]:
            answer = await self._http.get(f"/v1/customers/{customer.id}/payment_methods")
            found += [one.id for one in _PAGE.decode(answer.content).data]
        return found
