"""The traffic's client understands every answer that the payment core can give, and shows the key it was given."""

from collections.abc import Callable

import httpx
import pytest

from daemon.embedded.marketplace import gateway
from daemon.embedded.marketplace.gateway import HttpGateway
from daemon.embedded.marketplace.mix import Mix
from daemon.embedded.marketplace.traffic import Answer
from payment_core.payments.states import PaymentStatus

Respond = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Respond], HttpGateway]:
    """A gateway whose requests are answered in the process."""

    def make(respond: Respond) -> HttpGateway:
        real = httpx.AsyncClient

        def client(**options: object) -> httpx.AsyncClient:
            options.pop("limits")
            return real(transport=httpx.MockTransport(respond), **options)  # type: ignore[arg-type]  # passed through

        monkeypatch.setattr("daemon.embedded.marketplace.gateway.HttpClient", client)
        return HttpGateway(8081, "run", "till_test_key")

    return make


def test_every_status_of_a_payment_but_failed_has_its_answer() -> None:
    assert set(gateway._ANSWERS) == {status.value for status in PaymentStatus} - {"failed"}


@pytest.mark.parametrize(
    ("code", "status", "answer"),
    [
        (201, "succeeded", Answer.SUCCEEDED),
        (201, "requires_review", Answer.SUCCEEDED),
        (202, "processing", Answer.PROCESSING),
        (202, "held", Answer.PROCESSING),
        (402, "declined", Answer.DECLINED),
        (502, "failed", Answer.FAILED),
        (401, "", Answer.FAILED),
    ],
)
async def test_a_payment_ends_for_its_client_as_the_core_says(
    answered: Callable[[Respond], HttpGateway], code: int, status: str, answer: Answer
) -> None:
    keys: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Authorization"])
        return httpx.Response(code, json={"id": "pay_1", "status": status})

    async with answered(respond) as client:
        assert (await client.pay("127.0.0.2", Mix(1).next_order())).answer is answer
    assert keys == ["Bearer till_test_key"]
