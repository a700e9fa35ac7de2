"""Calendars are taken over while the daemon runs, and a file that cannot be used leaves the old ones in effect."""

from pathlib import Path

from remediation.guardrails.calendar import closed_for
from remediation.guardrails.changes import Change
from tests.unit.daemon.reloading.reload_world import FAILURES, Watched, watching
from tests.unit.remediation.worlds import NOW_MS

POLICY = "calendars:\n  - {name: holidays, kind: freeze, ical: calendars/us.ics, zone: UTC}\n"
# NOW_MS is in the day of TODAY.
TODAY, TOMORROW = "DTSTART;VALUE=DATE:20260921", "DTSTART;VALUE=DATE:20260922"


def write(watched: Watched, line: str) -> None:
    """One event of this start."""
    (watched.directory / "calendars").mkdir(exist_ok=True)
    lines = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", line, "END:VEVENT", "END:VCALENDAR")
    (watched.directory / "calendars" / "us.ics").write_text("\n".join(lines))


def is_frozen(watched: Watched) -> bool:
    return closed_for(Change.ROLLOUT, watched.one.pipeline.policy.calendars, NOW_MS) is not None


async def test_an_ical_file_is_taken_over_and_a_broken_one_is_refused_with_its_line(tmp_path: Path) -> None:
    async with watching(tmp_path, FAILURES) as watched:
        write(watched, TODAY)
        (watched.directory / "policy.yaml").write_text(POLICY)
        await watched.look_until_taken()
        assert is_frozen(watched)
        write(watched, "DTSTART:whenever")
        await watched.look_until_taken()
        assert not watched.usable()
        (refused,) = await watched.one.told("configuration.refused")
        problems = refused["problems"]
        assert isinstance(problems, list)
        assert "us.ics:3:1: 'whenever' is no time of DTSTART" in problems[0]
        assert is_frozen(watched)
        write(watched, TOMORROW)
        await watched.look_until_taken()
        assert watched.usable()
        assert not is_frozen(watched)
