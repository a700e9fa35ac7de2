"""A walk does each harming step once, wherever its process dies, and never without asking."""

import pytest
from msgspec.structs import replace

from daemon.cli.sop.walker import End, Walker
from remediation.journal.procedure_kinds import ProcedureAnswered, ProcedureEnded, ProcedureStepBegun, RunEntry
from remediation.procedures.model import ProcedureRun
from tests.unit.daemon.cli.sop.walking_world import TEXT, Death, Kept, Says, World, begin, procedure, walk, walker
from tests.unit.remediation.worlds import NOW_MS, Stopped

WALKED = procedure()
CRASHES_MAX = 200


def whole() -> World:
    """A walk that nothing disturbs."""
    world = World()
    begin(world, WALKED)
    assert walk(world, WALKED).end is End.DONE
    return world


def begin_and_walk(world: World) -> None:
    """As `sop run` does."""
    begin(world, WALKED)
    walk(world, WALKED)


PLACES = whole().death.places


def test_a_walk_looks_by_itself_asks_before_it_harms_and_writes_everything_down() -> None:
    world, person = World(), Says()
    begin(world, WALKED)
    assert walk(world, WALKED, person).end is End.DONE
    assert person.asked == ["first", "tell", "second"]
    assert world.kills == ["first", "second"]
    run = Kept(world).run
    assert run is not None
    assert {name: str(one.state) for name, one in run.results.items()} == dict.fromkeys(run.steps, "passed")
    assert run.outcome == "done"


@pytest.mark.parametrize("place", range(1, PLACES + 1))
def test_a_run_that_dies_anywhere_is_gone_on_with_and_harms_once(place: int) -> None:
    world = World(death=Death(at=place))
    with pytest.raises(Stopped):
        begin_and_walk(world)
    world.death = Death()
    if Kept(world).run is None:
        begin(world, WALKED)
    assert walk(world, WALKED).end is End.DONE
    assert world.kills == ["first", "second"]
    assert world.killed == {"first", "second"}


def test_a_run_that_dies_again_and_again_ends_in_the_same_world() -> None:
    world = World()
    begin(world, WALKED)
    for number in range(CRASHES_MAX):
        world.death = Death(at=2 + number % 11)
        try:
            if walk(world, WALKED).end is End.DONE:
                break
        except Stopped:
            continue
    assert world.kills == ["first", "second"]
    assert isinstance(world.entries[-1], ProcedureEnded)
    assert len(world.entries) > len(whole().entries), "it died on the way"


def test_what_may_have_been_done_and_is_not_seen_to_be_is_asked_about_and_never_just_repeated() -> None:
    world = World(shows=False)
    begin(world, WALKED)
    assert walk(world, WALKED).end is End.STOPPED
    refusing = Says(lambda about: "no" if about == "first" else "yes")
    again = walk(world, WALKED, refusing)
    assert (again.end, again.step, again.detail) == (End.WAITS, "first", "a person said no, so nothing was done")
    assert (world.kills, refusing.asked) == (["first"], ["first"])
    world.shows = True
    assert walk(world, WALKED, Says()).end is End.DONE
    assert world.kills == ["first", "second"]


def test_nobody_there_means_that_nothing_is_done_and_the_run_stands_where_it_was() -> None:
    world = World()
    begin(world, WALKED)
    walked = walk(world, WALKED, Says(lambda _: "nothing that was asked"))
    assert (walked.end, walked.step, world.kills) == (End.WAITS, "first", [])
    assert walk(world, WALKED).end is End.DONE


def test_a_step_that_a_person_leaves_out_is_not_done_and_is_written_down_as_left_out() -> None:
    world = World()
    begin(world, WALKED)
    assert walk(world, WALKED, Says(lambda about: "skip" if about == "first" else "yes")).end is End.DONE
    run = Kept(world).run
    assert run is not None
    assert (world.kills, run.results["first"].state) == (["second"], "skipped")


def test_yes_to_all_that_cannot_harm_says_yes_to_nothing_that_can() -> None:
    text = TEXT.replace("[tillwatch, incidents, list]", "[tillwatch, rollback, rehearse]").replace(
        "id: look, title: Look,", "id: look, title: Look, check: {kind: exit, command: [tillwatch, incidents, list]},"
    )
    world, mild = World(), procedure(text)
    begin(world, mild)
    person = Says(lambda about: "yes" if about != "first" else "?", harmless_yes=True)
    assert walk(world, mild, person).step == "first"
    assert person.asked == ["first"]
    assert ("tillwatch", "rollback", "rehearse") in world.commands
    world = World()
    begin(world, mild)
    asking = Says(harmless_yes=False)
    walk(world, mild, asking)
    assert asking.asked[0] == "look"


@pytest.mark.parametrize(
    ("criticality", "end", "state"), [("blocks", End.STOPPED, "failed"), ("warns", End.DONE, "warned")]
)
def test_a_step_that_fails_stops_the_procedure_only_where_it_blocks(criticality: str, end: End, state: str) -> None:
    text = TEXT.replace("id: books\n", f"id: books\n    criticality: {criticality}\n")
    world, walked = World(balanced=False), procedure(text)
    begin(world, walked)
    found = walk(world, walked)
    run = Kept(world).run
    assert run is not None
    assert (found.end, run.results["books"].state) == (end, state)
    assert run.results["books"].detail == "balanced is false, expected: equals true"
    assert (run.detail == "went wrong: books") is (criticality == "warns")


def test_a_step_for_two_waits_when_nobody_can_be_asked() -> None:
    text = TEXT.replace("id: first\n", "id: first\n    approval: {second_person: true}\n")
    world, walked = World(journaled=False), procedure(text)
    begin(world, walked)
    found = walk(world, walked)
    assert (found.end, found.step, world.kills) == (End.WAITS, "first", [])
    assert "second person" in found.detail


class Leaves(Kept):
    """Written down here alone from the moment on in which a step for two is begun."""

    def record(self, said: RunEntry) -> ProcedureRun:
        """See Kept."""
        run = super().record(said)
        if isinstance(said, ProcedureStepBegun) and said.step == "first":
            self._world.journaled = False
        return run


def test_a_daemon_that_goes_away_with_the_question_for_a_second_person_does_and_takes_back_nothing() -> None:
    walked = procedure(TEXT.replace("id: first\n", "id: first\n    approval: {second_person: true}\n"))
    world = World()
    begin(world, walked)
    alone = Walker(walked, Leaves(world), world, Says(), lambda: NOW_MS, lambda _: None)
    assert (alone.walk().end, world.kills) == (End.WAITS, [])
    world.journaled = True
    assert walk(world, walked).end is End.DONE
    assert world.kills == ["first", "second"], "asked anew once the daemon is back, and done once"
    world.entries.pop()
    found = Walker(walked, Leaves(world), world, Says(), lambda: NOW_MS, lambda _: None).take_back(walked.steps[1:2])
    assert (found.end, "first" in world.killed) == (End.WAITS, True)


def test_what_was_done_is_taken_back_the_last_first_and_each_is_asked_about() -> None:
    world = whole()
    world.entries.pop()
    person = Says()
    steps = [step for step in WALKED.steps if step.undo]
    assert walker(world, WALKED, person).take_back(steps).end is End.DONE
    assert person.asked == ["second.undo", "first.undo"]
    assert world.killed == set()
    run = Kept(world).run
    assert run is not None
    assert {run.results["first"].state, run.results["second"].state} == {"undone"}


@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6, 7])
def test_taking_back_that_dies_anywhere_is_taken_up_again(place: int) -> None:
    world = whole()
    world.entries.pop()
    world.death = Death(at=place)
    steps = [step for step in WALKED.steps if step.undo]
    with pytest.raises(Stopped):
        walker(world, WALKED).take_back(steps)
    world.death = Death()
    assert walker(world, WALKED).take_back(steps).end is End.DONE
    assert world.killed == set()


def test_answers_stand_before_what_they_allow() -> None:
    entries = whole().entries
    for place, said in enumerate(entries):
        if isinstance(said, ProcedureStepBegun) and said.step in {"first", "second"}:
            before = entries[place - 1]
            assert isinstance(before, ProcedureAnswered)
            assert replace(before, number=0, said_at_ms=0).answer == "yes"
