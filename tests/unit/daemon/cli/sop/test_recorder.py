"""What is done is in the journal, or on this machine's disk and then in the journal, in its order and once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.redaction.canary import CANARY
from checks.redaction.card_numbers import holds_card_number
from daemon.cli.asking_daemon import Declined
from daemon.cli.sop.record import RUN_ID, LocalRecord, RecordUnusable
from daemon.cli.sop.recorder import Recorder
from daemon.cli.sop.walking import run_id_at
from remediation.journal.procedure_kinds import ContinuityMeasured, ProcedureAnswered, RunEntry
from tests.unit.daemon.cli.sop.fake_daemon import FakeDaemon, reached
from tests.unit.remediation.procedures.test_fold import BEGUN, RUN, STORY

URL = "http://127.0.0.1:1"
AWAY, LOST, HERE = "away", "lost", "here"


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    return reached(monkeypatch)


def recorder(folder: Path, told: list[str] | None = None) -> Recorder:
    """One process that walks."""
    return Recorder(LocalRecord(folder), URL, "", (lambda _: None) if told is None else told.append)


def same(entries: list[RunEntry]) -> list[RunEntry]:
    """Without whether they came late."""
    return [replace(one, late=False) for one in entries]


def test_where_a_daemon_answers_nothing_is_written_down_elsewhere(daemon: FakeDaemon, tmp_path: Path) -> None:
    one = recorder(tmp_path)
    for said in STORY:
        one.record(said)
    assert daemon.entries == list(STORY)
    assert LocalRecord(tmp_path).run_ids() == []
    assert one.run is not None
    assert one.run.people == ("ann",)


@given(weather=st.lists(st.sampled_from([AWAY, LOST, HERE]), min_size=len(STORY), max_size=len(STORY)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whenever_the_daemon_goes_and_comes_the_journal_gets_each_entry_once(
    daemon: FakeDaemon, tmp_path_factory: pytest.TempPathFactory, weather: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    daemon.runs, daemon.entries = {}, []
    one = recorder(folder)
    for said, how in zip(STORY, weather, strict=True):
        daemon.away, daemon.swallows = how == AWAY, int(how == LOST)
        one.catch_up()
        one.record(said)
        assert one.run is not None
        assert one.run.told == said.number
    daemon.away, daemon.swallows = False, 0
    assert one.catch_up() == 0
    assert same(daemon.entries) == list(STORY)


@pytest.mark.parametrize("cut", range(1, len(STORY)))
def test_a_run_that_was_written_down_alone_is_taken_up_by_another_process_and_sent(
    daemon: FakeDaemon, tmp_path: Path, cut: int
) -> None:
    daemon.away = True
    first = recorder(tmp_path)
    for said in STORY[:cut]:
        first.record(said)
    assert not first.journaled
    # Killed amid a line.
    path = tmp_path / "procedures" / f"{RUN}.jsonl"
    path.write_bytes(path.read_bytes() + b'{"kind":"procedure.ans')
    daemon.away = False
    second = recorder(tmp_path)
    found = second.take_up(RUN)
    assert found is not None
    assert found.told == cut
    assert same(daemon.entries) == list(STORY[:cut])
    for said in STORY[cut:]:
        second.record(said)
    assert same(daemon.entries) == list(STORY)
    assert daemon.runs[RUN].late


def test_without_a_daemon_a_run_goes_on_from_what_is_written_down(daemon: FakeDaemon, tmp_path: Path) -> None:
    daemon.away = True
    first = recorder(tmp_path)
    told: list[str] = []
    for said in STORY[:3]:
        first.record(said)
    second = recorder(tmp_path, told)
    found = second.take_up(RUN)
    assert found is not None
    assert found.told == 3
    second.record(STORY[3])
    second.record(STORY[4])
    assert len(told) == 1, "it is told once"
    assert "written down here" in told[0]
    assert same(LocalRecord(tmp_path).entries(RUN)) == list(STORY[:5])


def test_what_the_daemon_declines_is_written_down_nowhere(daemon: FakeDaemon, tmp_path: Path) -> None:
    daemon.declines["procedure.step.begun"] = (409, "needs_approval: another person")
    one = recorder(tmp_path)
    one.record(BEGUN)
    with pytest.raises(Declined, match="another person"):
        one.record(STORY[1])
    assert LocalRecord(tmp_path).entries(RUN) == []
    assert one.run is not None
    assert one.run.told == 1


def test_somebody_else_who_went_on_meanwhile_is_not_overwritten(daemon: FakeDaemon, tmp_path: Path) -> None:
    one = recorder(tmp_path)
    one.record(BEGUN)
    daemon.away = True
    one.record(STORY[1])
    daemon.away = False
    other = replace(STORY[1], said_at_ms=STORY[1].said_at_ms + 5)
    recorder(tmp_path / "elsewhere").take_up(RUN)
    daemon.runs, daemon.entries = daemon.runs, [*daemon.entries]
    elsewhere = recorder(tmp_path / "elsewhere")
    elsewhere.take_up(RUN)
    elsewhere.record(other)
    with pytest.raises(Declined, match="other"):
        one.catch_up()
    assert daemon.entries == [BEGUN, other]


def test_a_card_number_is_written_down_nowhere(daemon: FakeDaemon, tmp_path: Path) -> None:
    one = recorder(tmp_path)
    one.record(BEGUN)
    daemon.away = True
    typed = ProcedureAnswered(run_id=RUN, number=2, said_at_ms=1, about="tell", answer=f"card {CANARY}")
    with pytest.raises(RecordUnusable, match="card number"):
        one.record(typed)
    assert all(CANARY not in path.read_text("utf-8") for path in tmp_path.rglob("*.jsonl"))


def test_a_record_that_cannot_be_read_or_written_is_told_with_its_place(daemon: FakeDaemon, tmp_path: Path) -> None:
    daemon.away = True
    (tmp_path / "procedures").write_text("a file", encoding="utf-8")
    with pytest.raises(RecordUnusable, match="procedures"):
        recorder(tmp_path).record(BEGUN)
    other = tmp_path / "other" / "procedures"
    other.mkdir(parents=True)
    (other / f"{RUN}.jsonl").write_bytes(b"what\n")
    with pytest.raises(RecordUnusable, match=RUN):
        LocalRecord(tmp_path / "other").entries(RUN)
    (other / f"{RUN}.jsonl").write_bytes(b'{"kind":"procedure.sung","body":{}}\n')
    with pytest.raises(RecordUnusable, match="newer version"):
        LocalRecord(tmp_path / "other").entries(RUN)


@given(st.integers(0, 4_000_000_000_000))
@settings(max_examples=100, deadline=None)
def test_no_name_of_a_run_looks_like_a_card_number(now_ms: int) -> None:
    name = run_id_at(now_ms)
    assert not holds_card_number(name)
    assert RUN_ID.fullmatch(name)


def test_a_drill_that_no_daemon_heard_of_is_told_with_the_next(daemon: FakeDaemon, tmp_path: Path) -> None:
    drill = ContinuityMeasured(
        drill_id="one", scenario="region-loss", recovery_ms=9_000, objective_ms=300_000, lost_events=0,
        lost_payments=0, balanced=True, met=True, sha256="0" * 64, place="x.json", said_at_ms=1,
    )  # fmt: skip
    daemon.away = True
    assert not recorder(tmp_path).drill(drill)
    daemon.away = False
    assert recorder(tmp_path).drill(replace(drill, drill_id="two"))
    assert [one.drill_id for one in daemon.drills] == ["one", "two"]
