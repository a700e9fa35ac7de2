"""An archive is handed over whole and in order, whatever it is packed in and whatever the disk does meanwhile."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from checks.facts import Deployment, Fact, Heartbeat, MetricSampled
from daemon.archive.reading import Unread
from daemon.errors import CheckpointFailed, NotUsable
from daemon.sources.opened import open_replay
from daemon.sources.parquet import read_parquet
from daemon.sources.replay import BATCH
from tests.conftest import Require
from tests.unit.daemon.sources.fakes import NOW_MS, FakeClock, FakeSink


def beats(*numbers: int) -> list[Fact]:
    return [Heartbeat(id=f"b{number}", at_ms=NOW_MS + number, subject="s") for number in numbers]


def lines(facts: Sequence[Fact]) -> bytes:
    return b"".join(msgspec.json.encode(fact) + b"\n" for fact in facts)


async def replayed(place: Path, sink: FakeSink, clock: FakeClock) -> tuple[int, int]:
    """How many facts were passed over, and how many lines or rows are none, as the log says it at the end."""
    source = await open_replay(place, sink, clock)
    with capture_logs() as logs:
        assert await source.replay() == len(sink.ids)
    (told,) = [line for line in logs if line["action"] == "replayed"]
    assert told["facts"] == len(sink.ids)
    return told["passed_over"], told["unread"]


async def test_files_come_in_the_order_of_their_hours_packed_or_not(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "facts-20261124T130000Z-000.jsonl").write_bytes(lines(beats(3, 4)))
    (tmp_path / "facts-20261124T120000Z-000.jsonl.gz").write_bytes(gzip.compress(lines(beats(1, 2))))
    sink = FakeSink()
    assert await replayed(tmp_path, sink, clock) == (0, 0)
    assert sink.ids == ["b1", "b2", "b3", "b4"]
    assert {name for _, name in sink.calls} == {"replay"}


async def test_facts_keep_their_ids_and_times(tmp_path: Path, clock: FakeClock) -> None:
    sample = MetricSampled(
        id="cw", at_ms=5, subject="Age", namespace="N", metric="Age", statistic="Sum", value=-1.5, period_seconds=60
    )
    (tmp_path / "one.jsonl").write_bytes(lines([sample]))
    sink = FakeSink()
    await replayed(tmp_path / "one.jsonl", sink, clock)
    assert sink.calls == [([sample], "replay")]


async def test_what_is_no_fact_is_counted_and_deployments_are_passed_over(tmp_path: Path, clock: FakeClock) -> None:
    deployment = Deployment(id="d", at_ms=NOW_MS, subject="dep", status="started")
    body = lines(beats(1)) + b"nonsense\n" + lines([deployment]) + b'{"kind":"from.tomorrow"}\n' + lines(beats(2))
    (tmp_path / "a.jsonl").write_bytes(body)
    sink = FakeSink()
    assert await replayed(tmp_path, sink, clock) == (1, 2)
    assert sink.ids == ["b1", "b2"]


async def test_a_full_disk_only_makes_it_wait(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(beats(*range(BATCH + 3))))
    sink = FakeSink(CheckpointFailed("full"), CheckpointFailed("full"))
    await replayed(tmp_path, sink, clock)
    assert sink.ids == [f"b{number}" for number in range(BATCH + 3)]
    assert [len(facts) for facts, _ in sink.calls] == [BATCH, 3]
    assert len(clock.slept) == 2


@pytest.mark.parametrize("name", ["", "nothing", "a.txt"])
async def test_an_archive_that_is_none_keeps_the_daemon_from_starting(
    tmp_path: Path, clock: FakeClock, name: str
) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(NotUsable, match="replay"):
        await open_replay(tmp_path / name, FakeSink(), clock)


def write_parquet(path: Path, columns: dict[str, list[object]]) -> None:
    """A Parquet file of these columns."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(columns), path)


async def test_parquet_holds_facts_as_json_or_field_by_field(
    tmp_path: Path, clock: FakeClock, require: Require
) -> None:
    require("pyarrow", _has_pyarrow())
    as_json = [msgspec.json.encode(fact).decode() for fact in beats(1, 2)]
    write_parquet(tmp_path / "1.parquet", {"fact": [*as_json, "nonsense"]})
    fields: dict[str, list[object]] = {
        "kind": ["heartbeat", "metric.sampled", "heartbeat"],
        "id": ["b3", "cw", None],
        "at_ms": [NOW_MS + 3, NOW_MS + 4, NOW_MS],
        "subject": ["s", "Age", "s"],
        "namespace": [None, "N", None],
        "metric": [None, "Age", None],
        "statistic": [None, "Sum", None],
        "value": [None, 2.5, None],
        "period_seconds": [None, 60, None],
    }
    write_parquet(tmp_path / "2.parquet", fields)
    sink = FakeSink()
    assert await replayed(tmp_path, sink, clock) == (0, 2)
    assert sink.ids == ["b1", "b2", "b3", "cw"]


def test_a_damaged_parquet_file_is_counted(tmp_path: Path, require: Require) -> None:
    require("pyarrow", _has_pyarrow())
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")
    unread = Unread()
    assert list(read_parquet(path, unread)) == []
    assert unread.lines == 1


async def test_without_the_extra_parquet_says_what_to_install(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("daemon.sources.parquet.importlib.import_module", missing)
    with pytest.raises(NotUsable, match=r"tillwatch\[parquet\]"):
        await open_replay(tmp_path, FakeSink(), clock)


def _has_pyarrow() -> bool:
    try:
        __import__("pyarrow")
    except ImportError:
        return False
    return True
