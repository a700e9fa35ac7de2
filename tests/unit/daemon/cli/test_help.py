"""The help of a command is about that command."""

import pytest
from typer.testing import CliRunner

from daemon.cli import app


@pytest.mark.parametrize("name", ["rules", "core", "audit"])
def test_a_group_of_commands_does_not_offer_to_install_completion_once_more(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "completion" not in shown.output
