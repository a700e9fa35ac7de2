"""A flag document as an operator would write one, and the customers who are asked about."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

SEED = 20_261_127
FLAG, STATIC = "instant-payouts", "card-testing-challenge"
PERCENT = 25
VARIANTS = ("on", "off")
START_MS = 1_795_000_000_000


def share(percent: int, variants: Sequence[str] = VARIANTS) -> dict[str, Any]:
    """A rollout of the first variant to a share of customers, in the form that the daemon writes."""
    key = {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}
    new, old = variants
    return {"fractional": [key, [new, percent], [old, 100 - percent]]}


def document(percent: int = PERCENT) -> dict[str, Any]:
    """One flag with three tests and a rollout behind them, and one without a rule."""
    tests = [
        {"in": [{"var": "country"}, ["DE", "FR", "US"]]},
        {"==": [{"var": "customer_type"}, "business"]},
        {">=": [{"var": "history"}, 3]},
    ]
    return {"flags": {FLAG: flag({"if": [{"and": tests}, share(percent), "off"]}), STATIC: flag(None)}}


def flag(
    targeting: dict[str, Any] | None, variants: Sequence[str] = VARIANTS, *, experiment: bool = False
) -> dict[str, Any]:
    """A flag of two variants whose second is the default. experiment: payments tell who saw which."""
    return {
        "state": "ENABLED",
        "variants": {name: name == variants[0] for name in variants},
        "defaultVariant": variants[1],
        "targeting": targeting,
        "metadata": {"safe_default": variants[1], "experiment": experiment},
    }


def context(customer: str, country: str = "DE") -> dict[str, object]:
    """What a payment of the customer is asked with."""
    return {
        "targetingKey": customer,
        "country": country,
        "customer_type": "business",
        "history": 7,
        "merchant": "pro_0194",
        "rail": "card",
        "amount_cents": 12_900,
        "currency": "USD",
        "environment": "green",
        "region": "us-east-1",
        "release": "v2.1.0",
    }


def customers(count: int, seed: int = SEED) -> Iterator[str]:
    """Customers' ids as a shop makes them: in time order, then random."""
    chance = random.Random(seed)  # noqa: S311  # traffic, not secrets
    for number in range(count):
        yield f"cus_{START_MS + number:011x}{chance.getrandbits(64):016x}"
