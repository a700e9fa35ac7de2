"""Facts from an Amazon Data Firehose delivery: base64 records, perhaps gzipped, each of them one message."""

import asyncio
import base64
import binascii
import zlib
from dataclasses import dataclass

import msgspec

from daemon.errors import Untranslatable
from daemon.sources.sink import FactSink
from daemon.sources.taking import take
from daemon.sources.trust import Trust
from daemon.storage.quarantine import Quarantine
from daemon.translate.message import Translation, translate

SOURCE = "firehose"
"""What these facts are counted under."""
BODY_LIMIT_BYTES = 16 * 1_048_576
"""Unpacked: three times Firehose's usual buffer of 5 MiB for an HTTP endpoint."""
RECORDS_MAX = 10_000
"""In one delivery, by Firehose's own specification."""
_GZIP = 16 + zlib.MAX_WBITS


class FirehoseRecord(msgspec.Struct, frozen=True, gc=False):
    """One record, base64."""

    data: str


class FirehoseDelivery(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A request of Firehose (HTTP endpoint delivery, version 1.0)."""

    request_id: str
    records: list[FirehoseRecord]


_DELIVERY = msgspec.json.Decoder(FirehoseDelivery)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it was sent. bad: records that are no base64, as text."""

    request_id: str
    records: tuple[bytes, ...]
    bad: tuple[str, ...]


class DeliveryTooLarge(Exception):
    """The delivery has more bytes or records than this door takes."""


async def read_delivery(body: bytes, encoding: str) -> Delivery:
    """The records of a body. encoding: of the content, empty or ``gzip``.

    Raises DeliveryTooLarge, or Untranslatable when it is no delivery at all. Large bodies do not hold up the loop.
    """
    return await asyncio.to_thread(_read, body, encoding.strip().lower())


async def take_delivery(delivery: Delivery, sink: FactSink, quarantine: Quarantine, now_ms: int, trust: Trust) -> None:
    """Take every usable record over; a bad one is put aside and does not hold up the others.

    Raises whatever the sink raises: then nothing was taken, and the delivery has to come again.
    """

    async def read(record: bytes) -> Translation:
        message = record.strip()
        await trust.check(message)
        return translate(message, trust.account_id, trust.regions)

    for text in delivery.bad:
        await quarantine.put(SOURCE, text, "The record is not base64.", now_ms)
    await take(delivery.records, read, SOURCE, sink, quarantine, now_ms)


def _read(body: bytes, encoding: str) -> Delivery:
    raw = _unpacked(body, encoding)
    try:
        sent = _DELIVERY.decode(raw)
    except RecursionError:
        raise Untranslatable("It is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise Untranslatable(f"{fault}.") from None
    if len(sent.records) > RECORDS_MAX:
        raise DeliveryTooLarge(f"It holds {len(sent.records)} records; the limit is {RECORDS_MAX}.")
    records: list[bytes] = []
    bad: list[str] = []
    for record in sent.records:
        try:
            records.append(base64.b64decode(record.data, validate=True))
        except (binascii.Error, ValueError):
            bad.append(record.data)
    return Delivery(sent.request_id, tuple(records), tuple(bad))


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise Untranslatable(f"Its content encoding is {encoding!r:.80}, not gzip.")
    packer = zlib.decompressobj(_GZIP)
    try:
        raw = packer.decompress(body, BODY_LIMIT_BYTES + 1)
    except zlib.error as fault:
        raise Untranslatable(f"It is no gzip: {fault}.") from None
    if len(raw) > BODY_LIMIT_BYTES:
        raise DeliveryTooLarge(f"It unpacks to more than {BODY_LIMIT_BYTES} bytes.")
    if not packer.eof:
        raise Untranslatable("The gzip ends too early.")
    return raw
