"""Browser tests need Debian's chromium."""

import pytest

from tests.browser.console_server import CHROMIUM
from tests.conftest import Require


@pytest.fixture(autouse=True)
def browser_installed(require: Require) -> None:
    require("chromium", CHROMIUM is not None)
