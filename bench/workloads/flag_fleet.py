"""Twenty payment cores, a broker and a daemon, each a process of its own, to flip flags in."""

import asyncio
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from bench.idle import free_port
from config.load import DEFAULTS, FLAG_DOCUMENT
from daemon.flags.keys import PUBLIC, open_signer

FLAG = "payment-processor"
START_TOGETHER = 2
"""Cores that start at the same time: more only wait for each other."""
READY_SECONDS = 60
LOOK_SECONDS = 0.02
PAYMENT = {
    "amount": {"amount_cents": 1000, "currency": "USD"},
    "payment_method": "tok_visa",
    "customer_id": "cus_1",
    "provider_id": "pro_1",
}
_APPLIED = re.compile(r'"action": "flags_applied".*"version": (\d+)')


class FleetBroken(Exception):
    """A process of the bench did not start."""


class Broker:
    """A mosquitto that can be killed; it keeps on disk what is retained."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir()
        # Started by root, mosquitto becomes another user, who has to write its folder.
        folder.chmod(0o777)
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_dest none\n"
            f"persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n",
            encoding="utf-8",
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and return when it takes connections."""
        program = shutil.which("mosquitto", path=f"/usr/sbin:/usr/local/sbin:{os.environ['PATH']}")
        if program is None:
            raise FleetBroken("mosquitto is not installed.")
        self._process = await asyncio.create_subprocess_exec(program, "-c", str(self._settings))
        async with asyncio.timeout(READY_SECONDS):
            while not await listens(self.port):  # noqa: ASYNC110  # another process says nothing when it listens
                await asyncio.sleep(LOOK_SECONDS)

    async def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@dataclass(frozen=True, slots=True)
class Core:
    """One payment core over a database of its own."""

    url: str
    key: str
    log: Path

    def served(self) -> list[int]:
        """Every version that it served, in order, as it wrote them down itself."""
        return [int(version) for version in _APPLIED.findall(self.log.read_text("utf-8"))]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything that runs. client: without a token."""

    broker: Broker
    daemon_url: str
    token: str
    cores: Sequence[Core]
    client: httpx.AsyncClient

    async def flip(self, *, kill: bool) -> int:
        """Kill the flag or revive it through the daemon; the version that tells of it."""
        act = "kill" if kill else "revive"
        answer = await self.client.post(
            f"{self.daemon_url}/api/v1/flags/{FLAG}/{act}",
            json={"reason": "bench"},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        answer.raise_for_status()
        return int(answer.json()["version"])

    async def pay(self, core: Core) -> int:
        """The status that a payment is answered with."""
        headers = {"Authorization": f"Bearer {core.key}", "Idempotency-Key": secrets.token_hex(8)}
        answer = await self.client.post(f"{core.url}/v1/payments", json=PAYMENT, headers=headers)
        return answer.status_code


@asynccontextmanager
async def running(folder: Path, processes: int) -> AsyncIterator[Fleet]:
    """Start everything, and end it again."""
    async with AsyncExitStack() as stack:
        broker = Broker(folder / "broker")
        stack.push_async_callback(broker.kill)
        await broker.start()
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=30))
        token = secrets.token_hex(16)
        daemon_url = await _start_daemon(stack, folder / "daemon", broker.port, token, client)
        gate = asyncio.Semaphore(START_TOGETHER)
        trusted = folder / "daemon" / "data" / PUBLIC
        starting = (_start_core(stack, folder / f"core-{n}", broker.port, trusted, gate) for n in range(processes))
        yield Fleet(broker, daemon_url, token, await asyncio.gather(*starting), client)


async def _start_daemon(
    stack: AsyncExitStack, folder: Path, broker_port: int, token: str, client: httpx.AsyncClient
) -> str:
    """A daemon without AWS, in whose document the flag may be revived by one person."""
    config, port = folder / "config", free_port()
    config.mkdir(parents=True)
    open_signer(folder / "data")
    document = json.loads((DEFAULTS / FLAG_DOCUMENT).read_text("utf-8"))
    document["flags"][FLAG]["metadata"]["critical"] = False
    (config / FLAG_DOCUMENT).write_text(json.dumps(document), encoding="utf-8")
    settings = {
        "aws": {"region": "us-east-1", "endpoint_url": "http://127.0.0.1:9", "account_id": "000000000000"},
        "http": {"host": "127.0.0.1", "port": port},
        "data_dir": str(folder / "data"),
        "flag_broker": {"host": "127.0.0.1", "port": broker_port, "tls": False},
        "tokens": [{"name": "bench", "role": "admin", "sha256": hashlib.sha256(token.encode()).hexdigest()}],
    }
    (config / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    await _start(stack, ("daemon", "run", "--config", str(config)), folder / "log")
    url = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                answer = await client.get(f"{url}/api/v1/flags", headers={"Authorization": f"Bearer {token}"})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == httpx.codes.OK and answer.json()["version"] > 0:
                return url
            await asyncio.sleep(LOOK_SECONDS)


async def _start_core(
    stack: AsyncExitStack, folder: Path, broker_port: int, trusted: Path, gate: asyncio.Semaphore
) -> Core:
    """A core that does no background jobs but its own: twenty of those would be what is measured."""
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs here yet
    database = folder / "payments.db"
    options = {
        "--database": str(database),
        "--rail-latency-ms": "0",
        "--rail-records": "memory",
        "--worker": "1",
        "--flags-trusted-keys": str(trusted),
        "--flags-broker": f"mqtt://127.0.0.1:{broker_port}",
    }
    flat = (part for option in options.items() for part in option)
    async with gate:
        process = await _start(stack, ("payment_core", *flat), folder / "log")
        line = b"" if process.stdout is None else await process.stdout.readline()
        if line == b"":
            raise FleetBroken((folder / "log").read_text("utf-8")[-2000:])
        key = database.with_suffix(".key").read_text("ascii").strip()
        return Core(json.loads(line)["listening"], key, folder / "log")


async def _start(stack: AsyncExitStack, words: Sequence[str], log: Path) -> asyncio.subprocess.Process:
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file
        )

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        await process.wait()

    stack.push_async_callback(end)
    return process
