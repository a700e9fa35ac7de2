"""What the pipeline gives to the archive: facts that were new, once they are on disk."""

from pathlib import Path

from config.settings import ArchiveSettings
from daemon.archive.archive import Archive
from daemon.archive.reading import Unread, archive_files, read_facts
from tests.unit.daemon.pipeline_world import line, payments
from tests.unit.remediation.worlds import scene


async def test_each_accepted_fact_is_archived_once_however_often_it_is_delivered(tmp_path: Path) -> None:
    world = await scene()
    archive = await Archive.open(tmp_path / "archive", ArchiveSettings(enabled=True), world.clock)
    async with line(tmp_path, world, archived=archive.take) as one:
        await one.pipeline.accept(payments(5), "queue")
        await one.pipeline.accept(payments(7), "backfill")
    await archive.close()
    (path,) = archive_files(tmp_path / "archive")
    assert list(read_facts(path, Unread(), lambda _: None)) == payments(7)
