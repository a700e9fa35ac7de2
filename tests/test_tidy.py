"""The rules of STYLE.md that a program can check, each with its bad example."""

import ast
import io
import os
import re
import tokenize
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("config", "checks", "payment_core", "remediation", "daemon")
CODE = (*PRODUCT, "bench", "tests")
MONEY = ("payment_core", "remediation")
# JsonLogic knows one kind of number; no amount is computed there.
FLOATING = ("payment_core/flags/targeting/coercion.py",)
CLOCKS = ("daemon/clock.py", "payment_core/clock.py")
TASK_OWNERS = ("daemon/supervisor.py", "payment_core/tasks.py")
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
# About fifteen; a folder may hold as many tables of one sort as there are domains.
FOLDER_FILES_MAX = 18
# With 0 it only lets other tasks run.
SLEEPS = ("sleep", "time.sleep", "asyncio.sleep", "anyio.sleep")
BANNED_NAMES = ("utils", "util", "helpers", "helper", "common", "manager", "misc")
BANNED_SUFFIXES = ("Utils", "Util", "Helpers", "Helper", "Common", "Manager", "Misc")
# Written in two parts, so that this file does not contain what it forbids.
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.*-])/(?:" + "|".join(("wo" + "rk", "ro" + "ot")) + r")/")
TEXT_SUFFIXES = {".css", ".html", ".js", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
TEXT_FILES = ("Makefile", "Dockerfile", ".dockerignore", ".gitignore", ".ci/run")
UNREAD = (
    ".git",
    ".venv",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "build",
    "dist",
    "data",
    "node_modules",
)

Check = Callable[[str, str], Iterator[str]]


# One file at a time: the trees of all of them take half a gigabyte.
@lru_cache(maxsize=1)
def parse(source: str) -> ast.Module:
    """The syntax tree, once for all checks of a file."""
    return ast.parse(source)


@lru_cache(maxsize=1)
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Every node of the tree, once for all checks of a file."""
    return tuple(ast.walk(parse(source)))


def name_of(function: ast.expr) -> str:
    """What is called, written as in the source: ``asyncio.get_running_loop().create_task``."""
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{name_of(value)}.{name}"
        case ast.Call(func=called, args=[], keywords=[]):
            return f"{name_of(called)}()"
    return "(...)"


def calls(source: str) -> Iterator[tuple[int, str, ast.Call]]:
    """Every call with its line and the name of what is called."""
    for node in nodes(source):
        if isinstance(node, ast.Call):
            yield node.lineno, name_of(node.func), node


def short_functions(file: str, source: str) -> Iterator[str]:
    """Functions fit on a screen."""
    for node in nodes(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{file}:{node.lineno}: {node.name} has {lines} lines; {FUNCTION_LINES_MAX} at most: split it"


def short_files(file: str, source: str) -> Iterator[str]:
    """A file holds one idea."""
    lines = len(source.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{file}:1: {lines} lines; {FILE_LINES_MAX} at most: one file for each idea"


def one_sentence(file: str, source: str) -> Iterator[str]:
    """A module says in one sentence what it is for."""
    docstring = ast.get_docstring(parse(source))
    if docstring is None:
        yield f"{file}:1: no module docstring; say in one sentence what the module is for"
    elif not docstring.endswith(".") or "\n\n" in docstring or re.search(r"[.!?]\s+[A-Z]", docstring):
        yield f"{file}:1: the module docstring is not one sentence with a full stop"


def telling_names(file: str, source: str) -> Iterator[str]:
    """A name says what is inside."""
    for part in Path(file).with_suffix("").parts:
        if any(word in BANNED_NAMES for word in part.lower().split("_")):
            yield f"{file}:1: {part!r} says nothing; name the file by what it holds"
    for node in nodes(source):
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_SUFFIXES):
            yield f"{file}:{node.lineno}: class {node.name} says nothing; name it by what it is"


def whole_money(file: str, source: str) -> Iterator[str]:
    """Money is an int of minor units."""
    if file.startswith(MONEY) and file not in FLOATING:
        yield from (
            f"{file}:{line}: float(); money is an int of minor units"
            for line, name, _ in calls(source)
            if name == "float"
        )


def passed_time(file: str, source: str) -> Iterator[str]:
    """The time is read in one place per program and passed on."""
    banned = ("datetime.now", "datetime.utcnow", "time.time", "time.time_ns", "date.today", "datetime.today")
    if file not in CLOCKS and not file.startswith("bench/"):
        for line, name, _ in calls(source):
            if any(name == call or name.endswith("." + call) for call in banned):
                yield f"{file}:{line}: {name}(); take now_ms as an argument, or a Clock"


def owned_tasks(file: str, source: str) -> Iterator[str]:
    """A task belongs to a group or to the supervisor, so that its death is seen."""
    if file not in TASK_OWNERS:
        for line, name, _ in calls(source):
            bare = name in {"create_task", "ensure_future", "asyncio.create_task", "asyncio.ensure_future"}
            if bare or re.search(r"loop(\(\))?\.create_task$", name):
                yield f"{file}:{line}: {name}(); use asyncio.TaskGroup or the supervisor"


def waking_tests(file: str, source: str) -> Iterator[str]:
    """A test waits for an event, never for time to pass."""
    if file.startswith("tests/"):
        for line, name, call in calls(source):
            if name in SLEEPS and ast.unparse(call.args[0]) != "0":
                yield f"{file}:{line}: a sleep; pass a clock in, or wait for an event"


def real_checks(file: str, source: str) -> Iterator[str]:
    """Python -O removes assert, so the product does not rely on it."""
    if file.startswith(PRODUCT):
        for node in nodes(source):
            if isinstance(node, ast.Assert):
                yield f"{file}:{node.lineno}: assert; raise an error of the package's tree"


def finished(file: str, source: str) -> Iterator[str]:
    """What is not done is not in the tree."""
    if not UNFINISHED.search(source):
        return
    if file.endswith(".py"):
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        lines = [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]
    else:
        lines = list(enumerate(source.splitlines(), start=1))
    yield from (f"{file}:{number}: unfinished: {text.strip()}" for number, text in lines if UNFINISHED.search(text))


def portable(file: str, source: str) -> Iterator[str]:
    """No path of the machine where it was written."""
    if not MACHINE_PATHS.search(source):
        return
    for number, text in enumerate(source.splitlines(), start=1):
        if MACHINE_PATHS.search(text):
            yield f"{file}:{number}: a path of one machine; derive it from the file or take it as an argument"


def pinned(file: str, source: str) -> Iterator[str]:
    """Requirement files pin version and hash, and name no index."""
    for number, text in enumerate(source.splitlines(), start=1):
        if "://" in text:
            yield f"{file}:{number}: an address; leave the choice of index to the user's pip"
        if text and not text.startswith((" ", "#")) and not re.match(r"^[\w.\[\],-]+==[^ ]+ .*\\$", text):
            yield f"{file}:{number}: not pinned with a hash; run make lock"
    if "--hash=sha256:" not in source:
        yield f"{file}:1: no hashes; run make lock"


def named_places(file: str, source: str) -> Iterator[str]:
    """What ARCHITECTURE.md names exists."""
    for number, text in enumerate(source.splitlines(), start=1):
        for name in re.findall(
            r"`([\w.*-]+(?:/[\w.*-]*)+|[\w.-]+\.(?:py|md|toml|txt|yaml)|Makefile|Dockerfile|LICENSE)`", text
        ):
            if not any(ROOT.glob(name.rstrip("/"))):
                yield f"{file}:{number}: `{name}` does not exist; write what is there"


PYTHON_CHECKS: tuple[Check, ...] = (
    short_functions,
    short_files,
    one_sentence,
    telling_names,
    whole_money,
    passed_time,
    owned_tasks,
    waking_tests,
    real_checks,
)
TEXT_CHECKS: tuple[Check, ...] = (finished, portable)


def read(path: Path) -> tuple[str, str]:
    """A file's name from the root, and its text."""
    return path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def python_files() -> list[Path]:
    """Every Python file of ours."""
    return [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]


def text_files() -> list[Path]:
    """Everything that people wrote, without what tools made; a folder that is not read is not entered either."""
    named = [ROOT / name for name in TEXT_FILES]
    walked: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in UNREAD and not name.endswith(".egg-info"))
        walked.extend(Path(folder) / name for name in sorted(names) if Path(name).suffix in TEXT_SUFFIXES)
    return named + walked


@cache
def untidy_python() -> dict[Check, list[str]]:
    """What every check finds, in one pass over the files."""
    found: dict[Check, list[str]] = {check: [] for check in PYTHON_CHECKS}
    for file, source in map(read, python_files()):
        for check in PYTHON_CHECKS:
            found[check] += check(file, source)
    return found


@pytest.mark.parametrize("check", PYTHON_CHECKS, ids=lambda check: check.__name__)
def test_python_files_are_tidy(check: Check) -> None:
    found = untidy_python()[check]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("check", TEXT_CHECKS, ids=lambda check: check.__name__)
def test_text_files_are_tidy(check: Check) -> None:
    found = [line for path in text_files() for line in check(*read(path))]
    assert not found, "\n".join(found)


def crowded(folder: str, count: int) -> list[str]:
    """What is wrong with a folder of the product with so many modules beside ``__init__.py``."""
    if count > FOLDER_FILES_MAX:
        return [f"{folder}: {count} modules; {FOLDER_FILES_MAX} at most: group them by what they do"]
    return []


def test_folders_are_read_at_a_glance() -> None:
    folders = sorted({path.parent for package in PRODUCT for path in (ROOT / package).rglob("*.py")})
    counts = {
        folder.relative_to(ROOT).as_posix(): sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        for folder in folders
    }
    assert len(counts) > len(PRODUCT)
    assert [line for folder, count in counts.items() for line in crowded(folder, count)] == []
    assert crowded("daemon", FOLDER_FILES_MAX + 1)


def test_requirement_files_are_pinned_and_name_no_index() -> None:
    files = sorted(ROOT.glob("requirements*.txt"))
    assert [path.name for path in files] == [
        "requirements-build.txt",
        "requirements-dev.txt",
        "requirements-embedded.txt",
        "requirements.txt",
    ]
    found = [line for path in files for line in pinned(*read(path))]
    assert not found, "\n".join(found)


def test_architecture_names_only_what_exists() -> None:
    found = list(named_places(*read(ROOT / "ARCHITECTURE.md")))
    assert not found, "\n".join(found)


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX


@pytest.mark.parametrize(
    ("check", "file", "source"),
    [
        (short_functions, "daemon/app.py", LONG_FUNCTION),
        (short_files, "daemon/app.py", "x = 1\n" * (FILE_LINES_MAX + 1)),
        (one_sentence, "daemon/app.py", "x = 1"),
        (one_sentence, "daemon/app.py", '"""No full stop"""'),
        (one_sentence, "daemon/app.py", '"""One sentence. Another one."""'),
        (telling_names, "daemon/utils.py", ""),
        (telling_names, "daemon/common/app.py", ""),
        (telling_names, "daemon/queue_helpers.py", ""),
        (telling_names, "daemon/app.py", "class QueueManager: ..."),
        (whole_money, "payment_core/money.py", "x = float('1.10')"),
        (whole_money, "remediation/guardrails/guard.py", "x = float(1)"),
        (passed_time, "daemon/app.py", "x = datetime.datetime.now(UTC)"),
        (passed_time, "checks/engine.py", "x = time.time()"),
        (passed_time, "tests/unit/test_x.py", "x = datetime.utcnow()"),
        (owned_tasks, "daemon/app.py", "asyncio.create_task(f())"),
        (owned_tasks, "payment_core/api.py", "asyncio.ensure_future(f())"),
        (owned_tasks, "daemon/app.py", "asyncio.get_running_loop().create_task(f())"),
        (waking_tests, "tests/unit/test_x.py", "time.sleep(1)"),
        (waking_tests, "tests/unit/test_x.py", "async def f():\n    await asyncio.sleep(0.1)"),
        (real_checks, "remediation/decide.py", "assert x"),
        (finished, "daemon/app.py", "x = 1  # " + "TO" + "DO later"),
        (finished, "docs/rules.md", "FIX" + "ME: say more"),
        (portable, "docs/rules.md", "see /" + "wo" + "rk/notes"),
        (portable, "daemon/app.py", "x = '/" + "ro" + "ot/data'"),
        (pinned, "requirements.txt", "httpx>=0.28\n"),
        (pinned, "requirements.txt", "httpx==0.28.1\n"),
        (pinned, "requirements.txt", "--index-url https://example.org/simple\n"),
        (named_places, "ARCHITECTURE.md", "`daemon/nothing_here.py` does nothing"),
        (named_places, "ARCHITECTURE.md", "`nowhere/` is a folder"),
        (named_places, "ARCHITECTURE.md", "`NOTHING.md` is a page"),
    ],
)
def test_each_check_reports_its_bad_example(check: Check, file: str, source: str) -> None:
    found = list(check(file, source))
    assert found
    assert all(line.startswith(f"{file}:") for line in found)


@pytest.mark.parametrize(
    ("check", "file", "source"),
    [
        (short_functions, "daemon/app.py", "def f():\n" + "    x = 1\n" * (FUNCTION_LINES_MAX - 1)),
        (one_sentence, "daemon/app.py", '"""One sentence, version 3.11 included."""'),
        (passed_time, "daemon/clock.py", "x = time.time_ns()"),
        (passed_time, "bench/engine.py", "x = time.time()"),
        (owned_tasks, "daemon/supervisor.py", "asyncio.create_task(f())"),
        (owned_tasks, "daemon/app.py", "group.create_task(f())"),
        (waking_tests, "tests/unit/test_x.py", "clock.sleep(1)"),
        (waking_tests, "tests/unit/test_x.py", "async def f():\n    await asyncio.sleep(0)"),
        (pinned, "requirements.txt", "httpx==0.28.1 \\\n    --hash=sha256:00\n"),
        (named_places, "ARCHITECTURE.md", "`pyproject.toml`, `tests/`, `daemon/*.py`, `daemon -> checks`"),
    ],
)
def test_each_check_lets_good_code_pass(check: Check, file: str, source: str) -> None:
    assert not list(check(file, source))
