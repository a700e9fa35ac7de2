"""``tillwatch scale status``, ``plan`` and ``set`` against the daemon's door."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from typer.testing import CliRunner, Result

from config.settings import Role
from daemon.cli import app
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.scaling.load import Load
from tests.unit.daemon.http.fake_view import FakeView, token_of, tokens
from tests.unit.daemon.scaling.scaling_house import House, component, policy

if TYPE_CHECKING:
    from daemon.clock import SystemClock
    from daemon.sources.sink import FactSink
    from daemon.storage.quarantine import Quarantine

RUNNER = CliRunner()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> House:
    """A daemon that looks after one component, wherever it is asked."""
    house, client = asyncio.run(House(tmp_path, policy(component())).begin()), httpx.Client
    asyncio.run(house.tick(2, utilization=0.4))
    options = HttpOptions(
        tokens=tokens(),
        current_rules=tuple,
        version="0.1.0",
        clock=cast("SystemClock", house.clock),
        scaling=house.desk,
    )
    doors = create_app(FakeView(), cast("FactSink", None), cast("Quarantine", None), options)

    async def answered(request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(doors)
        async with httpx.AsyncClient(transport=transport) as inside:
            content = request.content if request.method == "POST" else None
            return await inside.request(request.method, request.url, headers=request.headers, content=content)

    def answer(request: httpx.Request) -> httpx.Response:
        found = asyncio.run(answered(request))
        return httpx.Response(found.status_code, content=found.content)

    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answer)))
    return house


def run(role: Role, *arguments: str, typed: str = "") -> Result:
    return RUNNER.invoke(app, ["scale", *arguments, "--token", token_of(role)], input=typed)


def test_the_status_says_size_load_reason_and_dollars(here: House) -> None:
    del here
    told = run("viewer", "status")
    assert told.exit_code == 0
    assert "mode act; $0.200 an hour of $1.000" in told.stdout
    assert "us-east-1/core: 2 units, 2 to 8; 40% full" in told.stdout
    assert "it has what its load asks for (reactive)" in told.stdout
    assert "its cap is $1.000" in told.stdout
    assert json.loads(run("viewer", "status", "--json").stdout)["components"][0]["place"] == "us-east-1/core"


def test_what_is_not_known_is_said_to_be_so(here: House) -> None:
    here.gauge.load = Load()
    asyncio.run(here.tick())
    assert "load not known" in run("viewer", "status").stdout


def test_the_plan_says_what_would_be_done(here: House) -> None:
    here.gauge.load = Load(utilization=0.9, in_flight=2)
    here.fleet.room = 2
    asyncio.run(here.tick())
    told = run("viewer", "plan")
    assert told.exit_code == 0
    assert told.stdout.startswith("us-east-1/core: 2 -> 3 units, $0.200 -> $0.300 an hour: ")


@pytest.mark.parametrize("command", ["status", "plan"])
def test_where_nothing_is_looked_after_it_is_said_and_not_left_blank(here: House, command: str) -> None:
    here.scaler.watched = ()
    told = run("viewer", command)
    assert (told.exit_code, "no component is looked at" in told.stdout) == (0, True)


def test_units_are_set_after_a_confirmation_and_the_name_is_kept(here: House) -> None:
    refused = run("operator", "set", "core", "4", "--reason", "a sale", typed="n\n")
    assert (refused.exit_code, here.fleet.sets) == (1, [])
    done = run("operator", "set", "core", "4", "--reason", "a sale", "--for", "30m", typed="y\n")
    assert done.exit_code == 0, done.output
    assert "us-east-1/core is 2 -> 4 units, $0.200 -> $0.400 an hour" in done.stdout
    assert "scale.set on scale:us-east-1/core: verified: 4 of 4 in service" in done.stdout
    assert here.state.pins["scale:us-east-1/core"].by == "operator-ann"


def test_a_dry_run_asks_nobody_and_says_the_dollars(here: House) -> None:
    told = run("operator", "set", "us-east-1/core", "4", "--reason", "a sale", "--dry-run")
    assert told.exit_code == 0
    assert "us-east-1/core would be 2 -> 4 units, $0.200 -> $0.400 an hour" in told.stdout
    assert here.fleet.sets == []


def test_a_part_that_came_is_no_success(here: House) -> None:
    here.fleet.room, here.fleet.said = 3, "you have reached the limit of vCPUs"
    told = run("operator", "set", "core", "6", "--reason", "a sale", "--force")
    assert told.exit_code == 1
    assert "unverified: 3 of 6 in service: you have reached the limit of vCPUs" in told.stdout


def test_load_decides_again_after_auto(here: House) -> None:
    assert run("operator", "set", "core", "4", "--reason", "a sale", "--force").exit_code == 0
    assert run("operator", "set", "core", "auto", "--reason", "over", "--force").exit_code == 0
    assert here.state.pins == {}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("core", "four"), 2, "'four' is no number of units"),
        (("core", "4", "--for", "soon"), 2, "'soon' is no length of time"),
        (("core", "4", "--for", "30d"), 2, "lasts_ms is between 1 and"),
        (("cor", "4"), 1, "there is no component cor"),
        (("us-west-2/core", "4"), 1, "there is no component us-west-2/core; known: us-east-1/core"),
        (("core", "9"), 1, "9 is not between min and max of us-east-1/core, 2 and 8"),
        (("a b/core", "4"), 2, "is no name of a region"),
    ],
)
def test_what_cannot_be_set_says_why(here: House, arguments: tuple[str, ...], code: int, words: str) -> None:
    told = run("operator", "set", *arguments, "--reason", "a sale", "--force")
    assert told.exit_code == code, told.output
    assert words in told.stderr
    assert here.fleet.sets == []


def test_a_viewer_sets_nothing(here: House) -> None:
    assert run("viewer", "set", "core", "4", "--reason", "a sale", "--force").exit_code == 1
    assert here.fleet.sets == []
