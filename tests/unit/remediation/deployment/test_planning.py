"""Plans: the same for the same question, and safe in their order whatever is asked."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from config.delivery.deployment import Deployments, Rollout, Stage
from remediation.deployment.plan import Plan, Strategy
from remediation.deployment.planning import BAKE_SLACK_SECONDS, LIFT_SECONDS, RETIRE_SECONDS, UNDOES, plan
from tests.unit.remediation.deployment.ground import request, standing

REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
MOVES = frozenset({"shift", "roll"})


@st.composite
def rollouts(draw: st.DrawFn) -> Rollout:
    percents = [*sorted(draw(st.sets(st.integers(1, 99), min_size=0, max_size=5))), 100]
    shift = draw(st.sampled_from([1.0, 30.0, 90.0]))
    watched_last = draw(st.booleans()) or len(percents) == 1
    stages = [Stage(percent=percent, monitor=shift * 2 + 60 + draw(st.integers(0, 900))) for percent in percents[:-1]]
    stages.append(Stage(percent=100, monitor=shift + 60.0 if watched_last else 0.0))
    total = sum(stage.monitor for stage in stages)
    return Rollout(within=total + draw(st.integers(0, 600)), shift=shift, stages=tuple(stages))


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, Deployments]:
    configuration = Deployments()
    phases = configuration.phases.model_copy(update={"traffic_rollout": draw(rollouts())})
    kept = draw(st.sampled_from(["kept", "stopped"]))
    configuration = configuration.model_copy(update={"phases": phases, "without_traffic": kept})
    regions = draw(st.lists(st.sampled_from(REGIONS), min_size=1, max_size=3, unique=True))
    asked = request(
        strategy=draw(st.sampled_from(Strategy)),
        regions=tuple(regions),
        cohort=draw(st.sampled_from(["", "merchant=mer_12"])),
    )
    size = draw(st.integers(1, 40))
    return plan(asked, [standing(region, size) for region in regions], configuration), configuration


@given(plans())
def test_every_step_has_a_name_of_its_own_and_time(made: tuple[Plan, Deployments]) -> None:
    steps = (*made[0].steps, *made[0].unwinding)
    assert len({step.id for step in steps}) == len(steps)
    assert all(step.within_seconds > 0 for step in steps)


@given(plans())
def test_the_share_only_rises_and_ends_with_everything(made: tuple[Plan, Deployments]) -> None:
    for region in made[0].request.regions:
        shares = [
            int(step.arguments["percent"]) for step in made[0].steps if step.kind in MOVES and step.region == region
        ]
        assert shares == sorted(set(shares))
        assert shares[-1] == 100
        counts = [
            int(step.arguments["instances"]) for step in made[0].steps if step.kind == "roll" and step.region == region
        ]
        assert counts == sorted(set(counts))
        if counts:
            assert counts[-1] == made[0].standing[0].size


@given(plans())
def test_no_payment_of_anybody_before_test_traffic(made: tuple[Plan, Deployments]) -> None:
    for region in made[0].request.regions:
        kinds = [step.kind for step in made[0].steps if step.region == region]
        first = next(place for place, kind in enumerate(kinds) if kind in MOVES | {"cohort"})
        assert "test.traffic" in kinds[:first]
        assert "check.gates" in kinds[:first]
        assert "prepare.rollback" in kinds[:first]


@given(plans())
def test_a_region_is_over_before_the_next_is_touched(made: tuple[Plan, Deployments]) -> None:
    order = [step.region for step in made[0].steps]
    assert [region for place, region in enumerate(order) if region not in order[:place]] == list(
        made[0].request.regions
    )
    assert sorted(order, key=made[0].request.regions.index) == order


@given(plans())
def test_the_steps_of_a_phase_share_its_time(made: tuple[Plan, Deployments]) -> None:
    made_plan, configuration = made
    phases = configuration.phases
    spent: dict[tuple[str, str], float] = defaultdict(float)
    for step in made_plan.steps:
        spent[step.region, step.phase] += step.within_seconds
    for (_, phase), seconds in spent.items():
        within = getattr(phases, phase).within
        if phase == "final_validation":
            seconds -= configuration.bake + BAKE_SLACK_SECONDS  # noqa: PLW2901 - what comes after it
            seconds -= RETIRE_SECONDS if configuration.without_traffic == "stopped" else 0  # noqa: PLW2901 - see above
            lifted = made_plan.request.cohort and made_plan.request.strategy is not Strategy.ROLLING
            seconds -= LIFT_SECONDS if lifted else 0  # noqa: PLW2901 - what comes after it
        assert abs(seconds - within) < 1e-6


@given(plans())
def test_what_is_undone_was_planned_in_the_same_region_and_the_last_comes_first(made: tuple[Plan, Deployments]) -> None:
    places = {step.id: place for place, step in enumerate(made[0].steps)}
    undone = [step.arguments[UNDOES] for step in made[0].unwinding]
    assert [places[name] for name in undone] == sorted((places[name] for name in undone), reverse=True)
    assert all(step.region == made[0].steps[places[step.arguments[UNDOES]]].region for step in made[0].unwinding)


@given(plans())
def test_the_old_version_stays_until_the_bake_is_over_and_for_good_where_it_is_kept(
    made: tuple[Plan, Deployments],
) -> None:
    for region in made[0].request.regions:
        kinds = [step.kind for step in made[0].steps if step.region == region]
        if made[1].without_traffic == "kept":
            assert "retire" not in kinds
        else:
            assert kinds[kinds.index("bake") :] in (["bake", "retire"], ["bake", "cohort", "retire"])
    stopped = [step for step in made[0].unwinding if step.kind == "retire"]
    assert len(stopped) == (0 if made[1].without_traffic == "kept" else len(made[0].request.regions))


def test_the_packaged_plan_has_the_phases_and_the_minutes_of_the_owner() -> None:
    made = plan(request(), [standing()], Deployments())
    minutes: dict[str, float] = defaultdict(float)
    for step in made.steps:
        if step.kind not in {"bake", "retire"}:
            minutes[step.phase] += step.within_seconds / 60
    assert {phase: round(spent, 6) for phase, spent in minutes.items()} == {
        "pre_deployment_validation": 5,
        "infrastructure_initialization": 10,
        "data_migration": 30,
        "blue_green_deployment": 20,
        "traffic_rollout": 45,
        "final_validation": 10,
    }
    assert [step.arguments["percent"] for step in made.steps if step.kind == "shift"] == ["5", "25", "50", "100"]


def test_a_rolling_stage_says_the_share_that_its_instances_have() -> None:
    made = plan(request(strategy=Strategy.ROLLING), [standing(size=3)], Deployments())
    moved = [(step.arguments["instances"], step.arguments["percent"]) for step in made.steps if step.kind == "roll"]
    assert moved == [("1", "33"), ("2", "66"), ("3", "100")]
    assert [step.arguments["percent"] for step in made.steps if step.id.endswith("watch-5")] == ["33"]


def test_the_same_question_has_the_same_plan() -> None:
    assert plan(request(), [standing()], Deployments()) == plan(request(), [standing()], Deployments())
