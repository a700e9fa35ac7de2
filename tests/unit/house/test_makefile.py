"""The Makefile, .ci/run and the lock files do what README and newcomers rely on."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TARGETS = ("install", "run", "test", "check", "bench", "clean", "lock")


def dry_run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What make would do, without doing it."""
    return subprocess.run(
        ["make", "--dry-run", "--always-make", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MAKEFLAGS": ""},
    )


def versions(name: str) -> dict[str, str]:
    """Package to version of one lock file."""
    return dict(re.findall(r"^([\w.\[\]-]+)==([^ ]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("target", TARGETS)
def test_every_promised_target_exists(target: str) -> None:
    done = dry_run(target)
    assert done.returncode == 0, done.stderr


def test_run_needs_only_the_embedded_requirements() -> None:
    done = dry_run("run")
    assert "requirements-embedded.txt" in done.stdout
    assert "requirements-dev.txt" not in done.stdout
    assert "tillwatch up --scenario bad-canary" in done.stdout


def test_scenario_and_arguments_are_passed_on() -> None:
    assert "tillwatch up --scenario healthy --for 60s" in dry_run("run", "SCENARIO=healthy", "ARGS=--for 60s").stdout


def test_types_and_style_are_checked_beside_each_other() -> None:
    lines = dry_run("check").stdout.splitlines()
    assert any("--jobs=3" in line and line.rstrip().endswith("types style") for line in lines)
    assert [line for line in lines if line.endswith("bin/mypy")]
    assert [line for line in lines if line.endswith("tests/test_architecture.py tests/test_tidy.py tests/unit/house")]


def test_what_a_check_has_run_the_tests_after_it_do_not_run_again() -> None:
    for folder in ("tests/test_architecture.py", "tests/test_tidy.py", "tests/unit/house"):
        assert f"--ignore={folder}" in dry_run("check", "test").stdout
        assert f"--ignore={folder}" not in dry_run("test").stdout


def test_before_the_tests_a_check_also_compiles_them_once() -> None:
    line = "pytest -qq --collect-only"
    assert line in dry_run("check", "test").stdout
    assert line not in dry_run("check").stdout + dry_run("test").stdout


def test_everything_installed_is_pinned_by_hash() -> None:
    done = dry_run("test")
    installs = [line for line in done.stdout.splitlines() if " install --quiet" in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line


def test_an_old_python_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"))
    done = subprocess.run(
        ["make", ".venv/.made", "PYTHON=false"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "tillwatch needs Python 3.11 or later" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_without_any_way_to_make_a_venv_the_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"))
    bare = tmp_path / "bare-python"
    bare.write_text('#!/bin/sh\n[ "$1" = -c ]\n')
    bare.chmod(0o755)
    apt_get = tmp_path / "apt-get"
    apt_get.write_text("#!/bin/sh\nexit 1\n")
    apt_get.chmod(0o755)
    done = subprocess.run(
        ["make", ".venv/.made", f"PYTHON={bare}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done.returncode != 0
    assert "install the package python3-venv" in done.stderr


def test_a_venv_without_pip_is_served_by_the_pip_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"))
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    shown = subprocess.run(
        ["make", "--no-print-directory", "--eval", "show:; @echo $(PIP_INSTALL)", "show", "PYTHON=python3"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        shown.stdout.strip()
        == "python3 -m pip --python .venv/bin/python install --quiet --disable-pip-version-check --no-compile"
    )


def test_ci_ends_with_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text("utf-8").splitlines()
    assert commands[-1] == "exec make --no-print-directory check test"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_lock_files_agree_on_every_version() -> None:
    runtime, embedded, dev = (versions(f"requirements{name}.txt") for name in ("", "-embedded", "-dev"))
    assert runtime.items() <= embedded.items() <= dev.items()


def test_the_build_requirement_is_the_one_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert [re.split(r"[<>=]", line)[0] for line in project["build-system"]["requires"]] == list(
        versions("requirements-build.txt")
    )


def test_every_ignored_lint_rule_gives_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    ignores = text[text.index("ignore = [") : text.index("[tool.ruff.lint.pydocstyle]")]
    lines = [line for line in ignores.splitlines() if line.startswith('    "')]
    assert lines
    assert all(re.search(r"# \w+", line) for line in lines)


def test_nothing_that_is_ours_is_ignored_by_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text((ROOT / ".gitignore").read_text("utf-8"), encoding="utf-8")
    ours = [
        path.relative_to(ROOT).as_posix()
        for folder in ("config", "checks", "payment_core", "remediation", "daemon", "bench", "tests", "docs", "deploy")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not any("_cache" in part for part in path.parts)
    ]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        input="\n".join(ours),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ignored.stdout == ""
