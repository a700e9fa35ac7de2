"""Why a rule fires or does not: each state and each reason has its sentence, with the numbers."""

import pytest

from checks.explaining.why import Decided, Now, why
from checks.findings import State
from tests.unit.checks.conftest import Compile
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_767_225_600_000
RATIO = rule(
    "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}",
    breach="> 2%",
    clear="< 1% for 2m",
    do="[rollback.traffic]",
    more="for: 30s\n    no_data: page",
)
ABSENT = rule("{absent: 30s}", per="[]")
VALUE = rule("{value: state, stale_after: 1d}", on="alarm.state_changed", per="[subject]", breach="== 'ALARM'")


def now(state: State, value: float | None, shown: str, **more: int) -> Now:
    fields = {"samples": 120, "since_ms": NOW_MS - 5_000, "fires_at_ms": 0, **more}
    return Now(state=state, value=value, shown=shown, **fields)


REFUSED = Decided(act=False, reason="observe_only", detail="automatic actions are switched off", outcome="")
ACTED = Decided(act=True, reason="breached", detail="rolls 2.0.0 on green back", outcome="verified")


@pytest.mark.parametrize(
    ("item", "reading", "decided", "sentence"),
    [
        (
            RATIO,
            now(State.BREACHED, 0.051, "5.1 %"),
            REFUSED,
            (
                "fires since 2025-12-31 23:59:55 UTC: 5.1 % is > 2%. "
                "Nothing was done (observe_only): automatic actions are switched off"
            ),
        ),
        (
            RATIO,
            now(State.BREACHED, 0.015, "1.5 %"),
            ACTED,
            (
                "fires since 2025-12-31 23:59:55 UTC: 1.5 % is no longer > 2%, and it fires on until it is < 1% for 2m"
                ". It acted, which was verified: rolls 2.0.0 on green back"
            ),
        ),
        (
            RATIO,
            now(State.PENDING, 0.03, "3 %", fires_at_ms=NOW_MS + 12_000),
            None,
            "does not fire yet: 3 % is > 2%, which has to hold for 30 s: 12 s are left",
        ),
        (RATIO, now(State.CLEARED, 0.012, "1.2 %"), None, "does not fire: 1.2 % is not > 2%"),
        (
            RATIO,
            now(State.NO_DATA, None, "", samples=12, since_ms=0),
            None,
            "does not fire: 12 samples, 50 are needed",
        ),
        (
            RATIO,
            now(State.NO_DATA, None, "", samples=0),
            None,
            "does not fire: 0 samples, 50 are needed; its silence was told of",
        ),
        (
            VALUE,
            now(State.NO_DATA, None, "", samples=1),
            None,
            "does not fire: nothing was heard of it for too long, and no data is no breach",
        ),
        (
            VALUE,
            now(State.BREACHED, 1.0, "ALARM"),
            None,
            "fires since 2025-12-31 23:59:55 UTC: ALARM is == 'ALARM'. It asks for no action",
        ),
        (
            ABSENT,
            now(State.CLEARED, 4.0, "4 s"),
            None,
            "does not fire: 4 s, and the limit is: no fact for 30 s",
        ),
    ],
)
def test_a_state_and_what_came_of_it_is_one_sentence(
    compiled: Compile, item: str, reading: Now, decided: Decided | None, sentence: str
) -> None:
    (one,) = compiled(rules(item))
    assert why(one, reading, decided, NOW_MS) == sentence
