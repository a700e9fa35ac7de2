"""What the simulated marketplace pays: amounts, cards and bank accounts, customers, providers and hours."""

import itertools
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CUSTOMERS = 100_000
"""Enough that at 40 payments a second nobody pays more often than people do, which would look like fraud."""
PROVIDERS = 200

MEDIAN_CENTS = 6_400
SPREAD = 0.8
"""Standard deviation of the logarithm: a marketplace of services, mean ticket about $88."""
LEAST_CENTS, MOST_CENTS = 500, 250_000

BANK_SHARE = 0.12
"""Of customers: a customer pays by card or by bank, not now so and then so."""
DECLINED_SHARE = 0.08
"""Of card payments: what issuers decline in card-not-present commerce."""
MANUAL_CAPTURE_SHARE = 0.06
REFUND_SHARE = 0.015

CUSTOMER_OFFSET = 5_000
"""Zipf-Mandelbrot: the busiest customer makes 0.007 % of the payments, ten an hour, and not 8 % as without it."""
PROVIDER_OFFSET = 50
"""The busiest provider is paid 1.2 % of the payments."""

CARD_TOKENS = (("tok_visa", 62), ("tok_mastercard", 27), ("tok_amex", 11))
BANK_TOKEN = "bank_checking"  # noqa: S105  # a documented test token of the simulated rails
DECLINE_TOKENS = (
    ("tok_declined_insufficient_funds", 55),
    ("tok_declined_generic", 30),
    ("tok_declined_expired", 15),
)

FIRST_HOUR = 9.0
"""A run begins at nine in the morning of a simulated day, so that it does not depend on the wall clock."""
PEAK_HOUR = 15.0
SWING = 0.6


TESTERS_EVERY = 50
"""One customer in so many is a tester of ours, whose app says so in CANARY_HEADER."""
CANARY_HEADER: Mapping[str, str] = MappingProxyType({"x-canary": "1"})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Order:
    """One payment that a customer is about to make.

    number: from 1, part of its idempotency key. capture_later: authorize first, capture after. refund_cents: 0 for
    the payments that are kept. of_tester: whether the customer is one of ours, whose app says so.
    """

    number: int
    amount_cents: int
    token: str
    customer_id: str
    provider_id: str
    capture_later: bool
    refund_cents: int
    of_tester: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """What the customer's app sends beside it."""
        return CANARY_HEADER if self.of_tester else NO_HEADERS


class Mix:
    """An endless, seeded stream of orders."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # a reproducible simulation, no secret
        self._numbers = itertools.count(1)
        self._customers = _cumulative_zipf(CUSTOMERS, CUSTOMER_OFFSET)
        self._providers = _cumulative_zipf(PROVIDERS, PROVIDER_OFFSET)

    def next_order(self) -> Order:
        """The next payment."""
        chance = self._chance
        customer = chance.choices(range(CUSTOMERS), cum_weights=self._customers)[0]
        provider = chance.choices(range(PROVIDERS), cum_weights=self._providers)[0]
        amount_cents = _amount_cents(chance)
        token = self._token(customer)
        takes_bank = token == BANK_TOKEN
        capture_later = not takes_bank and chance.random() < MANUAL_CAPTURE_SHARE
        refunded = not takes_bank and not capture_later and chance.random() < REFUND_SHARE
        return Order(
            number=next(self._numbers),
            amount_cents=amount_cents,
            token=token,
            customer_id=f"cus_{customer:05d}",
            provider_id=f"prv_{provider:03d}",
            capture_later=capture_later,
            refund_cents=_refund_cents(chance, amount_cents) if refunded else 0,
            of_tester=customer % TESTERS_EVERY == 0,
        )

    def wait_seconds(self, payments_per_second: float, elapsed_seconds: float, time_scale: float) -> float:
        """Time to the next payment of a Poisson stream whose rate follows the hour of the simulated day."""
        hour = FIRST_HOUR + elapsed_seconds * time_scale / 3600
        return self._chance.expovariate(payments_per_second * hour_factor(hour))

    def _token(self, customer: int) -> str:
        # Spread over the ranks, so that the busy customers are no special kind.
        place = (customer * 0.6180339887498949) % 1.0
        if place < BANK_SHARE:
            return BANK_TOKEN
        if self._chance.random() < DECLINED_SHARE:
            return _weighted(self._chance.random(), DECLINE_TOKENS)
        return _weighted((place - BANK_SHARE) / (1 - BANK_SHARE), CARD_TOKENS)


def hour_factor(hour: float) -> float:
    """How busy an hour of the day is; 1 on average over the day, most in the afternoon, least before dawn."""
    return 1 + SWING * math.cos((hour - PEAK_HOUR) / 24 * math.tau)


def _amount_cents(chance: random.Random) -> int:
    drawn = round(chance.lognormvariate(math.log(MEDIAN_CENTS), SPREAD))
    return min(max(drawn, LEAST_CENTS), MOST_CENTS)


def _refund_cents(chance: random.Random, amount_cents: int) -> int:
    """All of it, or half as often a part."""
    return amount_cents if chance.random() < 2 / 3 else max(1, amount_cents * chance.randint(10, 90) // 100)


def _cumulative_zipf(count: int, offset: int) -> list[float]:
    return list(itertools.accumulate(1 / (rank + offset) for rank in range(1, count + 1)))


def _weighted(draw: float, choices: tuple[tuple[str, int], ...]) -> str:
    """The choice at this place, from 0 to 1, of all weights laid side by side."""
    position = draw * sum(weight for _, weight in choices)
    for choice, weight in choices:
        position -= weight
        if position < 0:
            return choice
    return choices[-1][0]
