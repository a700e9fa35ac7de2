"""The record of a run on this machine: every entry is on disk before it is sent, and before what it says is done."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from remediation.journal.procedure_kinds import PROCEDURE_TYPE_BY_KIND, ContinuityMeasured, ProcedureBody, RunEntry
from remediation.procedures.fold import Place, place_of, with_procedure
from remediation.procedures.model import ProcedureRun

FOLDER = "procedures"
DRILLS_FILE = "drills.jsonl"
RUN_ID = re.compile(r"run-[a-z0-9]{6,20}-[a-z0-9]{4,12}", re.ASCII)
PRIVATE = 0o600
_KIND_BY_TYPE = {body_type: kind for kind, body_type in PROCEDURE_TYPE_BY_KIND.items()}


class RecordUnusable(Exception):
    """The record of this run cannot be read or written."""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    body: msgspec.Raw


class LocalRecord:
    """One file for each run, JSON in lines; a last line that was cut off is one that was never acted on."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def append(self, said: ProcedureBody) -> None:
        """Durably. Raises RecordUnusable."""
        line = msgspec.json.encode(_Line(kind=_KIND_BY_TYPE[type(said)], body=msgspec.Raw(msgspec.json.encode(said))))
        path = self._path(said)
        with _usable(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            path.touch(PRIVATE)
            with path.open("r+b") as file:
                content = file.read()
                file.seek(content.rfind(b"\n") + 1)
                file.truncate()
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def entries(self, run_id: str) -> list[RunEntry]:
        """Of one run, in their order. Raises RecordUnusable when a whole line cannot be read."""
        return [one for one in self._read(self._folder / f"{run_id}.jsonl") if not isinstance(one, ContinuityMeasured)]

    def drills(self) -> list[ContinuityMeasured]:
        """Every drill that was measured here."""
        return [one for one in self._read(self._folder / DRILLS_FILE) if isinstance(one, ContinuityMeasured)]

    def run(self, run_id: str, by: str) -> ProcedureRun | None:
        """The run as it is recorded here; None when it is not. by: whoever walks it here."""
        return folded(self.entries(run_id), by)

    def run_ids(self) -> list[str]:
        """Of every run that is recorded here."""
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.glob("run-*.jsonl") if RUN_ID.fullmatch(path.stem))

    def _path(self, said: ProcedureBody) -> Path:
        if isinstance(said, ContinuityMeasured):
            return self._folder / DRILLS_FILE
        return self._folder / f"{said.run_id}.jsonl"

    def _read(self, path: Path) -> list[ProcedureBody]:
        if not path.is_file():
            return []
        with _usable(path):
            lines = path.read_bytes().split(b"\n")[:-1]
            return [_body(msgspec.json.decode(line, type=_Line)) for line in lines]


def folded(entries: list[RunEntry], by: str) -> ProcedureRun | None:
    """A run from its entries; those that do not belong behind the others are passed over."""
    runs: dict[str, ProcedureRun] = {}
    for said in entries:
        if place_of(runs.get(said.run_id), said) is Place.NEXT:
            runs = with_procedure(runs, said, by, said.said_at_ms)
    return next(iter(runs.values()), None)


def _body(line: _Line) -> ProcedureBody:
    body_type = PROCEDURE_TYPE_BY_KIND.get(line.kind)
    if body_type is None:
        raise RecordUnusable(f"{line.kind!r:.40} is of a newer version")
    body: ProcedureBody = msgspec.json.decode(line.body, type=body_type)
    return body


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, msgspec.MsgspecError) as fault:
        raise RecordUnusable(f"{path}: {fault}") from fault
