"""A receiver of notices on this machine: one request for each connection, answered as it is told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[[str, dict[str, str], bytes], int]


@dataclass
class Receiver:
    """answer: gives the status of a request. requests: what came: path, headers, body."""

    answer: Answer
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        path = head[0].split(" ")[1]
        self.requests.append((path, headers, body))
        status = self.answer(path, headers, body)
        writer.write(f"HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()
