"""What the tests of the whole daemon stand on: an account of their own, real processes, and bounded waiting."""

import asyncio
import hashlib
import json
import os
import signal
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from checks.facts import Deployment, PaymentAttempted
from checks.packed import PackedEvents
from daemon.aws.provision import ensure_queues, ensure_rules, ensure_weighted_records, ensure_zone
from daemon.aws.session import Aws, AwsClients
from daemon.clock import SystemClock
from daemon.embedded.processes.surroundings import local_environment
from daemon.embedded.telling.books import EventCounts, count_events
from daemon.translate.heartbeats import SOURCE
from remediation.journal.entry import Entry
from remediation.journal.offline import following, open_read_only
from tests.forked import Forked, run_beside

WAIT_SECONDS = 40.0
POLL_SECONDS = 0.02
TOKEN = "operator-of-this-test"
NO_ROOTS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Everything is plain HTTP on loopback: reading root certificates takes longer than a payment."""
EVENTS_OF_A_PAYMENT = 3
"""Of one that succeeds at once: requested, attempted, captured."""
BEARER = {"Authorization": f"Bearer {TOKEN}"}
REGION = "us-east-1"
ENVIRONMENTS = {"blue": "127.0.0.2", "green": "127.0.0.3"}
COUNTING_RULE = """
rules:
  - id: attempts
    family: sla
    on: payment.attempted
    per: [environment]
    measure: {count: "true", window: 1h}
    breach: "> 1000000"
    severity: low
    runbook: none
"""
"""Its reading is the number of payment attempts of the last hour, exactly."""


async def until(holds: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Wait until it holds; fail with what was waited for when it does not within the time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not holds():
        if loop.time() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        turn = asyncio.Event()
        loop.call_later(POLL_SECONDS, turn.set)
        await turn.wait()


@dataclass(frozen=True, slots=True)
class Account:
    """Queues, a zone and weighted records that no other test has."""

    endpoint_url: str
    zone_id: str
    record_name: str
    payment_queue: str
    control_queue: str


async def make_account(clients: AwsClients, endpoint_url: str, unique: str, weights: Mapping[str, int]) -> Account:
    """Make it; a message that is not deleted comes again after two seconds."""
    zone = f"{unique}.test."
    zone_id = await ensure_zone(clients, zone)
    record_name = f"payments.{zone}"
    await ensure_weighted_records(clients, zone_id, record_name, ENVIRONMENTS, weights, 1)
    queues = [f"till-{unique}-{kind}" for kind in ("payments", "control")]
    async with clients.client("sqs") as sqs:
        for queue in queues:
            attributes = {"VisibilityTimeout": "2", "SqsManagedSseEnabled": "true"}
            await sqs.call("create_queue", QueueName=queue, Attributes=attributes)
    return Account(endpoint_url, zone_id, record_name, *queues)


async def route_heartbeats(clients: AwsClients, account: Account) -> None:
    """The rule of deploy/events.yaml, to this account's control queue."""
    arns = await ensure_queues(clients, [account.control_queue])
    pattern = {"source": [SOURCE]}
    await ensure_rules(clients, {f"{account.control_queue}-beats": pattern}, arns[account.control_queue])


def core_key(database: Path) -> Path:
    """Where a core that was told nothing else keeps the API key of its first start."""
    return database.with_name(f"{database.stem}.key")


def configure(
    directory: Path,
    account: Account,
    *,
    endpoint_url: str = "",
    cores: Mapping[str, str] | None = None,
    rules: str = "",
    port: int = 0,
) -> Path:
    """Write a configuration below directory and return its folder; the data lies in directory/data.

    The key of the cores that were started lies beside their database, directory/payments.db.
    """
    folder = directory / "config"
    folder.mkdir(exist_ok=True)
    urls = {} if cores is None else cores
    settings: dict[str, object] = {
        "aws": {
            "region": REGION,
            "endpoint_url": endpoint_url if endpoint_url else account.endpoint_url,
            "sns_signatures": "off",
        },
        "queues": {"payment_events": account.payment_queue, "control_events": account.control_queue},
        "http": {"host": "127.0.0.1", "port": port},
        "data_dir": str(directory / "data"),
        "hosted_zone_id": account.zone_id,
        "cores": {name: {"url": url, "address": ENVIRONMENTS[name]} for name, url in urls.items()},
        "tokens": [{"name": "test", "role": "operator", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}],
    }
    key = core_key(directory / "payments.db")
    if key.exists():
        settings["core_token_file"] = str(key)
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "policy.yaml").write_text(yaml.safe_dump({"traffic": {"record_name": account.record_name}}))
    if rules:
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "mine.yaml").write_text(rules, encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The last line on stdout, which is the answer with ``--json``."""
        answer: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return answer


async def tillwatch(*arguments: str) -> Answer:
    """Run one command to its end, as a script does."""
    environment = local_environment(os.environ)
    ended = await run_beside("daemon", *arguments, environment=environment, seconds=WAIT_SECONDS)
    return Answer(ended.returncode, ended.stdout, ended.stderr)


class Program:
    """A child of the test; what it logs is in a file beside its data. key: a core's API key."""

    def __init__(self, process: Forked, log: Path) -> None:
        self.process = process
        self.log = log
        self.url = ""
        self.key = ""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def listening(self) -> str:
        """Its address, once it says that it listens."""
        async with asyncio.timeout(WAIT_SECONDS):
            line = await self.process.line()
        if not line:
            pytest.fail(f"ended with {await self.process.ended()}: {self.log.read_text(encoding='utf-8')[-2000:]}")
        self.url = json.loads(line)["listening"]
        return self.url

    async def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        await self.process.ended()

    async def ended(self, seconds: float = WAIT_SECONDS) -> int:
        """Its exit code."""
        async with asyncio.timeout(seconds):
            return await self.process.ended()

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    def said(self) -> str:
        """Everything on its stderr."""
        return self.log.read_text(encoding="utf-8")


class Programs:
    """Starts programs, and ends all of them with the test."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[Program] = []

    async def daemon(self, configuration: Path) -> Program:
        """A daemon that is starting."""
        return self._start("daemon", "daemon", "run", "--config", str(configuration))

    async def ready_daemon(self, configuration: Path) -> Program:
        """A daemon that consumes."""
        program = await self.daemon(configuration)
        await program.listening()
        return program

    async def core(self, database: Path, account: Account, *flags: str, queue: str | None = None) -> Program:
        """A payment core that takes payments."""
        to = account.payment_queue if queue is None else queue
        program = self._start(
            "core",
            *("payment_core", "--port", "0", "--database", str(database), "--rail-latency-ms", "0"),
            *("--queue", to, "--endpoint-url", account.endpoint_url, *flags),
        )
        await program.listening()
        program.key = core_key(database).read_text(encoding="ascii").strip()
        return program

    async def end(self) -> None:
        """Kill what still runs."""
        for program in self._started:
            await program.kill()
            program.process.close()

    def _start(self, name: str, *module: str) -> Program:
        log = self._directory / f"{name}-{len(self._started)}.log"
        with log.open("ab") as stderr:
            process = Forked(module, stderr=stderr, environment=local_environment(os.environ))
        program = Program(process, log)
        self._started.append(program)
        return program


def entries(directory: Path, kind: str = "") -> list[Entry]:
    """What the journal below directory says, of one kind or all."""
    path = directory / "data" / "journal.db"
    if not path.is_file():
        return []
    found: list[Entry] = []
    with closing(open_read_only(path)) as connection:
        while page := following(connection, found[-1].sequence if found else 0):
            found += page
    return [entry for entry in found if kind in {"", entry.kind}]


def counted(directory: Path) -> EventCounts:
    """The core's outbox held against the daemon's checkpoint."""
    return count_events(directory / "payments.db", directory / "data" / "checkpoint.db", REGION)


def attempt(number: int, outcome: str = "succeeded", environment: str = "green", **more: object) -> PaymentAttempted:
    """One payment attempt of now; sequence 0, so that no outbox is missed."""
    known: dict[str, object] = {
        "kind": "payment.attempted",
        "id": f"evt-{environment}-{number}",
        "at_ms": SystemClock().now_ms(),
        "subject": f"pay-{number}",
        "environment": environment,
        "version": "2.0.0",
        "rail": "card",
        "outcome": outcome,
        "amount_cents": 1_999,
    }
    return msgspec.convert(known | more, PaymentAttempted)


def packed(*facts: PaymentAttempted) -> str:
    """A message of the payment queue."""
    return msgspec.json.encode(PackedEvents(schema="tillwatch.events.v1", events=list(facts))).decode()


def rollout(identity: str, weight_percent: int = 50) -> str:
    """The EventBridge envelope that says that 2.0.0 goes to green."""
    detail = msgspec.to_builtins(
        Deployment(
            id=f"{identity}-event",
            at_ms=SystemClock().now_ms(),
            subject=identity,
            environment="green",
            version="2.0.0",
            status="started",
            strategy="canary",
            previous_environment="blue",
            previous_version="1.0.0",
            weight_percent=weight_percent,
        )
    )
    envelope = {
        "version": "0",
        "id": f"{identity}-envelope",
        "source": "tillwatch.deploy",
        "detail-type": "Tillwatch Deployment State Change",
        "account": "000000000000",
        "time": "2026-11-23T18:46:12Z",
        "region": REGION,
        "resources": [],
        "detail": detail,
    }
    return json.dumps(envelope)


class Sender:
    """Puts messages into queues."""

    def __init__(self, sqs: Aws) -> None:
        self._sqs = sqs

    async def send(self, queue: str, *bodies: str) -> None:
        """Send each body as one message."""
        url = (await self._sqs.call("get_queue_url", QueueName=queue))["QueueUrl"]
        for body in bodies:
            await self._sqs.call("send_message", QueueUrl=url, MessageBody=body)

    async def until_empty(self, queue: str) -> None:
        """Wait until every message was deleted; one that is delivered for ever never is."""
        url = (await self._sqs.call("get_queue_url", QueueName=queue))["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                answer = await self._sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=names)
                if all(answer["Attributes"][name] == "0" for name in names):
                    return


async def ask(program: Program, path: str, accept: str = "*/*") -> httpx.Response:
    """One GET with the operator's token."""
    async with httpx.AsyncClient(base_url=program.url, trust_env=False, headers=BEARER, verify=NO_ROOTS) as client:
        return await client.get(path, headers={"Accept": accept})


async def pay(core: Program, keys: Sequence[str], method: str = "tok_visa") -> None:
    """One payment per key, one after the other; each is answered before the next."""
    bearer = {"Authorization": f"Bearer {core.key}"}
    async with httpx.AsyncClient(base_url=core.url, trust_env=False, headers=bearer, verify=NO_ROOTS) as client:
        for key in keys:
            body = {
                "amount": {"amount_cents": 1_999, "currency": "USD"},
                "payment_method": method,
                "customer_id": f"cus-{key}",
                "provider_id": "prv-1",
            }
            answer = await client.post("/v1/payments", json=body, headers={"Idempotency-Key": key})
            assert answer.status_code in {201, 402, 502}, answer.text
