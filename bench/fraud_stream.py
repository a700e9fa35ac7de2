"""What the packaged stream rules against card testers see in labelled traffic, and which honest keys they mistake."""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from bench.fraud import CUSTOMERS, OTHER_SEEDS, TUNING_SEED, outcome_of, traffic
from bench.workloads.people import Event
from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import PaymentAttempted, PaymentRequested
from checks.findings import State
from checks.rules import compile_rules
from config.load import load_configuration

TICK_MS = 1_000
PAYER_FIELDS = frozenset({"method_fingerprint", "device_id", "ip", "customer_id", "bin"})


def main() -> None:
    """Measure and print; the same seed gives the same traffic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[TUNING_SEED, *OTHER_SEEDS])
    parser.add_argument("--json", action="store_true", help="print the result alone")
    arguments = parser.parse_args()
    result = measure(arguments.seeds, arguments.customers)
    if not arguments.json:
        for name, value in result.items():
            print(f"{name:>40}: {value}")
    print(json.dumps(result))


def measure(seeds: Sequence[int], customers: int) -> dict[str, object]:
    """By rule, over all seeds: honest keys that it breached for, testers that it saw, and after how many tries.

    No score stands before these payments, so a tester is declined by issuers alone: what the rules see when the score
    is not there.
    """
    rules = payer_rules()
    mistaken: defaultdict[str, int] = defaultdict(int)
    tries: defaultdict[str, list[int]] = defaultdict(list)
    testers = payments = 0
    for seed in seeds:
        events = [event for event in traffic(seed, customers) if isinstance(event.fact, PaymentRequested)]
        payments += len(events)
        testers += len({event.attack for event in events if event.attack.startswith("card-testing")})
        for rule in rules:
            wrong, seen = watch(rule, events)
            mistaken[rule.rule.id] += wrong
            tries[rule.rule.id] += seen
    return {
        "payments": payments,
        "testers": testers,
        "rules": {
            rule.rule.id: {
                "honest_keys_breached": mistaken[rule.rule.id],
                "testers_seen": len(tries[rule.rule.id]),
                "median_tries_until_seen": median(tries[rule.rule.id]) if tries[rule.rule.id] else None,
            }
            for rule in rules
        },
    }


def payer_rules() -> list[CompiledRule]:
    """The packaged rules that tell one payer, card, device or address from others by how their payments end."""
    compiled = compile_rules(load_configuration(None, {}).rule_files)
    return [
        one
        for one in compiled
        if one.rule.family == "fraud" and one.rule.on == "payment.attempted" and PAYER_FIELDS & set(one.rule.per)
    ]


def watch(rule: CompiledRule, events: Sequence[Event]) -> tuple[int, list[int]]:
    """Honest keys breached, and for each tester that was seen its tries until then."""
    engine, field = Engine([rule]), rule.rule.per[0]
    attackers: defaultdict[str, set[str]] = defaultdict(set)
    tries: defaultdict[str, int] = defaultdict(int)
    mistaken: set[str] = set()
    seen: dict[str, int] = {}
    ticked_ms = 0
    for event in events:
        if not isinstance(event.fact, PaymentRequested):
            continue
        outcome: PaymentAttempted = outcome_of(event, event.fact)
        key = str(getattr(outcome, field))
        if event.attack:
            attackers[key].add(event.attack)
            tries[event.attack] += 1
        findings = engine.observe([outcome], outcome.at_ms)
        if outcome.at_ms - ticked_ms >= TICK_MS:
            findings += engine.tick(outcome.at_ms)
            ticked_ms = outcome.at_ms
        for finding in findings:
            if finding.state is not State.BREACHED:
                continue
            found = attackers.get(finding.key[field], set())
            if not found:
                mistaken.add(finding.key[field])
            for attack in found:
                if attack.startswith("card-testing"):
                    seen.setdefault(attack, tries[attack])
    return len(mistaken), list(seen.values())


if __name__ == "__main__":
    main()
