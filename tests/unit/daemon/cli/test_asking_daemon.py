"""Beside `up` a command finds daemon and token by itself, and hands that token to nobody else."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from daemon.cli import app

RUNNER = CliRunner()
SETTINGS = "http: {host: 127.0.0.1, port: 18080}\n"
MINE = "http://127.0.0.1:18080"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[httpx.Request]:
    """What was asked, in a folder where `up` has run."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"approvals": []})

    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answer)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TILLWATCH_TOKEN", raising=False)
    (tmp_path / "data" / "config").mkdir(parents=True)
    (tmp_path / "data" / "config" / "tillwatch.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "data" / "console-token").write_text("kept\n", encoding="ascii")
    return requests


@pytest.mark.parametrize(
    ("options", "address", "token"),
    [
        ([], MINE, "Bearer kept"),
        (["--url", f"{MINE}/"], MINE, "Bearer kept"),
        (["--token", "other"], MINE, "Bearer other"),
        (["--url", "http://127.0.0.1:9"], "http://127.0.0.1:9", None),
        (["--url", "http://127.0.0.1:9", "--token", "other"], "http://127.0.0.1:9", "Bearer other"),
    ],
)
def test_the_token_beside_up_goes_to_that_daemon_alone(
    asked: list[httpx.Request], options: list[str], address: str, token: str | None
) -> None:
    assert RUNNER.invoke(app, ["approvals", "list", *options]).exit_code == 0
    assert str(asked[0].url) == f"{address}/api/v1/approvals"
    assert asked[0].headers.get("authorization") == token


def test_without_an_up_beside_it_the_usual_address_is_asked_without_a_token(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    (tmp_path / "data" / "config" / "tillwatch.yaml").unlink()
    assert RUNNER.invoke(app, ["approvals", "list"]).exit_code == 0
    assert str(asked[0].url) == "http://127.0.0.1:8080/api/v1/approvals"
    assert "authorization" not in asked[0].headers


def test_settings_beside_it_that_cannot_be_read_are_bad_input(asked: list[httpx.Request], tmp_path: Path) -> None:
    (tmp_path / "data" / "config" / "tillwatch.yaml").write_text("http: {prot: 1}\n", encoding="utf-8")
    refused = RUNNER.invoke(app, ["approvals", "list"])
    assert refused.exit_code == 2
    assert "tillwatch.yaml:1" in refused.stderr
    assert asked == []


@pytest.mark.parametrize(
    ("status", "content"), [(404, b"<html>nothing here</html>"), (502, b""), (403, b"{}"), (200, b"<html></html>")]
)
def test_the_no_of_another_program_is_not_taken_for_the_daemons(
    monkeypatch: pytest.MonkeyPatch, status: int, content: bytes
) -> None:
    client = httpx.Client
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=transport))
    told = RUNNER.invoke(app, ["approvals", "list", "--url", MINE])
    assert (told.exit_code, told.stdout) == (3, "")
    assert "is the daemon running there?" in told.stderr


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("secret\n", "Bearer secret"), ("sec\nret", None), ("s\N{LATIN SMALL LETTER E WITH ACUTE}cret", None)],
)
def test_a_token_that_none_can_be_is_refused_unseen_and_a_lines_end_is_none_of_it(
    asked: list[httpx.Request], typed: str, sent: str | None
) -> None:
    told = RUNNER.invoke(app, ["approvals", "list", "--url", MINE], env={"TILLWATCH_TOKEN": typed})
    assert told.exit_code == (0 if sent else 2)
    assert "cret" not in told.output
    assert [request.headers.get("authorization") for request in asked] == ([sent] if sent else [])
