"""The whole payment core under acts at random and deaths at any await; TILL_OPERATIONS says how many are tried."""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.simulation.core.acts import WEIGHTS
from tests.simulation.core.driver import Driver
from tests.simulation.core.episode import episode, opened
from tests.simulation.stores import OpenStore, memory_store, sqlite_store

STEPS = 40
OPERATIONS = int(os.environ.get("TILL_OPERATIONS", "1200"))
EPISODE_OPERATIONS = 150
SEED = int(os.environ.get("TILL_SEED", "2026"))

chances = st.integers(0, 2**32)


class CoreMachine(RuleBasedStateMachine):
    """Hypothesis chooses the acts, and makes a failing list of them short; what each picks comes from a number."""

    open_store: ClassVar[OpenStore] = staticmethod(memory_store)

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.driver: Driver | None = None

    @initialize(seed=st.integers(0, 3))
    def open_shop(self, *, seed: int) -> None:
        self.driver = self.runner.run(self.stack.enter_async_context(opened(type(self).open_store, seed)))
        self.runner.run(self.driver.begin())

    def step(self, name: str, number: int) -> None:
        if self.driver is not None:
            self.driver.chance.seed(number)
            self.runner.run(self.driver.step(name))

    @rule(name=st.sampled_from(sorted(WEIGHTS)), number=chances)
    def request(self, *, name: str, number: int) -> None:
        self.step(name, number)

    @rule(number=chances)
    def job(self, *, number: int) -> None:
        self.step("job", number)

    @rule(number=chances)
    def bank(self, *, number: int) -> None:
        self.step("bank", number)

    @rule(number=chances)
    def repeat(self, *, number: int) -> None:
        self.step("repeat", number)

    @rule(number=chances)
    def ask_again(self, *, number: int) -> None:
        self.step("ask_again", number)

    @rule(number=chances)
    def too_late(self, *, number: int) -> None:
        self.step("too_late", number)

    @rule(number=chances)
    def two_at_once(self, *, number: int) -> None:
        self.step("two_at_once", number)

    def teardown(self) -> None:
        try:
            if self.driver is not None:
                self.runner.run(self.driver.end())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()


pytestmark = pytest.mark.timeout(max(120, OPERATIONS // 20))
TestCoreInMemory = CoreMachine.TestCase
TestCoreInMemory.settings = settings(
    max_examples=max(3, OPERATIONS // STEPS // 4),
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("part", range(max(1, OPERATIONS // EPISODE_OPERATIONS // 2)))
def test_no_order_of_acts_and_deaths_breaks_an_invariant_in_memory(part: int) -> None:
    driver = asyncio.run(episode(memory_store, SEED + part, EPISODE_OPERATIONS))
    assert driver.operations == EPISODE_OPERATIONS
    assert driver.deaths > 0


@pytest.mark.parametrize("part", range(max(1, OPERATIONS // EPISODE_OPERATIONS // 8)))
def test_no_order_of_acts_and_deaths_breaks_an_invariant_in_a_file(part: int) -> None:
    driver = asyncio.run(episode(sqlite_store, SEED + 10_000 + part, EPISODE_OPERATIONS))
    assert driver.operations == EPISODE_OPERATIONS
    assert driver.deaths > 0


def test_the_same_seed_does_the_same_again() -> None:
    first = asyncio.run(episode(memory_store, SEED, 40))
    second = asyncio.run(episode(memory_store, SEED, 40))
    assert first.trace == second.trace
    assert len(first.trace) > 40
