"""``tillwatch migrate report`` leaves no half of a file, and options that commands share are asked for in each."""

import errno
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from daemon.cli.bundles import bundled
from daemon.cli.core.migrate.reported import write_quarantine, write_report
from daemon.cli.output import Exit
from payment_core.migration.export.kinds import Kind
from payment_core.migration.model import Quarantined
from payment_core.migration.names import JobName
from payment_core.migration.reconciling.reporting import Signature, SignedReport
from payment_core.registry import core_registry
from payment_core.store.memory import MemoryStore
from tests.contract.store.store_worlds import HandClock

REPORT = SignedReport(files={"migration-report.md": b"# new\n"}, signature=Signature(files={}, at_ms=1, right=True))


def no_room(_descriptor: int) -> None:
    """A disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_report_that_finds_no_room_leaves_the_one_before_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_report(tmp_path, REPORT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"migration-report.md", "signature.json"}
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(typer.Exit) as ended:
        write_report(tmp_path, REPORT)
    assert ended.value.exit_code == Exit.BAD_INPUT
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    said = capsys.readouterr().err
    assert "cannot be written: No space left on device" in said
    assert "make room, or give another place by --out" in said


async def test_what_waits_is_written_for_its_owner_alone_or_into_a_pipe(tmp_path: Path) -> None:
    store = MemoryStore(registry=core_registry(), producer="test", clock=HandClock())
    waits = Quarantined(
        id="charges:ch_1",
        source_kind=Kind.CHARGES,
        job=JobName.TRANSACTION_HISTORY,
        reason="not_json",
        detail="It is none.",
        origin="charges.jsonl:1",
        source_hash="0" * 64,
        at_ms=1,
    )
    await store.transact(lambda transaction: transaction.put(waits), "test")
    path = tmp_path / "waiting.jsonl"
    assert await write_quarantine(store, path) == 1
    assert (path.stat().st_mode & 0o777, b'"not_json"' in path.read_bytes()) == (0o600, True)
    assert await write_quarantine(store, Path(os.devnull)) == 1


def test_options_that_a_parameter_stands_for_are_asked_for_in_its_place() -> None:
    said: list[tuple[str, int]] = []

    def place(*, folder: str = "data", depth: int = 1) -> int:
        return len(folder) + depth

    @bundled(where=place)
    def command(name: str, *, where: int, loud: bool = False) -> None:
        """Say it."""
        said.append((name.upper() if loud else name, where))

    app = typer.Typer()
    app.command()(command)
    assert CliRunner().invoke(app, ["ada", "--folder", "abc", "--loud"]).exit_code == 0
    assert said == [("ADA", 4)]
    text = CliRunner().invoke(app, ["--help"]).output
    assert text.index("--folder") < text.index("--depth") < text.index("--loud")
    assert "--where" not in text
