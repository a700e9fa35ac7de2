"""What a check makes of what a command did: passed, not, or nobody could tell, with a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec

from config.procedures.check import ARE_NUMBERS, Comparison, ExitCheck, HealthCheck, JsonCheck

EVERY = "*"
STATUS_PATH = "status"
_WELL = {"healthy": ("healthy",), "degraded": ("healthy", "degraded")}


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was run. code: None when it did not end in time, or could not be started; then fault says why."""

    code: int | None
    stdout: str = ""
    stderr: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """passed: None when nobody could tell, which is never a yes."""

    passed: bool | None
    detail: str


def seen(check: ExitCheck | JsonCheck | HealthCheck, done: Done) -> Seen:
    """Hold the check against what was done. The sentence has no output of the command, which may name anything."""
    if done.code is None:
        return Seen(None, done.fault)
    match check:
        case ExitCheck():
            wanted = " or ".join(map(str, check.codes))
            said = f"exit {done.code}" if done.code in check.codes else f"exit {done.code}, expected {wanted}"
            return Seen(done.code in check.codes, said)
        case HealthCheck():
            return _health(check, done)
        case JsonCheck():
            return _json(check, done)
        case _:
            assert_never(check)


def _health(check: HealthCheck, done: Done) -> Seen:
    document = _document(done)
    status = None if document is None else next(_values(document, (STATUS_PATH,)), None)
    if not isinstance(status, str) or status == "unknown":
        return Seen(None, f"nobody could look at {check.component}")
    return Seen(status in _WELL[check.at_least], f"{check.component} is {status}")


def _json(check: JsonCheck, done: Done) -> Seen:
    document = _document(done)
    if document is None:
        return Seen(None, f"exit {done.code}, and no JSON document to look at")
    values = list(_values(document, tuple(check.path.split("."))))
    match check.compare:
        case "present":
            return Seen(bool(values), f"{check.path} is {'there' if values else 'not there'}")
        case "absent":
            return Seen(not values, f"{check.path} is {'there' if values else 'not there'}")
    if not values and EVERY not in check.path.split("."):
        return Seen(None, f"{check.path} is not there, so nothing can be said of it")
    wrong = [value for value in values if not _compares(value, check.compare, check.value)]
    words = f"{check.compare.replace('_', ' ')} {_shown(check.value)}"
    said = f"{check.path} is {_shown(wrong[0])}, expected: {words}" if wrong else f"{check.path} {words}"
    return Seen(not wrong, said)


def _compares(value: Any, compare: Comparison, wanted: object) -> bool:  # noqa: ANN401 - JSON.
    if compare in ARE_NUMBERS and isinstance(wanted, int):
        number = len(value) if compare.startswith("count") and isinstance(value, list | dict) else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            return False
        return number <= wanted if compare.endswith("at_most") else number >= wanted
    if compare == "contains":
        return isinstance(value, str | list) and wanted in value
    same: bool = value == wanted and isinstance(value, bool) is isinstance(wanted, bool)
    return same if compare == "equals" else not same


def _document(done: Done) -> Any:  # noqa: ANN401 - any JSON document; None when there is none.
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    try:
        return msgspec.json.decode(lines[-1]) if lines else None
    except (msgspec.DecodeError, UnicodeError):
        return None


def _values(node: Any, path: tuple[str, ...]) -> Iterator[Any]:  # noqa: ANN401 - JSON.
    if not path:
        yield node
        return
    name, rest = path[0], path[1:]
    if name == EVERY:
        inner = node if isinstance(node, list) else list(node.values()) if isinstance(node, dict) else []
        for one in inner:
            yield from _values(one, rest)
    elif isinstance(node, dict) and name in node:
        yield from _values(node[name], rest)
    elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
        yield from _values(node[int(name)], rest)


def _shown(value: object) -> str:
    """A value short enough for a line; what is no plain value is a count."""
    if isinstance(value, list | dict):
        return f"{len(value)} entries"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line
