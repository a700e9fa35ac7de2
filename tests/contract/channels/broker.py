"""An MQTT 5 broker on this machine that takes QoS 1 messages, and acknowledges them as it is told."""

import asyncio
from dataclasses import dataclass, field

CONNECT, PUBLISH, PING, DISCONNECT = 1, 3, 12, 14


@dataclass
class Broker:
    """reason: of its acknowledgements (MQTT 5, 3.4.2.1). taken: topic, user properties, payload."""

    reason: int = 0
    hangs: bool = False
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while True:
            head = (await reader.readexactly(1))[0]
            packet = await reader.readexactly(await _length(reader))
            match head >> 4:
                case n if n == CONNECT:
                    writer.write(b"\x20\x03\x00\x00\x00")
                case n if n == PUBLISH:
                    await self._publish(head, packet, writer)
                case n if n == PING:
                    writer.write(b"\xd0\x00")
                case n if n == DISCONNECT:
                    return
                case _:
                    self.broken.append(f"packet {head:#x}")
            await writer.drain()

    async def _publish(self, head: int, packet: bytes, writer: asyncio.StreamWriter) -> None:
        self.broken += [] if head & 0b0110 == 0b0010 else ["not QoS 1"]
        topic, rest = _text(packet)
        message_id, rest = rest[:2], rest[2:]
        size, rest = rest[0], rest[1:]
        properties, payload = rest[:size], rest[size:]
        if self.hangs:
            await asyncio.Event().wait()
        if self.reason == 0:
            self.taken.append((topic, _user_properties(properties), payload))
        writer.write(b"\x40\x03" + message_id + bytes([self.reason]))


async def _length(reader: asyncio.StreamReader) -> int:
    """A variable byte integer."""
    value, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value
        shift += 7


def _text(data: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(data[:2], "big")
    return data[2 : 2 + length].decode("utf-8"), data[2 + length :]


def _user_properties(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    while data:
        kind, data = data[0], data[1:]
        name, data = _text(data)
        if kind == 0x26:
            found[name], data = _text(data)
    return found
