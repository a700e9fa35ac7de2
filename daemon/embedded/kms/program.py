"""The KMS stand-in as a program on loopback: authenticated encryption, rotation and key states as AWS has them."""

import argparse
import asyncio
import signal
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from daemon.clock import SystemClock
from daemon.embedded.faults import StackFailed
from daemon.embedded.kms.book import read_book, write_book
from daemon.embedded.kms.service import KmsRefused, KmsService
from daemon.embedded.processes.process import Program
from daemon.embedded.processes.readiness import answers
from daemon.errors import DaemonError
from daemon.server import bind, serve

HOST = "127.0.0.1"
NAME = "kms"
TARGET = "TrentService."
MEDIA_TYPE = "application/x-amz-json-1.1"
BODY_BYTES_MAX = 64 * 1024
"""4,096 bytes of plaintext and 8,192 of context as JSON are far less."""


class Listening(msgspec.Struct, frozen=True):
    """The line that is printed when calls are answered."""

    listening: str
    state: str


class Front:
    """Answers the KMS JSON protocol, one call at a time; what a call changed is on disk before it is answered."""

    def __init__(self, service: KmsService, state: Path) -> None:
        self._service = service
        self._state = state
        self._stored = service.book
        self._turn = asyncio.Lock()

    async def call(self, request: Request) -> Response:
        """One operation, named by the header X-Amz-Target."""
        operation = request.headers.get("x-amz-target", "").removeprefix(TARGET)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return _answer(413, _error("RequestEntityTooLargeException", f"at most {BODY_BYTES_MAX} bytes"))
        try:
            async with self._turn:
                answer = self._service.answer(operation, bytes(body))
                await self._store()
        except KmsRefused as refused:
            return _answer(400, _error(refused.code, refused.message))
        return _answer(200, answer)

    async def _store(self) -> None:
        if self._service.book is not self._stored:
            await asyncio.get_running_loop().run_in_executor(None, write_book, self._state, self._service.book)
            self._stored = self._service.book


def build_app(service: KmsService, state: Path) -> Starlette:
    """The stand-in; ``GET /health`` answers 200."""
    front = Front(service, state)
    return Starlette(routes=[Route("/", front.call, methods=["POST"]), Route("/health", _health)])


def program(port: int, data_directory: Path, logs: Path, surroundings: Mapping[str, str]) -> Program:
    """The stand-in on the loopback port, with its keys under the data directory."""
    return Program(
        name=NAME,
        command=(
            sys.executable,
            "-m",
            "daemon.embedded.kms.program",
            "--port",
            str(port),
            "--state",
            str(data_directory / "kms.json"),
        ),
        environment=dict(surroundings),
        log=logs / f"{NAME}.log",
    )


def endpoint_url(port: int) -> str:
    """Where the client of KMS finds it."""
    return f"http://{HOST}:{port}"


async def is_healthy(client: httpx.AsyncClient, port: int) -> bool:
    """Whether it answers."""
    return await answers(client, f"{endpoint_url(port)}/health")


async def run(port: int, state: Path) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes any. Raises NotUsable and DirectoryUnusable."""
    clock = SystemClock()
    app = build_app(KmsService(read_book(state), clock.now_ms), state)
    listening = bind(HOST, port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    line = Listening(endpoint_url(int(listening.getsockname()[1])), str(state))
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve(app, listening), name="kms")
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()
        serving.cancel()


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m daemon.embedded.kms.program", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes any")
    parser.add_argument("--state", type=Path, required=True, help="the file that keeps the keys")
    options = parser.parse_args()
    try:
        asyncio.run(run(options.port, options.state))
    except (StackFailed, DaemonError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


async def _health(_: Request) -> Response:
    return Response()


def _error(code: str, message: str) -> dict[str, object]:
    return {"__type": code, "message": message}


def _answer(status: int, content: dict[str, object]) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(msgspec.json.encode(content), status_code=status, media_type=MEDIA_TYPE, headers=headers)


if __name__ == "__main__":
    sys.exit(main())
