"""A deployment's steps in words: every kind has some, and its tables fit into 80 columns with nothing cut off."""

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from config.delivery.deployment import Deployments
from daemon.cli.acting.deployment_words import View, gates_of, plan_table, table_of
from daemon.deployments.words import PHASE_WORDS, changes, does, name_of, place_of, seconds
from remediation.deployment.findings import GateReading, GateState, StepFinding, StepReport
from remediation.deployment.plan import Plan, Request, Standing, Strategy
from remediation.deployment.planning import plan
from remediation.deployment.run import DeploymentRun

WIDTH = 80


def planned(
    strategy: Strategy = Strategy.BLUE_GREEN, cohort: str = "", regions: tuple[str, ...] = ("us-east-1",)
) -> Plan:
    request = Request(
        deployment_id="dep-2.0.0-7",
        version="2.0.0",
        strategy=strategy,
        regions=regions,
        requested_by="ann",
        cohort=cohort,
    )
    standing = [
        Standing(
            region=region,
            environment="blue",
            version="1.0.0",
            spare="green",
            size=4,
            traffic="dns:payments.tillwatch.test",
        )
        for region in regions
    ]
    return plan(request, standing, Deployments())


def shown(what: RenderableType) -> str:
    written = StringIO()
    Console(file=written, width=WIDTH, soft_wrap=True, highlight=False).print(what)
    return written.getvalue()


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_step_of_every_strategy_says_what_it_does(strategy: Strategy) -> None:
    made = planned(strategy, cohort="merchant=mer_12")
    for step in (*made.steps, *made.unwinding):
        assert does(step), step.id
        assert step.kind == "migrate" or "None" not in does(step)
        assert step.region not in changes(step)


def test_a_shift_says_how_much_goes_where() -> None:
    by_name = {name_of(step): does(step) for step in planned(cohort="merchant=mer_12").steps}
    assert by_name["shift-5"] == "5 % to green 2.0.0"
    assert by_name["cohort"] == "merchant=mer_12 to green 2.0.0"
    assert by_name["deploy"] == "puts up green 2.0.0, 4 instances"
    assert by_name["bake"] == "30 min with all traffic; blue 1.0.0 stays warm"


def test_phases_stand_in_their_order_before_what_undoes_them() -> None:
    made = planned()
    seen = list(dict.fromkeys(place_of(step).partition(", ")[2] for step in (*made.steps, *made.unwinding)))
    assert seen == list(PHASE_WORDS.values())


@pytest.mark.parametrize(
    ("count", "words"), [(0.2, "0 s"), (45, "45 s"), (90, "1 min 30 s"), (720, "12 min"), (3661, "1 h 1 min 1 s")]
)
def test_times_are_whole(count: float, words: str) -> None:
    assert seconds(count) == words


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_plan_fits_into_a_terminal_and_names_every_step_in_full(strategy: Strategy) -> None:
    made = planned(strategy, regions=("us-east-1", "us-west-2"))
    text = shown(plan_table(made))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= WIDTH
    assert "…" not in text
    for step in made.steps:
        assert name_of(step) in text
    assert text.count(", traffic rollout") == 2


def test_what_a_step_saw_is_text_and_no_markup() -> None:
    made = planned()
    run = DeploymentRun(id="dep-2.0.0-7", sequence=7, plan=made, planned_at_ms=1, began_at_ms=1)
    report = StepReport(
        finding=StepFinding.WAITING,
        detail="[red]2 of 4[/] healthy",
        readings=(
            GateReading(gate="calm", state=GateState.PASSED, shown="0", limit="> 1", samples=3),
            GateReading(
                gate="payment-response-time-rollback",
                state=GateState.BREACHED,
                shown="12 s on [green]",
                limit="> 10s",
                samples=3,
                samples_needed=50,
            ),
        ),
    )
    view = View(run=run, waits_for=report, spent_seconds=12.4, deployment=None)
    text = shown(table_of(view))
    assert "[red]2 of 4[/] healthy" in text
    assert "12 s of" in text
    gates = gates_of(view)
    assert gates is not None
    told = shown(gates)
    assert "[green]" in told
    assert told.index("payment-response-time-rollback") < told.index("calm")
    assert "3 of 50" in told
