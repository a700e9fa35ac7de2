"""Where the broken and the good configuration files of the tests are."""

from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "data" / "config"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to the folder, so that messages name files without a machine's path."""
    monkeypatch.chdir(FILES)
    return FILES
