"""A real daemon with a receiver of its notices, on an AWS stand-in of its own, and alarms to hand to it."""

import asyncio
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import httpx
import yaml

from bench.rollback import running_aws
from daemon.clock import SystemClock
from remediation.escalation.chain import Chain
from remediation.folds import apply
from remediation.journal.entry import Entry
from remediation.journal.offline import following, open_read_only
from remediation.state import State
from tests.integration.daemon.world import BEARER, TOKEN, Account, Program, Programs, make_account

BATCH = 200
LOOK_SECONDS = 0.25
WAIT_SECONDS = 600.0
_SECRET = "whsec_" + "A" * 43 + "="
_RULE = """
  - id: {name}
    family: health
    on: alarm.state_changed
    where: "namespace == '{name}'"
    per: [subject]
    measure: {{value: state, stale_after: 30d}}
    breach: "== 'ALARM'"
    severity: {severity}
    do: [page]
    runbook: none
"""


def rules_of(**severities: str) -> str:
    """A rule of each name for alarms on metrics of that namespace."""
    return "rules:" + "".join(_RULE.format(name=name, severity=severity) for name, severity in severities.items())


def _deaf(text: str) -> None:
    del text


@dataclass
class Receiver:
    """Takes each notice and says so. taken: when it was, by key. alerts: what a receiver that knows keys would show.

    heard: is called with the text of each notice, as it comes.
    """

    taken: dict[str, list[int]] = field(default_factory=dict)
    alerts: Counter[str] = field(default_factory=Counter)
    heard: Callable[[str], None] = _deaf

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request for each connection. A sender that was killed amid it is not answered, and has not been heard."""
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            document = json.loads(await reader.readexactly(int(headers["content-length"])))
            key = headers["webhook-id"]
            if key not in self.taken:
                self.alerts[f"{document['type']} {document['data']['dedup_key']}"] += 1
            self.taken.setdefault(key, []).append(SystemClock().now_ms())
            self.heard(document["data"]["text"])
            writer.write(b"HTTP/1.1 202 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()


class Place:
    """A folder with a configuration, what it takes to run daemons over it, and what they have journaled."""

    def __init__(self, directory: Path, folder: Path, programs: Programs, receiver: Receiver) -> None:
        self.directory = directory
        self.folder = folder
        self.programs = programs
        self.receiver = receiver
        self.journal: list[Entry] = []
        self.state = State()

    @property
    def chains(self) -> list[Chain]:
        """What is done about telling people, of each incident."""
        return list(self.state.escalation.chains.values())

    async def until(self, holds: Callable[["Place"], bool], seconds: float = WAIT_SECONDS) -> None:
        """Read what is new in the journal, now and then, until it holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not holds(self):
                await asyncio.sleep(LOOK_SECONDS)
                self.read()

    def read(self) -> None:
        """Fold in what is new; what was read before is not read again, so that the receiver is not held up."""
        with closing(open_read_only(self.directory / "data" / "journal.db")) as connection:
            while page := following(connection, self.state.sequence):
                self.journal += page
                self.state = reduce(apply, page, self.state)


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom an incident reaches: so many people, so many seconds apart, and all of them again so many times."""

    people: int = 10
    apart_seconds: float = 3.0
    again: int = 9
    wait_seconds: float = 0.0

    def document(self) -> dict[str, object]:
        """The escalation file. Alarms of one subject have one cause."""
        names = [f"person-{number}" for number in range(self.people)]
        steps = [
            {"after": f"{number * self.apart_seconds:g}s", "level": name, "tier": "L1", "tell": [{"person": name}]}
            for number, name in enumerate(names)
        ]
        contacts = [{"channel": "receiver", "address": "somebody"}]
        return {
            "people": {name: {"name": name, "contacts": contacts} for name in names},
            "policies": {"quick": {"steps": steps, "repeat": self.again, "repeat_after": f"{self.apart_seconds:g}s"}},
            "usual": "quick",
            "group": {"by": [["subject"]], "wait": f"{self.wait_seconds:g}s"},
        }


def write_configuration(directory: Path, account: Account, receiver_port: int, plan: Plan) -> Path:
    """Write the settings and the plan, and return the folder."""
    folder = directory / "config"
    (folder / "rules").mkdir(parents=True)
    url = f"http://127.0.0.1:{receiver_port}/"
    settings = {
        "aws": {"region": "us-east-1", "endpoint_url": account.endpoint_url, "sns_signatures": "off"},
        "queues": {"payment_events": account.payment_queue, "control_events": account.control_queue},
        "http": {"host": "127.0.0.1", "port": 0},
        "data_dir": str(directory / "data"),
        "hosted_zone_id": account.zone_id,
        "tokens": [{"name": "bench", "role": "admin", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}],
        "channels": {
            "via": {"receiver": {"kind": "webhook", "url": url, "secret": _SECRET, "per_minute": 6_000}},
            "loopback_allowed": True,
        },
    }
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "policy.yaml").write_text(yaml.safe_dump({"traffic": {"record_name": account.record_name}}))
    (folder / "escalation.yaml").write_text(yaml.safe_dump(plan.document()), encoding="utf-8")
    return folder


@asynccontextmanager
async def place(name: str, plan: Plan, rules: str) -> AsyncIterator[Place]:
    """A stand-in for AWS, a receiver and a configuration of their own."""
    clock, receiver = SystemClock(), Receiver()
    with tempfile.TemporaryDirectory(prefix=f"tillwatch-{name}-") as told:
        directory = Path(told)
        server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
        async with running_aws(directory, clock) as (clients, url), server:
            account = await make_account(clients, url, name, {"blue": 100, "green": 0})
            port = server.sockets[0].getsockname()[1]
            folder = write_configuration(directory, account, port, plan)
            (folder / "rules" / "bench.yaml").write_text(rules, encoding="utf-8")
            programs = Programs(directory)
            try:
                yield Place(directory, folder, programs, receiver)
            finally:
                await programs.end()


def alarms(namespace: str, subjects: Sequence[str]) -> list[dict[str, object]]:
    """An EventBridge envelope for each alarm."""
    at = datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC)
    return [_alarm(namespace, subject, f"{at:%Y-%m-%dT%H:%M:%S}", number) for number, subject in enumerate(subjects)]


def _alarm(namespace: str, subject: str, time: str, number: int) -> dict[str, object]:
    metric = {"id": "m1", "metricStat": {"metric": {"name": "Bench", "namespace": namespace}, "period": 60}}
    return {
        "version": "0",
        "id": f"{namespace}-{subject}-{time}-{number}",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "000000000000",
        "time": f"{time}Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "alarmName": subject,
            "state": {"value": "ALARM", "reason": "bench", "timestamp": f"{time}.000+0000"},
            "previousState": {"value": "OK", "timestamp": f"{time}.000+0000"},
            "configuration": {"metrics": [metric]},
        },
    }


async def tell(client: httpx.AsyncClient, events: list[dict[str, object]]) -> None:
    """Hand them in, and go on only when they are on disk. Raises httpx.HTTPError."""
    for first in range(0, len(events), BATCH):
        answer = await client.post("/ingest/events", json=events[first : first + BATCH])
        answer.raise_for_status()


def client_of(program: Program) -> httpx.AsyncClient:
    """Speaks to this daemon, as an administrator."""
    return httpx.AsyncClient(base_url=program.url, headers=BEARER, trust_env=False, timeout=30.0)
