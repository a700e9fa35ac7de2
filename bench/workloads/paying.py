"""A client that pays over many connections at once, for benches that load a payment core."""

import asyncio
import os
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools

SCRIPT = Path(__file__).with_name("payments.lua")
BODY = (
    b'{"amount":{"amount_cents":%d,"currency":"USD"},"payment_method":"tok_visa",'
    b'"customer_id":"cus_%s_%d","provider_id":"pro_%d"}'
)


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next payment as soon as the last is answered."""

    def __init__(self, name: str, key: str, latencies_ms: list[float], failures: list[int]) -> None:
        self._name = name
        self._key = key
        self._latencies_ms = latencies_ms
        self._failures = failures
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._sent = 0
        self._sent_at = 0.0
        self._left = 0
        self._until = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; nothing is sent before start."""
        self._transport = cast("asyncio.Transport", transport)

    def start(self, *, payments: int, until: float) -> None:
        """Send until this many payments were answered or the time (perf_counter) has come."""
        self.done = asyncio.get_running_loop().create_future()
        self._left = payments
        self._until = until
        self._send()

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the run: a measured connection is never closed by the server."""
        if not self.done.done():
            self.done.set_exception(ConnectionError(repr(exc)))

    def on_message_complete(self) -> None:
        """Note the answer and send the next payment."""
        now = time.perf_counter()
        self._latencies_ms.append((now - self._sent_at) * 1000)
        status = self._parser.get_status_code()
        if status != 201:
            self._failures.append(status)
        self._parser = httptools.HttpResponseParser(self)
        self._left -= 1
        if self._left > 0 and now < self._until:
            self._send()
        elif not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent += 1
        body = BODY % (1000 + self._sent % 9000, self._name.encode(), self._sent, self._sent % 97)
        head = (
            f"POST /v1/payments HTTP/1.1\r\nHost: core\r\nIdempotency-Key: {self._name}-{self._sent}\r\n"
            f"Authorization: Bearer {self._key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._sent_at = time.perf_counter()
        if self._transport is not None:
            self._transport.write(head.encode() + body)


async def drive(url: str, key: str, connections: int, payments: int, seconds: float, run: str) -> dict[str, float]:
    """Load the core and return what it did; every payment must be answered 201."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    latencies_ms: list[float] = []
    failures: list[int] = []
    opened: list[Connection] = []
    transports: list[asyncio.Transport] = []
    for number in range(connections):
        name = f"{run}-{number}"
        transport, connection = await loop.create_connection(
            lambda name=name: Connection(name, key, latencies_ms, failures),  # type: ignore[misc]  # a default binds the name
            str(parts.hostname),
            int(str(parts.port)),
        )
        transports.append(transport)
        opened.append(connection)
    started = time.perf_counter()
    for connection in opened:
        connection.start(payments=payments, until=started + seconds)
    await asyncio.gather(*(connection.done for connection in opened))
    elapsed = time.perf_counter() - started
    for transport in transports:
        transport.close()
    if failures:
        message = f"{len(failures)} payments were not taken: {sorted(set(failures))}"
        raise RuntimeError(message)
    cuts = statistics.quantiles(latencies_ms, n=100)
    return {
        "payments_per_second": round(len(latencies_ms) / elapsed, 1),
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
    }


def drive_with_wrk(url: str, key: str, connections: int, seconds: float) -> dict[str, float]:
    """The same load from wrk, which takes a tenth of the processor time; every payment must be answered 201."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", str(SCRIPT), url]
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "TILL_KEY": key}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout  # noqa: S603 - fixed words
    if "Non-2xx" in output:
        raise RuntimeError(output)
    found = {name: re.search(pattern, output) for name, pattern in _WRK_FIGURES.items()}
    return {name: _number(match) for name, match in found.items()}


_WRK_FIGURES = {
    "payments_per_second": r"Requests/sec:\s+([0-9.]+)()",
    "p50_ms": r"50%\s+([0-9.]+)(us|ms|s)",
    "p99_ms": r"99%\s+([0-9.]+)(us|ms|s)",
}
_MILLISECONDS = {"": 1.0, "us": 0.001, "ms": 1.0, "s": 1000.0}


def _number(match: "re.Match[str] | None") -> float:
    return 0.0 if match is None else round(float(match[1]) * _MILLISECONDS[match[2]], 2)


def has_wrk() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def rss_mib(process_id: int) -> float:
    """Resident memory of a process, from the kernel."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def thread_seconds(process_id: int) -> tuple[float, float]:
    """Processor seconds of a process so far, from the kernel: of its first thread, and of all others."""
    first = others = 0.0
    for folder in Path(f"/proc/{process_id}/task").iterdir():
        # Behind the name, which may hold anything: utime and stime are the 12th and 13th.
        fields = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        if folder.name == str(process_id):
            first += seconds
        else:
            others += seconds
    return first, others
