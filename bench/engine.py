"""Facts per second of processor time from JSON bytes to findings on one core, with the default rules."""

import argparse
import gc
import json
import random
import resource
import sys
from collections.abc import Callable
from time import process_time

import msgspec

from bench.engine_rules import ONE_KEY, padded
from checks.engine import Engine
from checks.facts import (
    AlarmStateChanged,
    AnyFact,
    CostLine,
    Fact,
    HealthProbed,
    HealthStatus,
    PackedEvents,
    PaymentAttempted,
    PaymentCaptured,
)

SEED = 20_240_115
FACTS_PER_MESSAGE = 100
"""What the payment core's relay packs into one queue message under load."""
MESSAGES_PER_BATCH = 10
"""What SQS delivers in one receive."""
PAYMENTS_PER_SECOND = 5_000
START_MS = 1_705_320_000_000
CUSTOMERS, CARDS = 2_000, 100_000
PAUSE_ROUNDS = 5
SECONDS_MIN = 1e-9
"""Keeps a rate finite on an empty run."""

# Shares of the mixed stream; of what is left after payments, captures, probes and alarms, cost lines.
PAYMENTS_BELOW, CAPTURES_BELOW, PROBES_BELOW, ALARMS_BELOW = 0.90, 0.98, 0.99, 0.995
DEGRADED_ABOVE = 0.999
GREEN_SHARE, EAST_SHARE, CARD_SHARE = 0.1, 0.6, 0.88
GREEN_FAILED, BLUE_FAILED, DECLINED = 0.05, 0.0005, 0.08


def main() -> None:
    """Measure and print; the same seed gives the same facts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=200_000, help="facts to generate")
    parser.add_argument("--rules", type=int, default=50, help="rules: the packaged ones, and by card, customer, ...")
    parser.add_argument("--json", action="store_true", help="print the result alone")
    arguments = parser.parse_args()
    result = measure(arguments.facts, arguments.rules)
    if not arguments.json:
        for name, value in result.items():
            print(f"{name:>32}: {value:,}" if isinstance(value, int | float) else f"{name:>32}: {value}")
    print(json.dumps(result))


def measure(count: int, rule_count: int) -> dict[str, float | int | str]:
    """Decode, evaluate, and both, over the same packed messages; json.loads over the same bytes beside them."""
    messages = packed(count)
    rules = padded(rule_count)
    gc.collect()
    gc.freeze()  # As the daemon does after it has loaded: what is never freed is not scanned again.
    decoder = msgspec.json.Decoder(PackedEvents)
    decoded: list[list[AnyFact]] = []
    json_seconds = _timed(lambda: [json.loads(message) for message in messages])
    decode_seconds = _timed(lambda: decoded.extend(decoder.decode(message).events for message in messages))
    engine_only = Engine(rules)
    engine_seconds = _timed(lambda: _evaluate(engine_only, decoded))
    decoded.clear()
    engine_only = Engine(())  # Its windows would be scanned with those of the engine that is measured next.
    engine = Engine(rules)
    by_merchant = Engine(padded(rule_count, ONE_KEY))
    by_merchant_seconds = _timed(lambda: _decode_and_evaluate(by_merchant, decoder, messages))
    by_merchant = Engine(())
    findings: list[int] = []
    both_seconds = _timed(lambda: findings.append(_decode_and_evaluate(engine, decoder, messages)))
    return {
        "facts": count,
        "rules": len(rules),
        "bytes_per_fact": round(sum(map(len, messages)) / count),
        "facts_per_second": round(count / both_seconds),
        "by_merchant_alone_facts_per_second": round(count / by_merchant_seconds),
        "decode_facts_per_second": round(count / decode_seconds),
        "engine_facts_per_second": round(count / engine_seconds),
        "json_loads_facts_per_second": round(count / json_seconds),
        "json_loads_time_ratio": round(both_seconds / json_seconds, 3),
        "findings": findings[0],
        "late_facts": engine.late_facts,
        "gc_pause_ms": round(_pause_ms(), 3),
        "rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "seed": SEED,
        "python": sys.version.split()[0],
    }


def packed(count: int) -> list[bytes]:
    """The messages a relay would send: mostly payments, some captures, few alarms, costs and probes."""
    chance = random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    facts = [_fact(chance, number) for number in range(count)]
    return [
        msgspec.json.encode({"schema": "tillwatch.events.v1", "events": facts[start : start + FACTS_PER_MESSAGE]})
        for start in range(0, count, FACTS_PER_MESSAGE)
    ]


def _fact(chance: random.Random, number: int) -> Fact:
    at_ms = START_MS + number * 1000 // PAYMENTS_PER_SECOND - chance.randrange(2_000)
    draw = chance.random()
    environment = "green" if chance.random() < GREEN_SHARE else "blue"
    region = "us-east-1" if chance.random() < EAST_SHARE else "us-west-2"
    if draw < PAYMENTS_BELOW:
        return _payment(chance, number, at_ms, environment, region)
    if draw < CAPTURES_BELOW:
        return PaymentCaptured(
            id=f"evt_{number:012d}",
            at_ms=at_ms,
            subject=f"pay_{number:012d}",
            environment=environment,
            region=region,
            rail="card",
            amount_cents=6_400,
        )
    if draw < PROBES_BELOW:
        status: HealthStatus = "healthy" if chance.random() < DEGRADED_ABOVE else "degraded"
        return HealthProbed(
            id=f"probe_{number}",
            at_ms=at_ms,
            subject="database",
            environment=environment,
            status=status,
            latency_ms=4.2,
        )
    if draw < ALARMS_BELOW:
        name = f"payments-5xx-{number % 20}"
        return AlarmStateChanged(id=f"alarm_{number}", at_ms=at_ms, subject=name, region=region, state="OK")
    return CostLine(
        id=f"cost_{number}",
        at_ms=at_ms,
        subject="lambda",
        source="measured",
        amount_microcents=chance.randrange(900, 1_000),
        expected_microcents=1_000,
    )


def _payment(chance: random.Random, number: int, at_ms: int, environment: str, region: str) -> PaymentAttempted:
    draw = chance.random()
    failed = draw < (GREEN_FAILED if environment == "green" else BLUE_FAILED)
    declined = not failed and chance.random() < DECLINED
    return PaymentAttempted(
        id=f"evt_{number:012d}",
        at_ms=at_ms,
        subject=f"pay_{number:012d}",
        region=region,
        environment=environment,
        version="2.0.0" if environment == "green" else "1.0.0",
        sequence=number + 1,
        rail="card" if chance.random() < CARD_SHARE else "ach",
        outcome="failed" if failed else "declined" if declined else "succeeded",
        amount_cents=min(250_000, round(chance.lognormvariate(8.76, 0.8))),
        latency_ms=round(chance.lognormvariate(4.5, 0.6), 3),
        decline_code="insufficient_funds" if declined else "",
        error_code="rail_timeout" if failed else "",
        customer_id=f"cus_{chance.randrange(CUSTOMERS):04d}",
        provider_id=f"prv_{chance.randrange(200):03d}",
        method_fingerprint=f"fp_{chance.randrange(CARDS):06d}",
        card_brand=chance.choice(("visa", "visa", "mastercard", "amex")),
    )


def _evaluate(engine: Engine, messages: list[list[AnyFact]]) -> int:
    findings = 0
    second = 0
    for start in range(0, len(messages), MESSAGES_PER_BATCH):
        batch: list[Fact] = [fact for message in messages[start : start + MESSAGES_PER_BATCH] for fact in message]
        now_ms = max(fact.at_ms for fact in batch[-FACTS_PER_MESSAGE:])
        findings += len(engine.observe(batch, now_ms))
        if now_ms // 1000 != second:
            second = now_ms // 1000
            findings += len(engine.tick(now_ms))
    return findings


def _decode_and_evaluate(engine: Engine, decoder: msgspec.json.Decoder[PackedEvents], messages: list[bytes]) -> int:
    findings = 0
    for start in range(0, len(messages), MESSAGES_PER_BATCH):
        decoded = [decoder.decode(message).events for message in messages[start : start + MESSAGES_PER_BATCH]]
        findings += _evaluate(engine, decoded)
    return findings


def _timed(run: Callable[[], object]) -> float:
    started = process_time()
    run()
    return max(process_time() - started, SECONDS_MIN)


def _pause_ms() -> float:
    """The longest of a few full collections with the engine's windows alive."""
    return max(_timed(gc.collect) for _ in range(PAUSE_ROUNDS)) * 1000


if __name__ == "__main__":
    main()
