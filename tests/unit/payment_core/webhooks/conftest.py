"""One world for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.payment_core.webhooks.webhook_world import WebhookWorld


@pytest.fixture
async def world() -> AsyncIterator[WebhookWorld]:
    """Webhooks with their routes and jobs."""
    made = WebhookWorld()
    async with made.http:
        yield made
