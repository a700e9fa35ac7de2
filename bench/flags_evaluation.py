"""What one flag costs beside flagd's own evaluator, and whether customers keep their side of a rollout."""

import gc
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from statistics import median
from time import thread_time
from typing import Any

from openfeature import api
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from bench.workloads.targeting import FLAG, STATIC, context, customers, document, flag, share
from checks.facts import PaymentRequested
from payment_core.clock import SystemClock
from payment_core.flags import Evaluator, compile_document
from payment_core.flags.context import requested_context
from payment_core.flags.declared import DECLARED, DIRECT_ACH_TRANSFERS, FRAUD_DETECTOR
from payment_core.flags.provider import FlagProvider
from payment_core.flags.serving import Flags, Serving
from payment_core.origin import Origin
from payment_core.payments.gating import PaymentGates

ROUNDS, OURS, THEIRS = 15, 20_000, 1_000
"""Rounds in which both sides are measured one after the other, and evaluations of each."""
CONTEXTS = 512
FLAGS = 1_000
PERCENTS = (1, 5, 10, 25, 50, 75, 90, 99)
MICROSECONDS = 1_000_000
DEFAULT = False

Ask = Callable[[], object]


def figures(people: int) -> dict[str, Any]:
    """All figures; times are of the processor, of one thread. people: customers of the split."""
    return {**speed(), **compiling(), "payment": per_payment(), "split": split(people)}


def speed() -> dict[str, Any]:
    """Evaluations per second of one core, ours and flagd's in turns, and through the OpenFeature client."""
    evaluator, core = compile_document(document()), FlagdCore()
    core.set_flags(document())
    api.set_provider(FlagProvider(evaluator), "bench")
    client = api.get_client("bench")
    matched = [context(customer) for customer in customers(CONTEXTS)]
    missed = [context(customer, "BR") for customer in customers(CONTEXTS)]
    found: dict[str, Any] = {}
    for name, key, contexts in (("targeting", FLAG, matched), ("missed", FLAG, missed), ("static", STATIC, matched)):
        wrapped = [_of_openfeature(one) for one in contexts]
        sides: dict[str, tuple[Ask, int]] = {
            "ours": (_ours(evaluator, key, contexts), OURS),
            "flagd_core": (_cycled(wrapped, partial(core.resolve_boolean_value, key, DEFAULT)), THEIRS),
            "openfeature_client": (_cycled(wrapped, partial(client.get_boolean_value, key, DEFAULT)), THEIRS),
        }
        rates = _rates(sides)
        found[f"{name}_evaluations_per_second"] = {side: round(rate) for side, rate in rates.items()}
        found[f"{name}_times_flagd_core"] = round(rates["ours"] / rates["flagd_core"], 1)
    api.clear_providers()
    return found


def compiling() -> dict[str, Any]:
    """Milliseconds for a document of a thousand rules, afresh and when one of them was changed."""
    rules = {f"flag-{number}": document()["flags"][FLAG] for number in range(FLAGS)}
    took_ms, first = _timed_ms(lambda: compile_document({"flags": rules}))
    changed = {**rules, "flag-500": flag(share(30))}
    again_ms, _ = _timed_ms(lambda: compile_document({"flags": changed}, previous=first))
    return {f"compile_{FLAGS}_rules_ms": round(took_ms), f"one_of_{FLAGS}_changed_ms": round(again_ms)}


def per_payment() -> dict[str, Any]:
    """Microseconds that all flags together take of a payment by bank account, which meets most of them.

    packaged: flags without rules. rollouts: every flag with a rule, and one of them an experiment.
    """
    plain = {key: flag(None, declared.variants) for key, declared in DECLARED.items()}
    rules = {
        key: flag({"if": [{"in": [{"var": "country"}, ["DE", "US"]]}, share(50, declared.variants)]}, declared.variants)
        for key, declared in DECLARED.items()
    }
    rules["checkout"] = flag(share(50), experiment=True)
    fact = _requested()
    return {
        "packaged_microseconds": round(_payment_microseconds(plain, fact), 2),
        "rollouts_microseconds": round(_payment_microseconds(rules, fact), 2),
    }


def split(people: int) -> dict[str, Any]:
    """How far the share of customers is from the one asked for, and how many changed back as it rose."""
    evaluators = [compile_document({"flags": {FLAG: flag(share(percent))}}) for percent in PERCENTS]
    counts = [0] * len(PERCENTS)
    moved_back = 0
    for customer in customers(people):
        asked = {"targetingKey": customer}
        sides = [evaluator.resolve(FLAG, asked).value for evaluator in evaluators]
        moved_back += sides != sorted(sides)
        for index, side in enumerate(sides):
            counts[index] += side
    shares = [100 * count / people for count in counts]
    worst = max(abs(found - asked) for found, asked in zip(shares, PERCENTS, strict=True))
    return {
        "customers": people,
        "percents": dict(zip(map(str, PERCENTS), (round(one, 3) for one in shares), strict=True)),
        "worst_difference_percentage_points": round(worst, 3),
        "moved_back": moved_back,
    }


def _payment_microseconds(flags: dict[str, Any], fact: PaymentRequested) -> float:
    serving = Flags(SystemClock())
    serving.serve(Serving(evaluator=compile_document({"flags": flags}), version=1))
    gates = PaymentGates(serving, Origin("green", "v2.1.0", "us-east-1"))

    def pay() -> object:
        asked = requested_context(fact)
        gates.closed(asked)
        serving.enabled(DIRECT_ACH_TRANSFERS, asked)
        serving.variant(FRAUD_DETECTOR, requested_context(fact))
        return gates.exposures(asked)

    return MICROSECONDS / _rates({"pay": (pay, OURS)})["pay"]


def _requested() -> PaymentRequested:
    return PaymentRequested(
        id="evt_1",
        subject="pay_1",
        at_ms=0,
        environment="green",
        version="v2.1.0",
        region="us-east-1",
        customer_id="cus_1",
        provider_id="pro_1",
        rail="ach",
        amount_cents=12_900,
        currency="USD",
        billing_country="DE",
        customer_type="business",
        paid_count=7,
    )


def _ours(evaluator: Evaluator, key: str, contexts: Sequence[dict[str, object]]) -> Ask:
    following, resolve = cycle(contexts).__next__, evaluator.resolve
    return lambda: resolve(key, following())


def _cycled(contexts: Sequence[EvaluationContext], ask: Callable[[EvaluationContext], object]) -> Ask:
    following = cycle(contexts).__next__
    return lambda: ask(following())


def _of_openfeature(asked: dict[str, object]) -> EvaluationContext:
    attributes: dict[str, Any] = {name: value for name, value in asked.items() if name != "targetingKey"}
    return EvaluationContext(str(asked["targetingKey"]), attributes)


def _rates(sides: dict[str, tuple[Ask, int]]) -> dict[str, float]:
    """Per second of processor time: the median of the rounds."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    gc.collect()
    for _ in range(ROUNDS):
        for name, (ask, times) in sides.items():
            started = thread_time()
            for _ in range(times):
                ask()
            rates[name].append(times / (thread_time() - started))
    return {name: median(found) for name, found in rates.items()}


def _timed_ms(work: Callable[[], Evaluator]) -> tuple[float, Evaluator]:
    started = thread_time()
    made = work()
    return (thread_time() - started) * 1000, made
