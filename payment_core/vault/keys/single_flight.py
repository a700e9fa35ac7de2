"""Many callers who need the same thing at once share one attempt to get it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class _Failed:
    __slots__ = ("error",)

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class SingleFlight(Generic[Result]):
    """Runs one attempt per name at a time; who comes meanwhile gets its result or its failure.

    A failure is shared with those who waited and forgotten: the next caller tries again. When the caller who does
    the work is cancelled, one of those who wait does it in their place.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Future[Result | _Failed]] = {}

    async def run(self, name: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """The result of work, or of the same work that another caller has begun."""
        while (flight := self._flights.get(name)) is not None:
            # Without the shield one cancelled waiter would cancel the future for all.
            outcome = await asyncio.shield(flight)
            if not isinstance(outcome, _Failed):
                return outcome
            if outcome.error is not None:
                raise outcome.error.with_traceback(None)
        flight = asyncio.get_running_loop().create_future()
        self._flights[name] = flight
        outcome = _Failed(None)
        try:
            outcome = await work()
        except Exception as error:
            outcome = _Failed(error)
            raise
        else:
            return outcome
        finally:
            del self._flights[name]
            flight.set_result(outcome)
