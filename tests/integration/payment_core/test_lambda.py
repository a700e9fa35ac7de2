"""The Lambda function answers from its environment, and says which variable is wrong."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from payment_core import lambda_handler
from payment_core.aws.container import Container, Context
from payment_core.aws.errors import JobsFailed, OptionsUnusable
from payment_core.clock import SystemClock
from payment_core.jobs import Duty, Rota
from payment_core.lambda_handler import options_from_environment

LIVEZ = {
    "version": "2.0",
    "rawPath": "/readyz",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {"http": {"method": "GET", "path": "/readyz", "sourceIp": "192.0.2.1"}, "stage": "$default"},
    "isBase64Encoded": False,
}


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Container]:
    """The function's container on a file instead of a table."""
    monkeypatch.setenv("TILL_CORE_STORE", "sqlite")
    monkeypatch.setenv("TILL_CORE_DATABASE", str(tmp_path / "payments.db"))
    monkeypatch.setenv("TILL_CORE_RAIL_LATENCY_MS", "0")
    function = lambda_handler.Function()
    made = Container(function.open)
    monkeypatch.setattr(lambda_handler, "_FUNCTION", function)
    monkeypatch.setattr(lambda_handler, "_CONTAINER", made)
    yield made
    made.close()


@pytest.mark.usefixtures("container")
def test_the_function_answers_events_on_one_open_core() -> None:
    for _ in range(2):
        answer = lambda_handler.handler(cast("dict[str, Any]", LIVEZ), cast("Context", None))
        assert (answer["statusCode"], '"ready":true' in answer["body"]) == (200, True)


def list_event(secret: str) -> dict[str, Any]:
    """A request of the holder of a key."""
    path = "/v1/fraud/lists"
    http = {
        **cast("dict[str, Any]", LIVEZ["requestContext"]),
        "http": {"method": "GET", "path": path, "sourceIp": "::1"},
    }
    return {**LIVEZ, "rawPath": path, "headers": {"authorization": f"Bearer {secret}"}, "requestContext": http}


@pytest.mark.usefixtures("container")
def test_the_admin_key_is_the_one_whose_hash_is_given_and_none_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = f"till_live_{'a' * 40}"
    monkeypatch.setenv("TILL_CORE_ADMIN_KEY_SHA256", hashlib.sha256(secret.encode()).hexdigest())
    statuses = [
        lambda_handler.handler(list_event(sent), cast("Context", None))["statusCode"]
        for sent in (secret, f"till_live_{'b' * 40}")
    ]
    assert statuses == [200, 401]
    assert list(tmp_path.glob("*.key")) == []


@pytest.mark.usefixtures("container")
def test_a_schedule_runs_every_job_once_on_the_core_that_answers_requests() -> None:
    done = lambda_handler.jobs_handler({"source": "aws.scheduler"}, cast("Context", None))
    assert list(done) == ["done"]
    core = lambda_handler._FUNCTION._core
    assert core is not None
    jobs = {"recovery", "webhook-delivery", "fraud-list-expiry", "idempotency-keys", "stock"}
    assert jobs <= set(core.rota.counts.runs)
    assert lambda_handler.handler(cast("dict[str, Any]", LIVEZ), cast("Context", None))["statusCode"] == 200


class Broken:
    """A job that fails."""

    async def run_once(self, now_ms: int) -> int:
        raise ConnectionError(now_ms)


class Working:
    """A job that always does three things."""

    async def run_once(self, now_ms: int) -> int:
        return 3 if now_ms > 0 else 0


@pytest.mark.usefixtures("container")
def test_a_job_that_fails_keeps_no_other_from_running_and_is_named() -> None:
    lambda_handler.jobs_handler({}, cast("Context", None))
    core = lambda_handler._FUNCTION._core
    assert core is not None
    core.rota = Rota((Duty("broken", Broken(), 1.0), Duty("working", Working(), 1.0)), SystemClock())
    with structlog.testing.capture_logs(), pytest.raises(JobsFailed, match="broken"):
        lambda_handler.jobs_handler({}, cast("Context", None))
    assert (core.rota.counts.work["working"], core.rota.counts.faults["broken"]) == (3, 1)


class Counted:
    """A way by which flags come that counts how often it was gone."""

    def __init__(self) -> None:
        self.looks = 0

    async def run_if_due(self) -> None:
        self.looks += 1


def test_a_container_looks_for_newer_flags_before_it_answers(
    container: Container, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "flags.pub").write_text("00" * 32)
    monkeypatch.setenv("TILL_CORE_FLAGS_TRUSTED_KEYS", str(tmp_path / "flags.pub"))
    monkeypatch.setenv("TILL_CORE_FLAGS_URL", "http://127.0.0.1:9/api/v1/flags/document")
    answer = container.handle(cast("dict[str, Any]", LIVEZ), cast("Context", None))
    assert answer["statusCode"] == 200, "a daemon that is away holds no payment up for ever"
    core = lambda_handler._FUNCTION._core
    assert core is not None
    assert core.flagging.flags.counts.polls["failed"] >= 1
    assert core.flagging.flags.serving.source == "embedded"


async def test_each_event_asks_for_flags_first() -> None:
    counted, answered = Counted(), []

    async def app(_scope: object, _receive: object, _send: object) -> None:
        answered.append(counted.looks)

    polled = lambda_handler.Polled(cast("Any", app), cast("Any", counted))
    for _ in range(2):
        await polled({}, cast("Any", None), cast("Any", None))
    assert answered == [1, 2]


def test_options_come_from_the_environment_and_default_to_dynamodb() -> None:
    options = options_from_environment({"TILL_CORE_TABLE": "till-live", "AWS_REGION": "eu-west-1", "PATH": "/bin"})
    assert (options.store, options.table, options.region, options.rail_records) == (
        "dynamodb",
        "till-live",
        "eu-west-1",
        "memory",
    )
    assert options_from_environment({"TILL_CORE_FEE_BASIS_POINTS": "750"}).fee_basis_points == 750


@pytest.mark.parametrize(
    ("name", "value"), [("TILL_CORE_TABEL", "x"), ("TILL_CORE_STORE", "paper"), ("TILL_CORE_FEE_BASIS_POINTS", "-1")]
)
def test_a_variable_that_is_no_option_is_named(name: str, value: str) -> None:
    with pytest.raises(OptionsUnusable, match=name):
        options_from_environment({name: value})
