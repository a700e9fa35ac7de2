"""More rules than are packaged: what a marketplace adds by key, and rules over kinds of facts that are rare."""

import tempfile
from collections.abc import Sequence
from itertools import islice, product
from pathlib import Path

import yaml

from checks.compiled_rule import CompiledRule
from checks.rules import compile_rules
from config.load import load_configuration
from config.loading.loader import load_yaml
from config.rules.rule_file import RuleFile

KEYS = (["method_fingerprint"], ["customer_id"], ["provider_id"], ["rail", "region"], ["card_brand"])
CONDITIONS = ("outcome == 'failed'", "outcome == 'declined'", "amount_cents > 100000", "latency_ms > 2000")
ONE_KEY = (["provider_id"],)
"""What a trial of other engines counted by: its one key was the merchant."""
LIMITS = (
    ("ratio", "> 60%"),
    ("count", "> 40000"),
    *(("ratio", f"> {60 + tenths / 10:g}%") for tenths in range(1, 390)),
)
RARE_KINDS = ("refund", "payout", "dispute", "object.changed", "security.finding", "ach.returned")


def default_rules() -> tuple[CompiledRule, ...]:
    """The packaged rules."""
    return compile_rules(load_configuration(None).rule_files)


def padded(count: int, keys: Sequence[list[str]] = KEYS) -> tuple[CompiledRule, ...]:
    """The packaged rules and others up to this number, over payments: by card, customer, provider, rail and brand."""
    packaged = default_rules()
    return packaged + of_payments(max(0, count - len(packaged)), keys)


def of_payments(count: int, keys: Sequence[list[str]]) -> tuple[CompiledRule, ...]:
    """Rules over windows of a minute that have these keys; more than there are conditions have further limits."""
    wanted = islice(product(LIMITS, CONDITIONS, keys), count)
    rules = [
        _rule(f"padding-{number}", "payment.attempted", {limit[0]: condition, "window": "60s"}, limit[1], per)
        for number, (limit, condition, per) in enumerate(wanted)
    ]
    return _compiled(rules)


def of_other_kinds(count: int) -> tuple[CompiledRule, ...]:
    """Rules over kinds of facts that the stream does not have."""
    rules = [
        _rule(f"rare-{number}", RARE_KINDS[number % len(RARE_KINDS)], {"count": "true", "window": "60s"}, f"> {number}")
        for number in range(count)
    ]
    return _compiled(rules)


def by_customer(measure: dict[str, object], breach: str) -> tuple[CompiledRule, ...]:
    """One rule over payments with a key for each customer."""
    rule = _rule("by-customer", "payment.attempted", {}, breach, ["customer_id"])
    return _compiled([{**rule, "measure": measure}])


def _rule(name: str, kind: str, measure: dict[str, object], breach: str, per: Sequence[str] = ()) -> dict[str, object]:
    return {
        "id": name,
        "family": "fraud",
        "on": kind,
        "per": list(per),
        "measure": {**measure, "min_samples": 20},
        "breach": breach,
        "severity": "low",
        "runbook": "bench",
        "max_keys": 200_000,
    }


def _compiled(rules: list[dict[str, object]]) -> tuple[CompiledRule, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "padding.yaml"
        path.write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
        return compile_rules([load_yaml(path, RuleFile)] if rules else [])
