"""The payment cores' key comes from the settings or from a file, and a file that cannot be read is named."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import httpx
import pytest

from config.load import load_configuration
from config.settings import Settings
from daemon.aws.session import AwsClient
from daemon.clock import SystemClock
from daemon.errors import NotUsable
from daemon.probes.opened import open_probes
from daemon.senses.sightings import Sightings

PRICES = load_configuration(None, {}).prices
ALL = {
    "aws-payment-processor",
    "fraud-detector",
    "ach-transfer-manager",
    "escrow-manager",
    "database",
    "audit-trail",
    "api",
    "encryption",
    "monitoring",
    "cost-optimization",
    "compliance",
    "feature-flags",
}


async def shown_key(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> str:
    """What a core is shown when it is asked for its ledger."""
    shown: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        shown.append(request.headers.get("Authorization", ""))
        return httpx.Response(200, json={"balanced": True, "entries": 0, "violations": []})

    real = httpx.AsyncClient

    def client(**options: object) -> httpx.AsyncClient:
        return real(**(options | {"transport": httpx.MockTransport(respond)}))  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr("daemon.probes.bearer_client.HttpClient", client)
    async with AsyncExitStack() as stack:
        sqs, seen = cast("AwsClient", None), Sightings()
        probes = await open_probes(stack, settings, sqs, SystemClock(), prices=PRICES, see=seen.see)
        assert set(probes.names) == ALL
        assert (await probes.clients[0].ledger()).balanced
    return shown[0]


def settings(**more: object) -> Settings:
    """Settings with one core."""
    core = {"blue": {"url": "http://127.0.0.2:1", "address": "127.0.0.2"}}
    return Settings.model_validate({"cores": core} | more)


async def test_without_a_key_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await shown_key(monkeypatch, settings()) == ""


async def test_the_key_of_the_settings_is_shown_and_not_told_in_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(core_token="till_test_abc")
    assert await shown_key(monkeypatch, made) == "Bearer till_test_abc"
    assert "till_test_abc" not in repr(made) + made.model_dump_json()


async def test_the_key_is_read_from_its_file_which_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "payments.key"
    path.write_text("till_test_file\n", encoding="ascii")
    made = settings(core_token="till_test_abc", core_token_file=str(path))
    assert await shown_key(monkeypatch, made) == "Bearer till_test_file"


async def test_a_key_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(NotUsable, match=r"none\.key"):
        await shown_key(monkeypatch, settings(core_token_file=str(tmp_path / "none.key")))
