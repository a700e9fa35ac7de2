"""Decides what to do about a finding: pure, and the same answer for the same evidence."""

import hashlib
import re

import msgspec

from checks.findings import Finding
from config.policy import Policy
from remediation.aiming.capacity import CAPACITY, SCALE_ACTIONS, CapacityAim, capacity_to_change
from remediation.aiming.flag import FLAG_ACTIONS, FlagAim, flag_to_change, target_of, way_of
from remediation.aiming.region import RegionAim, region_to_evacuate
from remediation.aiming.region_state import EVACUATE_REGION
from remediation.aiming.release import Miss, deployment_to_blame
from remediation.aiming.spill import SPILL_REGION, SpillAim, region_to_relieve
from remediation.aiming.subjects import LIST_ACTIONS, Subject, subject_of
from remediation.decisions import Decision, Question, Reason
from remediation.flags.model import written
from remediation.guardrails.guard import APPROVED_AS, KILL_SWITCH, Aim, Situation, held_back, question
from remediation.state import DeploymentState, State
from remediation.tracing import trace_id_of

ROLLBACK_TRAFFIC = "rollback.traffic"
"""The action that gives all traffic back to the version that a deployment replaces."""
ACTIONS = LIST_ACTIONS | FLAG_ACTIONS | SCALE_ACTIONS | {ROLLBACK_TRAFFIC, EVACUATE_REGION, SPILL_REGION, KILL_SWITCH}
"""Everything that can be carried out; a page is told and not carried out."""
CONTROL_TARGET = "control:payments"
"""What the kill switch acts on: the mode of the payment core."""
AIMLESS = frozenset({Reason.NO_DEPLOYMENT, Reason.NOT_THE_CANARY, Reason.NO_SUBJECT})
"""There is nothing for the action to act on, so the rule's next one is looked at; any other reason holds for all."""
EVIDENCE = " rather than "
"""Stands in the limit of a rule that weighs one ratio against another."""
TIME_LIMIT = re.compile(r"[<>]=? *[0-9.]+(ms|s|m|h)")
"""The limit of what is measured in milliseconds."""
_WHOLE_FROM = 1000
"""Numbers from here on are read by their digits, not by a power of ten."""
REASON_LENGTH_MAX = 200
"""Characters of a reason that the payment core takes."""


def decide(finding: Finding, state: State, policy: Policy, now_ms: int) -> Decision:
    """The one decision about this finding: act, or the first reason not to.

    Of the actions that the rule asks for, the first that has something to act on is decided on. ``page`` is none of
    them: the finding's incident is what people are told of, by its escalation.
    """
    asked = [name for name in finding.do if name in ACTIONS]
    situations = [_situation(name, finding, state, policy, now_ms) for name in asked]
    if not situations:
        situations = [_situation("", finding, state, policy, now_ms)]
    situation, held = _first_with_an_aim(situations)
    if held is None and not isinstance(situation.aim, Miss):
        plan = _plan(situation, situation.aim)
        return _decided(situation, Reason.BREACHED, plan.way, plan=plan)
    reason, why = held if held is not None else (Reason.NO_DEPLOYMENT, "no deployment is to blame")
    asks = question(situation, reason) if reason in APPROVED_AS else None
    return _decided(situation, reason, why, asks=asks)


def _first_with_an_aim(situations: list[Situation]) -> tuple[Situation, tuple[Reason, str] | None]:
    """The first action that has an aim, or the first of all, and what holds it back."""
    judged = [(situation, held_back(situation)) for situation in situations]
    return next((one for one in judged if one[1] is None or one[1][0] not in AIMLESS), judged[0])


def _situation(action: str, finding: Finding, state: State, policy: Policy, now_ms: int) -> Situation:
    aim: Aim | Miss | None
    region = ""
    if action in LIST_ACTIONS:
        aim = subject_of(action, finding, policy.fraud)
        target = "" if isinstance(aim, Miss) else aim.target
    elif action == KILL_SWITCH:
        aim, target = None, CONTROL_TARGET
    elif action == SPILL_REGION:
        aim, target = region_to_relieve(finding), policy.traffic.target_between
    elif action in SCALE_ACTIONS:
        aim = capacity_to_change(action, finding, state.scaling)
        target = "" if isinstance(aim, Miss) else aim.target
    elif action in FLAG_ACTIONS:
        aim, target = flag_to_change(action, finding, state.flags), target_of(finding.flag)
    elif action == EVACUATE_REGION:
        aim, target = region_to_evacuate(finding, state.regions, policy.traffic), policy.traffic.target_between
    else:
        aim = deployment_to_blame(finding, state)
        region = _region(finding, aim, policy)
        target = policy.traffic.target_of(region) if action else ""
    return Situation(
        finding=finding,
        state=state,
        policy=policy,
        now_ms=now_ms,
        action=action,
        target=target,
        aim=aim,
        region=region,
    )


def _region(finding: Finding, aim: DeploymentState | Miss, policy: Policy) -> str:
    """Where a rollback acts: where the finding says that it is wrong, or else where the release is being deployed."""
    if not policy.traffic.regions:
        return ""
    deployed = aim.region if isinstance(aim, DeploymentState) else ""
    return finding.key.get("region", deployed)


def reading(finding: Finding) -> str:
    """What the rule saw, with its numbers: ``payment-failure-rate on green: 5.3 % of 120 in 60 s (limit > 2%)``."""
    if finding.family == CAPACITY:
        # Its words have the units, the load and the dollars.
        return f"{finding.key.get('component', '')} in {finding.key.get('region', '')}: {finding.breach}"
    # The journal keeps keys sorted, so that order reads the same before and after it.
    place = f" on {', '.join(value for _, value in sorted(finding.key.items()))}" if finding.key else ""
    window = f" in {finding.window_seconds:g} s" if finding.window_seconds else ""
    limit = f" (limit {finding.breach})" if finding.breach else ""
    if finding.value is None:
        return f"{finding.rule_id}{place}: no reading{window}{limit}"
    shown = f"{finding.value * 100:.3g} %" if "%" in finding.breach else _number(finding.value, finding.breach)
    if EVIDENCE in finding.breach:
        # What was measured is evidence and no ratio, and its limit is all of it.
        return f"{finding.rule_id}{place}: {shown} of the evidence for {finding.breach}, in {finding.samples} facts"
    samples = f" of {finding.samples}" if finding.samples else ""
    return f"{finding.rule_id}{place}: {shown}{samples}{window}{limit}"


def _number(value: float, breach: str) -> str:
    """With its unit where the limit is a time, ``> 2s``: then it was measured in milliseconds."""
    unit = " ms" if TIME_LIMIT.fullmatch(breach) else ""
    return f"{value:,.0f}{unit}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}{unit}"


class _Plan(msgspec.Struct, frozen=True):
    """way: what is done, in words. key_parts: equal for what may be done once only."""

    way: str
    key_parts: tuple[str, ...]
    arguments: dict[str, str]


def _decided(
    situation: Situation, reason: Reason, words: str, *, plan: _Plan | None = None, asks: Question | None = None
) -> Decision:
    finding = situation.finding
    return Decision(
        id=_decision_id(finding, situation.action),
        finding=finding,
        action=situation.action,
        target=situation.target,
        reason=reason,
        act=plan is not None,
        key="" if plan is None else _digest(*plan.key_parts)[:32],
        at_ms=situation.now_ms,
        detail=f"{reading(finding)}: {words}",
        arguments={} if plan is None else plan.arguments,
        asks=asks,
        trace_id=trace_id_of(finding),
    )


def _plan(situation: Situation, aim: Aim | None) -> _Plan:
    finding, action = situation.finding, situation.action
    if isinstance(aim, DeploymentState):
        return _Plan(
            f"rolls {aim.version} on {aim.environment} back to {aim.previous_version} on {aim.previous_environment}",
            (aim.id, action, *((situation.region,) if situation.region else ())),
            {
                "deployment_id": aim.id,
                "from_environment": aim.environment,
                "to_environment": aim.previous_environment,
                "version": aim.version,
                **({"region": situation.region} if situation.region else {}),
                **_instances(situation, aim),
            },
        )
    if isinstance(aim, RegionAim):
        return _Plan(
            f"takes all traffic from {aim.region} and leaves it to {', '.join(aim.destinations)}, "
            f"because {' and '.join(aim.signals)} agree",
            (_decision_id(finding, action), action),
            {"region": aim.region, "destinations": ",".join(aim.destinations)},
        )
    if isinstance(aim, SpillAim | CapacityAim):
        return _Plan(aim.way, (_decision_id(finding, action), action), aim.arguments)
    if isinstance(aim, FlagAim):
        return _Plan(
            way_of(aim),
            (_decision_id(finding, action), action),
            {"flag": aim.flag, "setting": written(aim.setting), "reason": _brief(finding)},
        )
    if isinstance(aim, Subject):
        expires_at_ms = str(situation.now_ms + round(aim.seconds * 1000))
        return _Plan(
            f"puts {aim.kind} {aim.value} on the {aim.list} list for {aim.seconds:g} s",
            (situation.target, action, expires_at_ms),
            {
                "list": aim.list,
                "kind": aim.kind,
                "value": aim.value,
                "reason": _brief(finding),
                "expires_at_ms": expires_at_ms,
                "points": str(aim.points),
            },
        )
    return _Plan(
        "holds every payment until a person ends it",
        (_decision_id(finding, action), action),
        {"reason": _brief(finding)},
    )


def _instances(situation: Situation, aim: DeploymentState) -> dict[str, str]:
    """How many instances carried all of the traffic before, where the deployment was planned here."""
    run, region = situation.state.runs.get(aim.id), situation.region if situation.region else aim.region
    standing = None if run is None else run.plan.standing_in(region)
    return {} if standing is None else {"instances": str(standing.size)}


def _brief(finding: Finding) -> str:
    """The reading, as long as a reason in the payment core may be."""
    return f"tillwatch: {reading(finding)}"[:REASON_LENGTH_MAX]


def _decision_id(finding: Finding, action: str) -> str:
    return f"dec-{_digest(finding.fingerprint, str(finding.at_ms), finding.fact_id, action)[:16]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
