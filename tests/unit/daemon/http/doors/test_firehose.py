"""The Firehose door echoes the request id, puts bad records aside, and asks for a repetition only when it helps."""

import base64
import gzip
import json
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import CheckpointFailed, Untranslatable
from daemon.sources.firehose import BODY_LIMIT_BYTES, RECORDS_MAX, DeliveryTooLarge, _read
from tests.unit.daemon.http.conftest import Client, RememberingQuarantine, RememberingSink
from tests.unit.daemon.http.doors.test_ingest import PACKED
from tests.unit.daemon.http.fake_view import token_of

PATH = "/ingest/firehose"
ID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"


def delivery(*records: object, request_id: str = ID) -> bytes:
    """A body as Firehose sends it; bytes are encoded, text stands as it is, all else is JSON."""
    data = [
        record
        if isinstance(record, str)
        else base64.b64encode(record if isinstance(record, bytes) else json.dumps(record).encode()).decode()
        for record in records
    ]
    return json.dumps({"requestId": request_id, "timestamp": 1, "records": [{"data": one} for one in data]}).encode()


def headers(**more: str) -> dict[str, str]:
    known = {
        "content-type": "application/json",
        "x-amz-firehose-request-id": ID,
        "x-amz-firehose-access-key": token_of("operator"),
        "x-amz-firehose-protocol-version": "1.0",
    }
    return known | {name.replace("_", "-"): value for name, value in more.items()}


def assert_told(answer: httpx.Response, status: int, *, error: bool) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["requestId"] == ID
    assert told["timestamp"] > 0
    assert ("errorMessage" in told) is error


async def test_records_are_stored_and_the_request_id_is_echoed(as_role: Client, sink: RememberingSink) -> None:
    answer = await as_role(None).post(PATH, content=delivery(PACKED, PACKED), headers=headers())
    assert_told(answer, 200, error=False)
    assert [fact.id for fact in sink.accepted] == ["fact-1", "fact-1"]


async def test_a_gzipped_delivery_is_unpacked(as_role: Client, sink: RememberingSink) -> None:
    body = gzip.compress(delivery(PACKED))
    assert_told(
        await as_role(None).post(PATH, content=body, headers=headers(content_encoding="gzip")), 200, error=False
    )
    assert len(sink.accepted) == 1


async def test_bad_records_are_put_aside_and_not_asked_for_again(
    as_role: Client, sink: RememberingSink, quarantine: RememberingQuarantine
) -> None:
    body = delivery(PACKED, b"{", "no base64!", b"\n" + json.dumps(PACKED).encode() + b"\n", {"schema": "other"})
    assert_told(await as_role(None).post(PATH, content=body, headers=headers()), 200, error=False)
    assert len(sink.accepted) == 2
    assert len(quarantine.reasons) == 3


async def test_what_could_not_be_stored_is_asked_for_again(as_role: Client, sink: RememberingSink) -> None:
    sink.fault = CheckpointFailed("full")
    assert_told(await as_role(None).post(PATH, content=delivery(PACKED), headers=headers()), 503, error=True)


@pytest.mark.parametrize(
    ("key", "status"), [("", 401), ("wrong", 401), (token_of("viewer"), 403), (token_of("admin"), 200)]
)
async def test_the_access_key_is_a_token_of_an_operator(
    as_role: Client, sink: RememberingSink, key: str, status: int
) -> None:
    sent = headers(x_amz_firehose_access_key=key)
    assert_told(await as_role(None).post(PATH, content=delivery(PACKED), headers=sent), status, error=status != 200)
    assert bool(sink.accepted) is (status == 200)


async def test_a_bearer_token_alone_opens_nothing(as_role: Client) -> None:
    sent = {name: value for name, value in headers().items() if "access-key" not in name}
    assert (await as_role("admin").post(PATH, content=delivery(PACKED), headers=sent)).status_code == 401


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"", "", 400),
        (b"[]", "", 400),
        (b'{"requestId":"x"}', "", 400),
        (delivery(PACKED, request_id="another"), "", 400),
        (delivery(PACKED), "gzip", 400),
        (gzip.compress(delivery(PACKED))[:-9], "gzip", 400),
        (delivery(PACKED), "br", 400),
        (gzip.compress(b" " * (BODY_LIMIT_BYTES + 1)), "gzip", 413),
        (delivery(*[b""] * (RECORDS_MAX + 1)), "", 413),
    ],
    ids=["empty", "list", "no records", "other id", "no gzip", "cut", "unknown encoding", "bomb", "too many"],
)
async def test_what_is_no_delivery_is_refused_in_firehoses_own_form(
    as_role: Client, sink: RememberingSink, body: bytes, encoding: str, status: int
) -> None:
    sent = headers(content_encoding=encoding) if encoding else headers()
    assert_told(await as_role(None).post(PATH, content=body, headers=sent), status, error=True)
    assert sink.accepted == []


@given(st.binary(max_size=300), st.sampled_from(["", "gzip"]))
def test_no_bytes_break_the_reading(body: bytes, encoding: str) -> None:
    try:
        _read(body, encoding)
    except (Untranslatable, DeliveryTooLarge):
        return


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_what_was_packed_comes_out_as_it_was(records: Sequence[bytes]) -> None:
    assert _read(gzip.compress(delivery(*records)), "gzip").records == tuple(records)
