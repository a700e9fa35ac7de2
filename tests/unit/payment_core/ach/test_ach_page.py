"""docs/ach.md says what the tables of the codec say."""

import re
from pathlib import Path

from payment_core.ach.codes.changes import CHANGE_CODES
from payment_core.ach.codes.returns import RETURN_CODES
from payment_core.ach.problems import ErrorCode
from payment_core.ach.reading.profiles import TOLERATED_BY_PROFILE, Profile

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "ach.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without backticks; its head is left out."""
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[re.sub("`", "", cell).strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_error_code_is_explained_with_what_lenient_makes_of_it() -> None:
    tolerated = TOLERATED_BY_PROFILE[Profile.LENIENT]
    expected = [(code.value, "warning" if code in tolerated else "error") for code in ErrorCode]
    assert [(code, verdict) for code, _, verdict in rows("Error codes")] == expected
    assert all(len(meaning) > 10 for _, meaning, _ in rows("Error codes"))


def test_every_return_code_has_its_title_action_and_family() -> None:
    expected = [(code, known.title, known.action, known.family) for code, known in sorted(RETURN_CODES.items())]
    assert [(code, title, action, family) for code, title, action, family, _ in rows("Return codes")] == expected


def test_every_change_code_is_named() -> None:
    assert [(code, title) for code, title, _ in rows("Change codes")] == [
        (code, change.title) for code, change in CHANGE_CODES.items()
    ]
