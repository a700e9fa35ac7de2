"""How much money goes through, from the payments of the last minute: what an estimate of risk rests on."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from checks.facts import Fact, PaymentAttempted
from remediation.guardrails.money_at_risk import Flow
from remediation.ports import Clock

WINDOW_MS = 60_000
SECOND_MS = 1000


class PaymentFlow:
    """Counts payments and their amounts by the second in which they were taken over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ms = clock.now_ms()
        self._seconds: deque[tuple[int, int, int]] = deque()

    def observe(self, facts: Iterable[Fact]) -> None:
        """Count the payment attempts among new facts, whatever became of them: what failed would have been money."""
        amounts = [fact.amount_cents for fact in facts if isinstance(fact, PaymentAttempted)]
        if not amounts:
            return
        second = self._clock.now_ms() // SECOND_MS
        payments, cents = len(amounts), sum(amounts)
        if self._seconds and self._seconds[-1][0] == second:
            _, before, cents_before = self._seconds.pop()
            payments, cents = payments + before, cents + cents_before
        self._seconds.append((second, payments, cents))
        self._forget()

    def beside(self, other: Callable[[Sequence[Fact]], None]) -> Callable[[Sequence[Fact]], None]:
        """Observes facts, and hands them on."""

        def both(facts: Sequence[Fact]) -> None:
            self.observe(facts)
            other(facts)

        return both

    def seen(self) -> Flow | None:
        """The last minute, or what there is since the start; None when no payment was in it."""
        self._forget()
        if not self._seconds:
            return None
        return Flow(
            payments=sum(payments for _, payments, _ in self._seconds),
            amount_cents=sum(cents for _, _, cents in self._seconds),
            window_ms=max(SECOND_MS, min(WINDOW_MS, self._clock.now_ms() - self._began_ms)),
        )

    def _forget(self) -> None:
        oldest = (self._clock.now_ms() - WINDOW_MS) // SECOND_MS
        while self._seconds and self._seconds[0][0] <= oldest:
            self._seconds.popleft()
