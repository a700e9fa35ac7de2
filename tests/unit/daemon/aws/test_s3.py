"""The S3 adapter lists every page, reads whole objects, and says what AWS did not do."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from daemon.aws import s3
from daemon.aws.s3 import PAGES_MAX, S3Object, S3Objects
from daemon.errors import AwsFailed, ReportNotWritten
from daemon.reports.writing import ReportBucket, ReportFolder

MOMENT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Body:
    """A body that is read once, or breaks off."""

    def __init__(self, content: bytes, fault: Exception | None = None) -> None:
        self.content, self.fault = content, fault

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def read(self, size: int) -> bytes:
        if self.fault is not None and not self.content:
            raise self.fault
        piece, self.content = self.content[:size], self.content[size:]
        return piece


class FakeS3:
    """Answers by a function; keeps the calls."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        self.calls.append((operation, arguments))
        return self.answer(operation, arguments)


def listed(name: str, **more: object) -> dict[str, Any]:
    return {"Contents": [{"Key": f"focus/{name}", "ETag": '"e1"', "Size": 3, "LastModified": MOMENT}], **more}


async def test_every_page_is_listed_without_the_prefix() -> None:
    def answer(_: str, arguments: dict[str, Any]) -> dict[str, Any]:
        more = "ContinuationToken" not in arguments
        return listed("a.csv", IsTruncated=True, NextContinuationToken="t") if more else listed("b.csv")

    fake = FakeS3(answer)
    found = await S3Objects(fake, "bucket", "/focus/").files()
    assert found == [S3Object(name, "e1", 3, round(MOMENT.timestamp() * 1000)) for name in ("a.csv", "b.csv")]
    assert fake.calls[0] == ("list_objects_v2", {"Bucket": "bucket", "Prefix": "focus/"})


async def test_pages_without_end_are_a_fault() -> None:
    fake = FakeS3(lambda *_: listed("a.csv", IsTruncated=True, NextContinuationToken="t"))
    with pytest.raises(AwsFailed, match="more than 100 pages"):
        await S3Objects(fake, "bucket", "").files()
    assert len(fake.calls) == PAGES_MAX


async def test_an_object_is_downloaded_whole_in_pieces_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PIECE_BYTES", 2)
    whole = FakeS3(lambda *_: {"Body": Body(b"abcde")})
    await S3Objects(whole, "bucket", "focus").download("a.csv", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"abcde"
    assert whole.calls == [("get_object", {"Bucket": "bucket", "Key": "focus/a.csv"})]
    broken = FakeS3(lambda *_: {"Body": Body(b"abc", ConnectionResetError("gone"))})
    with pytest.raises(AwsFailed, match="ConnectionResetError"):
        await S3Objects(broken, "bucket", "focus").download("a.csv", tmp_path / "b")
    with pytest.raises(AwsFailed, match="FileNotFoundError"):
        await S3Objects(whole, "bucket", "focus").download("a.csv", tmp_path / "no folder" / "a")


async def test_a_report_lies_in_the_bucket_or_is_not_written() -> None:
    fake = FakeS3(lambda *_: {})
    place = await ReportBucket(S3Objects(fake, "bucket", "reports")).write("r.md", b"x", "text/markdown")
    assert place == "s3://bucket/reports/r.md"

    def refuse(*_: object) -> dict[str, Any]:
        raise AwsFailed("AccessDenied")

    with pytest.raises(ReportNotWritten, match="AccessDenied"):
        await ReportBucket(S3Objects(FakeS3(refuse), "bucket", "")).write("r.md", b"x", "text/markdown")


async def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(ReportNotWritten):
        await ReportFolder(tmp_path / "reports").write("r.md", b"x", "text/markdown")
