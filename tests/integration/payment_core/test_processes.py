"""Real processes: crashes, two on one file, and how one starts and stops."""

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from payment_core.acquirer.tokens import SANDBOX_TOKENS
from tests.forked import run

StartCore = Callable[..., Any]  # conftest's CoreProcess: fixtures' classes cannot be imported
FAST_RECOVERY = ("--rail-timeout-seconds", "0.5", "--recovery-margin-seconds", "0.5")


def body(method: str = "tok_visa", cents: int = 10_000) -> dict[str, object]:
    return {
        "amount": {"amount_cents": cents, "currency": "USD"},
        "payment_method": method,
        "customer_id": "cus_1",
        "provider_id": "pro_1",
    }


async def pay(client: httpx.AsyncClient, url: str, key: str, method: str = "tok_visa") -> httpx.Response:
    return await client.post(f"{url}/v1/payments", json=body(method), headers={"Idempotency-Key": key})


async def verified(client: httpx.AsyncClient, url: str) -> tuple[bool, int]:
    """Whether the ledger holds, and how many journals it has."""
    report = (await client.get(f"{url}/v1/ledger/verification")).json()
    return report["balanced"], report["journals"]


async def ask_until_finished(client: httpx.AsyncClient, url: str, key: str, method: str) -> httpx.Response:
    """Retry as a client does that gets 409."""
    async with asyncio.timeout(30):
        while (answer := await pay(client, url, key, method)).status_code == 409:
            continue
    return answer


async def unsettled(client: httpx.AsyncClient, url: str, key: str, method: str) -> None:
    """Send a payment and wait until its first transaction is durable: then a second request is told to wait."""
    async with asyncio.timeout(30):
        while (await pay(client, url, key, method)).status_code != 409:
            continue


async def crash_with_a_payment_in_flight(core: Any, method: str) -> None:  # noqa: ANN401 - see StartCore
    async with httpx.AsyncClient(headers=core.headers) as client, asyncio.TaskGroup() as group:

        async def lost() -> None:
            with pytest.raises(httpx.TransportError):
                await pay(client, core.url, "k", method)

        lost_answer = group.create_task(lost(), name="lost-answer")
        await asyncio.wait({lost_answer}, timeout=0.3)
        await unsettled(client, core.url, "k", method)
        core.kill()


async def test_a_kill_while_the_rail_works_is_recovered_to_one_payment(start_core: StartCore) -> None:
    dying = start_core("--environment", "blue", "--rail-timeout-seconds", "4", "--recovery-margin-seconds", "0.5")
    await crash_with_a_payment_in_flight(dying, "tok_slow")
    other = start_core("--environment", "green", *FAST_RECOVERY)
    async with httpx.AsyncClient(headers=other.headers) as client:
        # The dead process holds its lease for 4.5 s; the sweep of the other one takes the payment over after that.
        answer = await ask_until_finished(client, other.url, "k", "tok_slow")
        assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
        events = (await client.get(f"{other.url}/v1/events")).json()["events"]
        assert await verified(client, other.url) == (True, 1)
    kinds = [event["kind"] for event in events]
    assert (kinds.count("payment.attempted"), kinds.count("payment.captured")) == (1, 1)


async def test_a_kill_before_the_rail_was_asked_ends_as_failed(start_core: StartCore) -> None:
    slow = start_core("--environment", "blue", "--slow-seconds", "3", *FAST_RECOVERY)
    await crash_with_a_payment_in_flight(slow, "tok_visa")
    other = start_core("--environment", "green", *FAST_RECOVERY)
    async with httpx.AsyncClient(headers=other.headers) as client:
        answer = await ask_until_finished(client, other.url, "k", "tok_visa")
        assert (answer.status_code, answer.json()["code"]) == (502, "rail_never_saw_it")
        events = (await client.get(f"{other.url}/v1/events")).json()["events"]
        assert await verified(client, other.url) == (True, 0)
    attempts = [event for event in events if event["kind"] == "payment.attempted"]
    assert [(event["outcome"], event["environment"]) for event in attempts] == [("failed", "blue")]


async def test_two_processes_on_one_file_stay_balanced_and_share_every_key(
    start_core: StartCore,
) -> None:
    cores = [start_core("--environment", name) for name in ("blue", "green")]
    urls, headers = [core.url for core in cores], cores[0].headers
    methods = [token.token for token in SANDBOX_TOKENS if token.behaviour in {"approve", "decline", "error"}]
    async with httpx.AsyncClient(headers=headers, limits=httpx.Limits(max_connections=16), timeout=60) as client:
        calls = [
            pay(client, urls[(number + copy) % 2], f"k{number}", methods[number % len(methods)])
            for number in range(200)
            for copy in range(2)
        ]
        answers = await asyncio.gather(*calls)
        assert {answer.status_code for answer in answers} <= {201, 402, 409, 502}
        page = (await client.get(f"{urls[0]}/v1/events", params={"limit": 1000})).json()
        balanced, _ = await verified(client, urls[1])
    assert balanced
    events = page["events"]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["kind"] == "payment.attempted" for event in events) == 200
    assert {event["environment"] for event in events} == {"blue", "green"}


async def test_a_stop_finishes_what_is_in_flight_and_ends_with_0(start_core: StartCore) -> None:
    core = start_core("--slow-seconds", "1")
    async with httpx.AsyncClient(headers=core.headers) as client, asyncio.TaskGroup() as group:
        payment = group.create_task(pay(client, core.url, "k"), name="in-flight")
        await asyncio.wait({payment}, timeout=0.3)
        await unsettled(client, core.url, "k", "tok_visa")
        core.process.send_signal(signal.SIGTERM)
    assert payment.result().status_code == 201
    assert core.process.wait(timeout=15) == 0


def test_a_taken_port_is_a_clear_error(database: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run("payment_core", "--port", port, "--database", str(database))
    assert ended.returncode == 3
    assert port in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "flags",
    [
        ("--port", "99999"),
        ("--version", "one"),
        ("--fail-percent", "101"),
        ("--endpoint-url", "nowhere"),
        ("--port", "x"),
        ("--unknown",),
    ],
)
def test_bad_usage_ends_with_2_and_names_the_flag(flags: tuple[str, ...]) -> None:
    ended = run("payment_core", *flags)
    assert ended.returncode == 2
    assert flags[0] in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_cannot_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = run("payment_core", "--database", str(tmp_path / "file" / "payments.db"))
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
