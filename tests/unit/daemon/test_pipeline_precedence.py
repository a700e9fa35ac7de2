"""Two rules want different things of one card at the same moment: the safer is done, and there is one entry."""

from pathlib import Path

from checks.facts import PaymentAttempted
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.executor import Executor
from tests.unit.daemon.pipeline_world import deciding, line
from tests.unit.remediation.guardrails.simulated import Ground, SimulatedClock, SlowAction
from tests.unit.remediation.worlds import NOW_MS, scene

RULES = """
rules:
  - id: look-at-it
    family: fraud
    on: payment.attempted
    per: [method_fingerprint]
    measure: {count: "outcome == 'declined'", window: 60s}
    breach: ">= 5"
    severity: high
    do: [require.review]
    runbook: r
  - id: stop-it
    family: fraud
    on: payment.attempted
    per: [method_fingerprint]
    measure: {count: "outcome == 'declined'", window: 60s}
    breach: ">= 5"
    severity: high
    do: [block.fingerprint]
    runbook: r
"""


def declined(card: str) -> list[PaymentAttempted]:
    return [
        PaymentAttempted(
            id=f"evt-{card}-{number}",
            at_ms=NOW_MS,
            subject=f"pay_{card}_{number}",
            outcome="declined",
            rail="card",
            amount_cents=100,
            method_fingerprint=card,
        )
        for number in range(5)
    ]


async def test_the_safer_of_two_is_done_and_its_entry_names_the_other(tmp_path: Path) -> None:
    here = await scene()
    instant = SimulatedClock()
    instant.sleep = here.clock.sleep  # type: ignore[method-assign]  # nothing else happens at the same time
    ground = Ground(instant)
    here.executor = Executor(here.writer, dict.fromkeys(LIST_ACTIONS, SlowAction(ground, 0.0)), here.clock, here.policy)
    async with line(tmp_path, here, RULES) as one:
        await one.pipeline.accept([*declined("fp_1"), *declined("fp_2")], "queue")
        async with deciding(one):
            await one.until("outcome", 2)
            await one.decide_all()
        decisions = await one.told("decision")
        assert [(entry["action"], entry["set_aside"]) for entry in decisions] == [
            ("block.fingerprint", ["require.review of look-at-it"])
        ] * 2
        assert ground.changes == ["fraud:block:card:fp_1", "fraud:block:card:fp_2"]
        # At the next tick the one that was set aside is asked again, and is another entry of the list.
        assert len(await one.told("finding")) == 4
