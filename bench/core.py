"""Durable payments per second through one payment core over HTTP, at 1, 16 and 64 connections."""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

CONNECTIONS = (1, 16, 64)
SECONDS = 5.0
WARM_UP_PAYMENTS = 300
BODY = (
    b'{"amount":{"amount_cents":%d,"currency":"USD"},"payment_method":"tok_visa",'
    b'"customer_id":"cus_%d","provider_id":"pro_%d"}'
)


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next payment as soon as the last is answered."""

    def __init__(self, name: str, latencies_ms: list[float], failures: list[int]) -> None:
        self._name = name
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
        body = BODY % (1000 + self._sent % 9000, self._sent % 997, self._sent % 97)
        head = (
            f"POST /v1/payments HTTP/1.1\r\nHost: core\r\nIdempotency-Key: {self._name}-{self._sent}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._sent_at = time.perf_counter()
        if self._transport is not None:
            self._transport.write(head.encode() + body)


async def drive(url: str, connections: int, payments: int, seconds: float, run: str) -> dict[str, float]:
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
            lambda name=name: Connection(name, latencies_ms, failures),  # type: ignore[misc]  # a default binds the name
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


def rss_mib(process_id: int) -> float:
    """Resident memory of a process, from the kernel."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


async def measure(url: str, process_id: int, seconds: float) -> dict[str, object]:
    """All figures of one core."""
    figures: dict[str, object] = {"seconds_per_run": seconds, "rss_mib_at_rest": rss_mib(process_id)}
    await drive(url, 4, WARM_UP_PAYMENTS, seconds, "warm")
    for connections in CONNECTIONS:
        figures[f"connections_{connections}"] = await drive(url, connections, sys.maxsize, seconds, f"c{connections}")
    figures["rss_mib_after"] = rss_mib(process_id)
    return figures


def main() -> None:
    """Start a core with a rail that answers at once and no queue, load it, and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of each run")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "payment_core", "--rail-latency-ms", "0"]
        command += ["--database", str(Path(directory) / "payments.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as core:  # noqa: S603 - our own module
            try:
                line = "" if core.stdout is None else core.stdout.readline()
                figures = uvloop.run(measure(json.loads(line)["listening"], core.pid, seconds))
            finally:
                core.terminate()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
