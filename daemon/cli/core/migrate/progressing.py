"""How far a migration is, while it runs: a bar for people, lines of JSON for programs, nothing in a pipe."""

from collections.abc import Callable
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from daemon.cli.output import errors, print_json
from payment_core.clock import Clock
from payment_core.migration.export.kinds import Kind
from payment_core.migration.names import JobName
from payment_core.migration.status import JobStatus

JSON_EVERY_MS = 1_000
"""A line a second is enough for whoever reads along."""


class Progressing:
    """A bar on stderr with rate and time left, or a line of JSON a second on stdout."""

    def __init__(self, clock: Clock, *, as_json: bool) -> None:
        columns = (
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=errors, disable=as_json or not errors.is_terminal)
        self._clock = clock
        self._as_json = as_json
        self._told_ms = clock.monotonic_ms()
        self._task: TaskID | None = None
        self._began: tuple[float, int] = (0.0, 0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def of(self, job: JobName, total: int) -> Callable[[JobStatus], None]:
        """What is told of one job, from here on."""
        self._begin(job.value, total)
        return self._on_progress

    def reading(self, total: int) -> Callable[[Kind, int], None]:
        """What is told of a reconciliation: records of the export that were looked up."""
        self._begin("verify", total)
        read = 0

        def on_read(_kind: Kind, records: int) -> None:
            nonlocal read
            read += records
            self._show("verify", read, total, {})

        return on_read

    def _begin(self, name: str, total: int) -> None:
        self._task = self._progress.add_task(name, total=total, rate="")
        self._began = (self._clock.monotonic_ms(), -1)

    def _on_progress(self, status: JobStatus) -> None:
        done = status.undone if status.undone > 0 else status.counts.read
        self._show(status.job.value, done, status.total, {"quarantined": status.counts.quarantined})

    def _show(self, name: str, done: int, total: int, more: dict[str, int]) -> None:
        now_ms = self._clock.monotonic_ms()
        if self._began[1] < 0:
            # What a run before this one did says nothing about the rate.
            self._began = (now_ms, done)
        passed_ms = now_ms - self._began[0]
        rate = round((done - self._began[1]) * 1000 / passed_ms) if passed_ms > 0 else 0
        if self._task is not None:
            self._progress.update(self._task, completed=done, rate=f"{rate}/s" if rate > 0 else "")
        if self._as_json and now_ms - self._told_ms >= JSON_EVERY_MS:
            self._told_ms = now_ms
            left = max(0, total - done)
            print_json(
                {
                    "progress": name,
                    "done": done,
                    "total": total,
                    "records_per_second": rate,
                    "seconds_left": round(left / rate) if rate > 0 else None,
                    **more,
                }
            )
