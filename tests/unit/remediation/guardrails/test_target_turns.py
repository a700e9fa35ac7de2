"""One turn at a time for each target, and no memory of targets that nobody changes."""

from remediation.guardrails.target_turns import TURNS_MAX, TargetTurns


async def test_a_target_has_one_turn_and_others_have_their_own() -> None:
    turns = TargetTurns()
    async with turns.of("dns:a"):
        assert turns.of("dns:a").locked()
        assert not turns.of("dns:b").locked()
    assert not turns.of("dns:a").locked()


async def test_a_turn_that_somebody_has_is_kept_when_too_many_targets_were_named() -> None:
    turns = TargetTurns()
    async with turns.of("dns:a"):
        for number in range(2 * TURNS_MAX):
            turns.of(f"fraud:block:card:{number}")
            assert len(turns._turns) <= TURNS_MAX
        assert turns.of("dns:a").locked()
