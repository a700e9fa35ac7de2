"""What a webhook endpoint cannot be, how many there are, and how long a delivery waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_core.webhooks.model import ENDPOINTS_MAX
from payment_core.webhooks.retries import FIRST_WAIT_MS, WAIT_MS_MAX, wait_ms
from tests.unit.payment_core.webhooks.webhook_world import URL, WebhookWorld


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"url": "http://shop.example/"}, "$.url"),
        ({"url": "https://127.0.0.1/"}, "$.url"),
        ({"url": URL, "kinds": ["payment.captured", "payment.eaten"]}, "$.kinds[1]"),
        ({"url": URL, "kinds": ["x y"]}, "$.kinds[0]"),
        ({"kinds": []}, "$"),
    ],
)
async def test_an_endpoint_that_cannot_be_says_what_is_wrong(
    world: WebhookWorld, body: dict[str, object], path: str
) -> None:
    answer = await world.send("POST", "/v1/webhook_endpoints", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


async def test_endpoints_are_limited(world: WebhookWorld) -> None:
    made = [await world.add_endpoint() for _ in range(ENDPOINTS_MAX)]
    over = await world.send("POST", "/v1/webhook_endpoints", json={"url": URL})
    assert over.json()["type"] == "urn:tillwatch:problem:webhook-endpoints-too-many"
    await world.send("DELETE", f"/v1/webhook_endpoints/{made[0]['id']}")
    assert (await world.send("POST", "/v1/webhook_endpoints", json={"url": URL})).status_code == 201


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_grow_and_stay_within_their_bounds(attempts: int, share: float) -> None:
    assert FIRST_WAIT_MS // 2 <= wait_ms(attempts, share) <= WAIT_MS_MAX
    assert wait_ms(attempts + 1, share) >= wait_ms(attempts, share)
