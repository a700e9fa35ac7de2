"""AWS stand-ins that contract suites share: one of each for the session, started when a test first asks for it."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.conftest import Require
from tests.contract.store.emulators import ministack, moto


@pytest.fixture(scope="session")
def emulated_moto_url(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Iterator[str]:
    """The address of a moto: one call in flight."""
    require("moto", find_spec("moto") is not None)
    with moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def emulated_ministack_url(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Iterator[str]:
    """The address of a ministack on loopback alone."""
    require("ministack", find_spec("ministack") is not None)
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        yield url
