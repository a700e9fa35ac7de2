"""Entries of the fraud lists, and frozen payers, take effect in every process; stored scores are reached again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from daemon.cli import app
from tests.integration.core_process.core_world import until
from tests.integration.payment_core.conftest import CoreProcess, StartCore

RULES = """
families: {amount: 1000}
rules:
  - id: large
    family: amount
    on: payment.requested
    where: "amount_cents > 900000"
    points: 960
    reason: large_amount
    summary: More than anybody buys here.
  - id: often
    family: amount
    on: payment.requested
    per: [customer_id]
    measure: {count: "true", window: 1h}
    breach: "> 1"
    points: 40
    reason: often
    summary: The second one.
"""
FOREVER_MS = 1_950_000_000_000
CARD = "4242424242424242"


class Caller:
    """Sends to one process."""

    def __init__(self, core: CoreProcess) -> None:
        self._client = httpx.Client(base_url=core.url, headers=core.headers, trust_env=False, timeout=30)
        self._sent = 0
        self._name = core.url

    def send(self, method: str, path: str, body: object = None, key: str = "") -> httpx.Response:
        """One request."""
        self._sent += 1
        headers = {"Idempotency-Key": key if key != "" else f"{self._name}-{self._sent}"}
        return self._client.request(method, path, json=body, headers=headers)

    def pay(self, cents: int, customer: str, method: str = "tok_visa", **context: object) -> dict[str, Any]:
        """A payment; its answer, or the problem."""
        body = {
            "amount": {"amount_cents": cents, "currency": "USD"},
            "payment_method": method,
            "customer_id": customer,
            "provider_id": "pro_1",
            "context": context,
        }
        found = self.send("POST", "/v1/payments", body).json()
        return dict(found.get("resource", found))

    def blocks(self, customer: str, method: str = "tok_visa", **context: object) -> bool:
        """Whether a small payment is blocked."""
        return self.pay(100, customer, method, **context)["fraud"]["decision"] in {"block", "freeze"}

    def entries(self, state: str = "active") -> list[dict[str, Any]]:
        """What is on the lists."""
        return list(self.send("GET", f"/v1/fraud/lists?state={state}").json()["data"])

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "fraud.yaml").write_text(RULES)
    return folder


@pytest.fixture
def both(start_core: StartCore, config: Path) -> Iterator[tuple[Caller, Caller]]:
    """Blue, and green with a second worker, which is whom most connections reach."""
    blue = Caller(start_core("--config", str(config)))
    green = Caller(start_core("--config", str(config), "--environment", "green", "--workers", "2"))
    yield blue, green
    blue.close()
    green.close()


def entry(kind: str, value: str, **more: object) -> dict[str, object]:
    return {"list": "block", "kind": kind, "value": value, "reason": "r", "expires_at_ms": FOREVER_MS, **more}


async def everywhere(callers: tuple[Caller, ...], expected: bool, customer: str, **context: str) -> None:
    """Wait until each process says so, several times: each new connection may reach another worker."""

    def all_say_so() -> bool:
        return all(caller.blocks(customer, **context) is expected for caller in callers for _ in range(4))

    await until(all_say_so, f"blocked is {expected}", seconds=15)


async def test_an_entry_counts_in_every_process_until_it_is_removed(both: tuple[Caller, Caller]) -> None:
    blue, green = both
    added = blue.send("POST", "/v1/fraud/lists", entry("ip", "203.0.113.0/24"), key="one")
    assert added.status_code == 201
    assert blue.send("POST", "/v1/fraud/lists", entry("ip", "203.0.113.0/24"), key="one").json() == added.json()
    assert added.json()["author"] == "key:admin"
    await everywhere(both, True, "cus_a", ip="203.0.113.9")
    assert not green.blocks("cus_b", ip="198.51.100.1")
    removed = green.send("DELETE", f"/v1/fraud/lists/{added.json()['id']}")
    assert (removed.status_code, removed.json()["status"]) == (200, "removed")
    await everywhere(both, False, "cus_c", ip="203.0.113.9")
    assert (blue.entries(), [found["id"] for found in blue.entries("ended")]) == ([], [added.json()["id"]])


async def test_a_frozen_payer_is_blocked_everywhere_with_every_card_and_name(both: tuple[Caller, Caller]) -> None:
    blue, green = both
    card = {"customer_id": "cus_bad", "pan": CARD, "exp_month": 12, "exp_year": 2031}
    token = blue.send("POST", "/v1/payment_methods", card).json()["id"]
    again = blue.send("POST", "/v1/payment_methods", {**card, "customer_id": "cus_other"}).json()["id"]
    frozen = blue.pay(900_001, "cus_bad", token)
    assert (frozen["status"], frozen["fraud"]["decision"], frozen["fraud"]["score"]) == ("declined", "freeze", 960)
    entries = blue.entries()
    assert {found["kind"] for found in entries} == {"customer", "card"}
    assert {(found["author"], found["list"]) for found in entries} == {("core:fraud-score", "block")}
    assert all(found["expires_at_ms"] - found["created_at_ms"] == 24 * 3_600_000 for found in entries)
    await everywhere(both, True, "cus_bad")
    assert blue.blocks("cus_other", again)
    assert green.blocks("cus_other", again)
    events = blue.send("GET", "/v1/events?limit=1000").json()["events"]
    told = [event for event in events if event.get("object") == "fraud_list_entry"]
    assert [event["owner"] for event in told] == ["core:fraud-score"] * 2
    assert CARD not in json.dumps(events)
    assert not green.blocks("cus_good"), "a test token is everybody's"


async def test_a_restarted_process_uses_what_was_listed_before(
    both: tuple[Caller, Caller], start_core: StartCore, config: Path
) -> None:
    both[0].send("POST", "/v1/fraud/lists", entry("customer", "cus_a"))
    later = Caller(start_core("--config", str(config)))
    assert later.blocks("cus_a")
    later.close()


def explained(database: Path, payment_id: str, *flags: str) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of the command; of all that is explained, the last line is JSON."""
    command = ["fraud", "explain", payment_id, "--data-dir", str(database.parent), "--json", *flags]
    result = CliRunner().invoke(app, command)
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_every_decision_is_reached_again_and_other_rules_are_named(
    both: tuple[Caller, Caller], database: Path, tmp_path: Path
) -> None:
    blue, _ = both
    blue.send("POST", "/v1/fraud/lists", entry("device", "d1"))
    paid = [blue.pay(900_001, "cus_1"), blue.pay(500, "cus_2"), blue.pay(500, "cus_2"), blue.pay(500, "cus_3")]
    other = tmp_path / "other"
    other.mkdir()
    (other / "fraud.yaml").write_text(RULES.replace("points: 40", "points: 41"))
    for payment in paid:
        code, found = explained(database, payment["id"])
        assert (code, found["same"], found["score"]) == (0, True, payment["fraud"]["score"])
        assert [rule["rule"] for rule in found["rules"]] == ["large", "often"]
    code, found = explained(database, paid[2]["id"], "--config", str(other))
    assert (code, found["same"], found["replayed"]["value"]) == (1, False, 41)
    assert found["version"] != found["replayed_version"]
    assert found["rules"][1]["reading"] == 2
    prose = CliRunner().invoke(app, ["fraud", "explain", paid[2]["id"], "--data-dir", str(database.parent)])
    assert "often (often): 2 > 1" in prose.stdout
    assert "the same" in prose.stdout


def test_a_command_that_finds_nothing_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fraud", "explain", "pay_1", "--data-dir", str(tmp_path / "none")])
    assert (result.exit_code, "name it with --data-dir" in result.output) == (2, True)


def test_lint_counts_what_can_be_used_and_names_the_line_of_what_cannot(config: Path) -> None:
    good = CliRunner().invoke(app, ["fraud", "lint", "--config", str(config), "--json"])
    assert (good.exit_code, json.loads(good.stdout)["rules"]) == (0, 2)
    (config / "fraud.yaml").write_text(RULES.replace("amount_cents >", "amount_cent >"))
    bad = CliRunner().invoke(app, ["fraud", "lint", "--config", str(config)])
    assert (bad.exit_code, "fraud.yaml:7" in bad.output) == (2, True)
