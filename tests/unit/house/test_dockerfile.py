"""The image's promises: no root, no build tools, a read-only root file system, a health check."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NUMERIC_USER = re.compile(r"^[1-9]\d*:[1-9]\d*$")
BUILD_TOOLS = re.compile(r"\b(?:apt-get|apk|curl|wget|gcc|make|pip install)\b")

Instruction = tuple[str, str]


def stages(source: str) -> list[list[Instruction]]:
    """The instructions of each stage as (name, arguments); continued lines are joined, comments are left out."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[list[Instruction]] = []
    for line in joined.splitlines():
        if not line.strip():
            continue
        name, _, arguments = line.strip().partition(" ")
        if name.upper() == "FROM":
            found.append([])
        found[-1].append((name.upper(), arguments.strip()))
    return found


def last(stage: list[Instruction], name: str) -> str:
    """The arguments of the last such instruction, empty when there is none."""
    return next((arguments for other, arguments in reversed(stage) if other == name), "")


def problems(source: str) -> list[str]:
    """Which promises a Dockerfile breaks."""
    build, final = stages(source)[0], stages(source)[-1]
    environment = dict(pair.split("=", 1) for _, line in final if _ == "ENV" for pair in line.split() if "=" in pair)
    checks = {
        "one stage": len(stages(source)) > 1,
        "unpinned requirements": any("--require-hashes" in line for name, line in build if name == "RUN"),
        "the image is not python:3.11-slim-bookworm": last(final, "FROM").split(" ")[0] == "python:3.11-slim-bookworm",
        "the user is not numeric, or is root": bool(NUMERIC_USER.match(last(final, "USER"))),
        "build tools in the final stage": not any(BUILD_TOOLS.search(line) for name, line in final if name == "RUN"),
        "bytecode would be written": environment.get("PYTHONDONTWRITEBYTECODE") == "1",
        "the data folder is no volume": volumes(final) == {"/data", "/tmp"},  # noqa: S108 (the container's)
        "the data folder is not the user's": any(
            f"--chown={last(final, 'USER')} " in line and line.endswith(" /data")
            for name, line in final
            if name == "COPY"
        ),
        "data goes elsewhere": environment.get("TILL_DATA_DIR") == "/data",
        "no health check of /livez in Python": "python" in last(final, "HEALTHCHECK")
        and f":{environment.get('TILL_HTTP__PORT')}/livez" in last(final, "HEALTHCHECK"),
        "the entry point is not tillwatch": last(final, "ENTRYPOINT") == '["tillwatch"]',
        "the command is not run": last(final, "CMD") == '["run", "--config", "/etc/tillwatch"]',
    }
    return [what for what, holds in checks.items() if not holds]


def volumes(stage: list[Instruction]) -> set[str]:
    """Paths declared as volumes in JSON form."""
    found: set[str] = set()
    for name, arguments in stage:
        if name == "VOLUME":
            found.update(json.loads(arguments))
    return found


def read() -> str:
    """The Dockerfile."""
    return (ROOT / "Dockerfile").read_text("utf-8")


def test_the_image_keeps_its_promises() -> None:
    assert problems(read()) == []


@pytest.mark.parametrize(
    ("part", "instead", "problem"),
    [
        ("--require-hashes", "", "unpinned requirements"),
        ("FROM python:3.11-slim-bookworm\n", "FROM debian:12\n", "the image is not python:3.11-slim-bookworm"),
        ("USER 10001:10001", "USER tillwatch", "the user is not numeric, or is root"),
        ("USER 10001:10001", "USER 0:0", "the user is not numeric, or is root"),
        ("USER 10001:10001", "", "the user is not numeric, or is root"),
        ("USER 10001", "RUN apt-get install -y gcc\nUSER 10001", "build tools in the final stage"),
        ("PYTHONDONTWRITEBYTECODE=1", "PYTHONDONTWRITEBYTECODE=", "bytecode would be written"),
        ('VOLUME ["/data", "/tmp"]', "", "the data folder is no volume"),
        ("--chown=10001:10001 /data", "/data", "the data folder is not the user's"),
        ("TILL_DATA_DIR=/data", "TILL_DATA_DIR=/opt", "data goes elsewhere"),
        ("/livez", "/", "no health check of /livez in Python"),
        ("8080/livez", "9090/livez", "no health check of /livez in Python"),
        ('ENTRYPOINT ["tillwatch"]', "ENTRYPOINT tillwatch", "the entry point is not tillwatch"),
        ('"--config", "/etc/tillwatch"', "", "the command is not run"),
    ],
)
def test_each_promise_has_teeth(part: str, instead: str, problem: str) -> None:
    source = read()
    assert part in source
    assert problem in problems(source.replace(part, instead))


def test_one_stage_is_reported() -> None:
    final = read()[read().index("FROM python:3.11-slim-bookworm\n") :]
    assert "one stage" in problems(final)


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        word
        for stage in stages(read())
        for name, arguments in stage
        if name == "COPY" and not arguments.startswith("--from")
        for word in arguments.split()[:-1]
    }
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)
