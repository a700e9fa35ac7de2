"""A check says yes only of what it saw; what nobody could see is neither yes nor no."""

import pytest

from config.procedures.check import ExitCheck, HealthCheck, JsonCheck
from daemon.cli.sop.seen import Done, Seen, seen

DOCUMENT = '{"status":"degraded","n":3,"list":[{"a":1},{"a":2}],"empty":[],"killed":null,"ok":true,"text":"on for all"}'


def of(path: str, compare: str, value: object = None, stdout: str = DOCUMENT) -> bool | None:
    """What the check makes of the document."""
    check = JsonCheck.model_validate(
        {"kind": "json", "path": path, "compare": compare} | ({} if value is None else {"value": value})
    )
    return seen(check, Done(0, stdout)).passed


@pytest.mark.parametrize(
    ("path", "compare", "value", "passed"),
    [
        ("status", "equals", "degraded", True),
        ("status", "equals", "healthy", False),
        ("status", "differs", "unhealthy", True),
        ("n", "at_most", 3, True),
        ("n", "at_least", 4, False),
        ("status", "at_most", 3, False),
        ("list", "count_at_most", 1, False),
        ("list", "count_at_least", 2, True),
        ("list.0.a", "equals", 1, True),
        ("list.*.a", "at_least", 1, True),
        ("list.*.a", "equals", 1, False),
        ("empty.*.a", "equals", 1, True),
        ("killed.by", "present", None, False),
        ("killed.by", "absent", None, True),
        ("ok", "equals", True, True),
        ("ok", "equals", 1, False),
        ("text", "contains", "on", True),
        ("n", "contains", "3", False),
        ("gone", "equals", 1, None),
        ("list.7.a", "at_most", 1, None),
    ],
)
def test_a_value_is_compared_as_the_check_says(path: str, compare: str, value: object, passed: bool | None) -> None:
    assert of(path, compare, value) is passed


@pytest.mark.parametrize("stdout", ["", "not JSON", "{"])
@pytest.mark.parametrize("compare", ["absent", "present"])
def test_without_a_document_nothing_is_said(stdout: str, compare: str) -> None:
    assert of("killed", compare, None, stdout) is None


def test_the_document_is_the_last_line() -> None:
    assert of("n", "equals", 3, f"asking\n{DOCUMENT}\n") is True


@pytest.mark.parametrize(
    ("stdout", "least", "expected"),
    [
        ('{"status":"healthy"}', "healthy", True),
        ('{"status":"degraded"}', "healthy", False),
        ('{"status":"degraded"}', "degraded", True),
        ('{"status":"unhealthy"}', "degraded", False),
        ('{"status":"unknown"}', "degraded", None),
        ("", "degraded", None),
    ],
)
def test_a_component_that_nobody_could_look_at_is_not_healthy(
    stdout: str,
    least: str,
    expected: bool | None,
) -> None:
    check = HealthCheck.model_validate({"kind": "health", "component": "database", "at_least": least})
    assert seen(check, Done(2, stdout)).passed is expected


def test_an_exit_code_is_one_of_those_that_are_wanted() -> None:
    assert seen(ExitCheck(), Done(0)) == Seen(passed=True, detail="exit 0")
    assert seen(ExitCheck(codes=(0, 1)), Done(2)) == Seen(passed=False, detail="exit 2, expected 0 or 1")


def test_a_command_that_did_not_end_says_nothing_whatever_was_wanted() -> None:
    stopped = Done(None, DOCUMENT, "", "it did not end within 60 s, and was stopped")
    health = HealthCheck(kind="health", component="database")
    for check in (ExitCheck(), JsonCheck(kind="json", path="n", value=3), health):
        assert seen(check, stopped) == Seen(passed=None, detail="it did not end within 60 s, and was stopped")


def test_what_a_check_says_has_no_output_of_the_command() -> None:
    long = '{"a":"' + "4242" * 100 + '"}'
    said = seen(JsonCheck(kind="json", path="a", compare="equals", value="x"), Done(0, long)).detail
    assert len(said) < 140
