"""A server on this machine whose connections end with its block, so that none outlives the loop."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(connection: Connection, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve every connection so on a free port, which it gives; a connection that the client left is no error."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await connection(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    connections: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:

        def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(group.create_task(served(reader, writer), name=f"connection-{len(connections)}"))

        server = await asyncio.start_server(connect, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1]
        for task in connections:
            task.cancel()


@asynccontextmanager
async def answering(head: str, body: bytes = b"") -> AsyncIterator[tuple[str, list[bytes]]]:
    """An address that answers every request so, and what it was asked."""
    asked: list[bytes] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()

    async with serving(connection) as port:
        yield f"http://127.0.0.1:{port}", asked
