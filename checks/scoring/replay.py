"""A recorded score reached again from its readings, under the same rules or under ones that are being tried."""

import msgspec

from checks.scoring.compile import FraudRules
from checks.scoring.model import Match, Score
from checks.scoring.verdict import Judge, Scale, decide


def replay(score: Score, rules: FraudRules) -> Score:
    """The score that these rules give to the recorded readings.

    Points, limits, caps, bands and modes are those of the rules given. A rule that is not in the record has no reading
    and adds nothing; a changed ``where``, ``per`` or measure needs the facts themselves: run them through an engine.
    """
    readings = dict(zip(score.rules, score.readings, strict=True))
    scored = [compiled for compiled in rules.rules if compiled.rule.on == score.kind]
    reasons: list[Match] = []
    shadow: list[Match] = []
    for compiled in scored:
        reading = readings.get(compiled.rule.id)
        judge = Judge(compiled.rule, compiled.breach)
        if reading is not None and judge.test(reading, judge.threshold):
            (reasons if judge.enforced else shadow).append(judge.match(reading))
    hard_modes = {hard.id: hard.mode for hard in rules.fraud.hard}
    shadow += [match for match in score.shadow if not match.family and hard_modes.get(match.rule) == "shadow"]
    scale = Scale(dict(rules.fraud.families), rules.fraud.bands)
    families = scale.families(reasons)
    value = scale.value(families)
    band = scale.band(value)
    return msgspec.structs.replace(
        score,
        value=value,
        band=band,
        decision=decide(band, score.hard, allowed=bool(score.allowed)),
        reasons=tuple(reasons),
        shadow=tuple(shadow),
        families=families,
        rules=tuple(compiled.rule.id for compiled in scored),
        readings=tuple(readings.get(compiled.rule.id) for compiled in scored),
        version=rules.version,
    )
