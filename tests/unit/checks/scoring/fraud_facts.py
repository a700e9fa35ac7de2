"""Requests and outcomes with one line each, and fraud files written as YAML in a test."""

from pathlib import Path

import msgspec

from checks.facts import PaymentAttempted, PaymentRequested, PayoutRequested
from checks.scoring.compile import FraudRules, compile_fraud
from checks.scoring.engine import ScoringEngine
from config.fraud import Fraud
from config.load import DEFAULTS, FRAUD_FILE
from config.loading.loader import load_yaml

NOW_MS = 1_705_320_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

HEAD = "families: {first: 400, second: 300, third: 700, fourth: 900}\nrules:\n"


def payment(number: int = 1, at_ms: int = NOW_MS, **more: object) -> PaymentRequested:
    """A card payment of 50 dollars of which nothing else is known."""
    known = {"id": f"req_{number}", "at_ms": at_ms, "subject": f"pay_{number}", "rail": "card", "amount_cents": 5_000}
    return msgspec.convert(known | more, PaymentRequested)


def payout(number: int = 1, at_ms: int = NOW_MS, **more: object) -> PayoutRequested:
    """A payout of 50 dollars of which nothing else is known."""
    known = {"id": f"rpo_{number}", "at_ms": at_ms, "subject": f"po_{number}", "rail": "ach", "amount_cents": 5_000}
    return msgspec.convert(known | more, PayoutRequested)


def attempt(number: int, at_ms: int, outcome: str = "declined", **more: object) -> PaymentAttempted:
    """How an attempt ended."""
    known = {
        "id": f"out_{number}",
        "at_ms": at_ms,
        "subject": f"pay_{number}",
        "rail": "card",
        "outcome": outcome,
        "amount_cents": 5_000,
    }
    return msgspec.convert(known | more, PaymentAttempted)


def default_rules() -> FraudRules:
    """The packaged rules."""
    return compile_fraud(load_yaml(DEFAULTS / FRAUD_FILE, Fraud))


def rules_of(folder: Path, text: str) -> FraudRules:
    """Compile the YAML text."""
    path = folder / "fraud.yaml"
    path.write_text(text, encoding="utf-8")
    return compile_fraud(load_yaml(path, Fraud))


def engine_of(folder: Path, text: str) -> ScoringEngine:
    """An engine with the rules of the YAML text."""
    return ScoringEngine(rules_of(folder, text))


def rule(
    identity: str, more: str = "", *, family: str = "first", points: int = 100, on: str = "payment.requested"
) -> str:
    """One rule as a line of ``rules``."""
    body = f"id: {identity}, family: {family}, on: {on}, points: {points}, reason: because, summary: s"
    return f"  - {{{body}{', ' if more else ''}{more}}}\n"
