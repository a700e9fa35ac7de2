"""Runs of the whole system, ended with the test."""

from collections.abc import Iterator

import pytest

from tests.integration.embedded.up_process import Up


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    started: list[Up] = []
    yield started
    for one in started:
        one.clean_up()
