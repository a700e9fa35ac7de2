"""The messages that a daemon is sent: packed payments, captures and measured costs, and alarms one by one."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from checks.facts import AnyFact, CostLine, Fact, PaymentAttempted, PaymentCaptured
from daemon.translate.message import translate

SEED = 20_240_115
FACTS_PER_MESSAGE = 100
"""What the payment core's relay packs into one queue message under load."""
MESSAGES_PER_BATCH = 20
"""What SQS delivers in one receive from each of two queues, payments and alarms."""
PAYMENTS_PER_SECOND = 5_000
LATE_MS = 2_000
START_MS = 1_705_320_000_000
CUSTOMERS, PROVIDERS, CARDS, DEVICES, BINS, ADDRESSES = 2_000, 200, 100_000, 50_000, 400, 30_000

# Shares of a packed message, which has an alarm beside it; what is left are cost lines.
PAYMENTS_BELOW, CAPTURES_BELOW = 0.90, 0.985
GREEN_SHARE, EAST_SHARE, CARD_SHARE = 0.1, 0.6, 0.88
GREEN_FAILED, BLUE_FAILED, DECLINED = 0.05, 0.0005, 0.08


def messages(count: int, *, devices: bool = False) -> list[bytes]:
    """So many facts as the daemon is sent them. devices: payments name the card's range, the device and the address."""
    chance = random.Random(SEED)  # noqa: S311  # reproducible input, not a secret
    found: list[bytes] = []
    number = 0
    while number < count:
        packed = [_fact(chance, number + place, devices=devices) for place in range(FACTS_PER_MESSAGE - 1)]
        found.append(msgspec.json.encode({"schema": "tillwatch.events.v1", "events": packed}))
        found.append(_alarm(number, _at_ms(chance, number)))
        number += FACTS_PER_MESSAGE
    return found


def facts_of(sent: Sequence[bytes]) -> list[Fact]:
    """What the daemon makes of messages."""
    return [fact for message in sent for fact in translate(message).facts]


def batches(sent: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The messages as a queue delivers them."""
    for start in range(0, len(sent), MESSAGES_PER_BATCH):
        yield sent[start : start + MESSAGES_PER_BATCH]


def _at_ms(chance: random.Random, number: int) -> int:
    return START_MS + number * 1000 // PAYMENTS_PER_SECOND - chance.randrange(LATE_MS)


def _fact(chance: random.Random, number: int, *, devices: bool) -> AnyFact:
    at_ms = _at_ms(chance, number)
    draw = chance.random()
    if draw < PAYMENTS_BELOW:
        return _payment(chance, number, at_ms, devices=devices)
    if draw < CAPTURES_BELOW:
        return PaymentCaptured(
            id=f"evt_{number:012d}",
            at_ms=at_ms,
            subject=f"pay_{number:012d}",
            environment="green" if chance.random() < GREEN_SHARE else "blue",
            rail="card",
            amount_cents=6_400,
        )
    return CostLine(
        id=f"cost_{number}",
        at_ms=at_ms,
        subject="lambda",
        source="measured",
        amount_microcents=chance.randrange(900, 1_000),
        expected_microcents=1_000,
    )


def _payment(chance: random.Random, number: int, at_ms: int, *, devices: bool) -> PaymentAttempted:
    environment = "green" if chance.random() < GREEN_SHARE else "blue"
    rail_is_card = chance.random() < CARD_SHARE
    failed = chance.random() < (GREEN_FAILED if environment == "green" else BLUE_FAILED)
    declined = not failed and chance.random() < DECLINED
    return PaymentAttempted(
        id=f"evt_{number:012d}",
        at_ms=at_ms,
        subject=f"pay_{number:012d}",
        region="us-east-1" if chance.random() < EAST_SHARE else "us-west-2",
        environment=environment,
        version="2.0.0" if environment == "green" else "1.0.0",
        sequence=number + 1,
        rail="card" if rail_is_card else "ach",
        outcome="failed" if failed else "declined" if declined else "succeeded",
        amount_cents=min(250_000, round(chance.lognormvariate(8.76, 0.8))),
        latency_ms=round(chance.lognormvariate(4.5, 0.6), 3),
        decline_code="insufficient_funds" if declined else "",
        error_code="rail_timeout" if failed else "",
        customer_id=f"cus_{chance.randrange(CUSTOMERS):04d}",
        provider_id=f"prv_{chance.randrange(PROVIDERS):03d}",
        method_fingerprint=f"fp_{chance.randrange(CARDS):06d}",
        card_brand=chance.choice(("visa", "visa", "mastercard", "amex")),
        bin=f"{400_000 + chance.randrange(BINS)}" if devices and rail_is_card else "",
        device_id=f"dev_{chance.randrange(DEVICES):05d}" if devices else "",
        ip=f"10.{chance.randrange(ADDRESSES) >> 8}.{chance.randrange(256)}.7" if devices else "",
    )


def _alarm(number: int, at_ms: int) -> bytes:
    """An EventBridge event as CloudWatch sends it when an alarm changes its state."""
    time = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
    name = f"payments-5xx-{number // FACTS_PER_MESSAGE % 20}"
    return msgspec.json.encode(
        {
            "version": "0",
            "id": f"alarm-{number}",
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "account": "123456789012",
            "time": f"{time[:19]}Z",
            "region": "us-east-1",
            "resources": [f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"],
            "detail": {
                "alarmName": name,
                "state": {"value": "OK", "reason": "Threshold not crossed", "timestamp": time},
                "previousState": {"value": "INSUFFICIENT_DATA", "timestamp": time},
                "configuration": {"metrics": []},
            },
        }
    )
