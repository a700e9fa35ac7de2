"""What holds an action back: one small rule per reason, in order of precedence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from checks.findings import Finding
from checks.findings import State as FindingState
from config.policy import GuardPolicy, Policy
from remediation.aiming.capacity import SCALE_ACTIONS, SCALING_RULE, CapacityAim
from remediation.aiming.flag import FLAGS_RAMP, FlagAim
from remediation.aiming.region import RegionAim
from remediation.aiming.release import Miss
from remediation.aiming.spill import SPILL_REGION, SpillAim
from remediation.aiming.subjects import LIST_ACTIONS, Subject
from remediation.decisions import Question, Reason
from remediation.guardrails.approvals import ApprovalChange, digest_of, is_approved, rule_of
from remediation.guardrails.calendar import closed_for
from remediation.guardrails.changes import Change, change_of
from remediation.guardrails.halts import stopped, stormy
from remediation.guardrails.locks import holder
from remediation.state import HOUR_MS, ActionState, DeploymentState, State, TargetState

_MAY_RECUR = SCALE_ACTIONS | {FLAGS_RAMP}
"""Load comes and goes, and a ramp has its steps: that it is needed again is no sign that it did not help."""
KILL_SWITCH = "kill.switch"
"""The action that holds every payment."""

REFUSED_PAUSE_MS = 10_000
REFUSED_PAUSE_LONGEST_MS = 300_000
"""After a refusal the world is asked again, twice as late each time in a row: at last 12 times an hour."""


Aim = DeploymentState | Subject | RegionAim | SpillAim | FlagAim | CapacityAim
"""What an action is about."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides whether to act. action: empty when the rule asks for none that can be carried out.

    aim: what the action is about, None for an action on everything, or why there is no aim. region: in which of several
    regions a rollback acts; empty where there is one.
    """

    finding: Finding
    state: State
    policy: Policy
    now_ms: int
    action: str
    target: str
    aim: Aim | Miss | None
    region: str = ""

    @property
    def history(self) -> TargetState:
        """What was done to the target before."""
        return self.state.targets.get(self.target, TargetState())


Guard = Callable[[Situation], str]
"""Says why the action is held back, in words that follow the numbers; empty when it is not."""


def standing_guard(policy: Policy, state: State, one: ActionState, now_ms: int) -> str:
    """What holds any action back whatever it acts on: stale evidence, the observe-only switch, the stop, a calendar.

    A storm does not: what was begun is finished. What a person does or takes back is held by its age alone.
    """
    guard = policy.guard
    stale = _stale(guard, now_ms, one.cause_at_ms)
    if stale or one.asked_by or change_of(one.action) is Change.UNDO:
        return stale
    return _observe_only(guard) or stopped(state) or _frozen(policy, one.action, now_ms)


def _stale(policy: GuardPolicy, now_ms: int, evidence_at_ms: int) -> str:
    # Evidence from the future is a wrong clock, and is trusted no more than old evidence.
    age_seconds = abs(now_ms - evidence_at_ms) / 1000
    if age_seconds <= policy.evidence_age:
        return ""
    return f"the evidence is {age_seconds:.0f} s away from now, the limit is {policy.evidence_age:g} s"


def _observe_only(policy: GuardPolicy) -> str:
    return "automatic actions are switched off (observe_only)" if policy.observe_only else ""


def _frozen(policy: Policy, action: str, now_ms: int) -> str:
    closed = closed_for(change_of(action), policy.closing, now_ms)
    return "" if closed is None else closed.detail


def _cleared(situation: Situation) -> str:
    return "the rule is no longer breached" if situation.finding.state is FindingState.CLEARED else ""


def _no_data(situation: Situation) -> str:
    return "no data is no ground to act on" if situation.finding.state is FindingState.NO_DATA else ""


def _no_action(situation: Situation) -> str:
    if situation.action:
        return ""
    if "page" in situation.finding.do:
        return "the rule asks for a page alone: people are told of the incident, and nothing is changed"
    return "the rule asks for no action"


def _shadow(situation: Situation) -> str:
    # Anything but a plain "enforce" only watches.
    return "" if situation.finding.mode == "enforce" else "the rule is in shadow mode"


def _not_allowed(situation: Situation) -> str:
    if situation.action == SPILL_REGION:
        if situation.policy.guard.region_spill == "automatic" or _approved(situation, Reason.NOT_ALLOWED):
            return ""
        return "moving a part of a region's traffic is left to a person (guard.region_spill in policy.yaml)"
    if (
        situation.action != KILL_SWITCH
        or situation.policy.fraud.kill_switch
        or _approved(situation, Reason.NOT_ALLOWED)
    ):
        return ""
    return "holding every payment is left to a person (fraud.kill_switch in policy.yaml)"


def _in_effect(situation: Situation) -> str:
    if isinstance(situation.aim, Miss):
        return situation.aim.detail if situation.aim.reason is Reason.IN_EFFECT else ""
    left_ms = situation.history.until_ms - situation.now_ms
    return f"{situation.target} was listed and stays so for another {left_ms / 1000:.0f} s" if left_ms > 0 else ""


def _too_wide(situation: Situation) -> str:
    if not isinstance(situation.aim, Subject):
        return ""
    live = sum(one.until_ms > situation.now_ms for one in situation.state.targets.values())
    limit = situation.policy.fraud.entries_max
    return f"{live} automatic entries are in force, {limit} are allowed" if live >= limit else ""


def _missed(reason: Reason) -> Guard:
    def guard(situation: Situation) -> str:
        aim = situation.aim
        return aim.detail if isinstance(aim, Miss) and aim.reason is reason else ""

    return guard


def _in_progress(situation: Situation) -> str:
    running = holder(situation.state, situation.target)
    return f"{running} is still acting on {situation.target}" if running else ""


def _cooling_down(situation: Situation) -> str:
    history = situation.history
    aim = situation.aim
    if isinstance(aim, DeploymentState) and aim.started_at_ms > max(history.acted_at_ms, history.refused_at_ms):
        # What was done before concerned another release; the hourly budget still holds.
        return ""
    since_action_ms = situation.now_ms - history.acted_at_ms
    warm = isinstance(aim, FlagAim) and not aim.cools
    # Capacity has cool-downs of its own for each direction, which have passed where load or the clock asks for it.
    scaling = isinstance(aim, CapacityAim) and situation.finding.rule_id == SCALING_RULE
    if not warm and not scaling and history.acted_at_ms and since_action_ms < situation.policy.guard.cooldown * 1000:
        return (
            f"{situation.target} was acted on {since_action_ms / 1000:.0f} s ago, "
            f"the cool-down is {situation.policy.guard.cooldown:g} s"
        )
    since_refusal_ms = situation.now_ms - history.refused_at_ms
    pause_ms = min(REFUSED_PAUSE_LONGEST_MS, REFUSED_PAUSE_MS * 2 ** min(max(history.refusals - 1, 0), 10))
    if history.refused_at_ms and since_refusal_ms < pause_ms:
        return f"it was refused {since_refusal_ms / 1000:.0f} s ago and is tried again after {pause_ms // 1000} s"
    return ""


def _recurring(situation: Situation) -> str:
    policy, times = situation.policy.guard, _acts(situation)
    if situation.action in _MAY_RECUR or len(times) < policy.repeats or _approved(situation, Reason.RECURRING):
        return ""
    return (
        f"{situation.target} was acted on {len(times)} times in {policy.repeats_within:g} s and it did not last: "
        "a person decides"
    )


def _acts(situation: Situation) -> tuple[int, ...]:
    """When automation acted on the target within the policy's time, for the release that it would act on now."""
    since_ms = situation.now_ms - round(situation.policy.guard.repeats_within * 1000)
    if isinstance(situation.aim, DeploymentState):
        since_ms = max(since_ms, situation.aim.started_at_ms)
    return tuple(at_ms for at_ms in situation.history.acts_at_ms if at_ms > since_ms)


def _approved(situation: Situation, reason: Reason) -> bool:
    asked = question(situation, reason)
    # Where nobody needs to be asked, nobody's yes takes the place of the policy's.
    approvals = situation.policy.approvals
    needed = rule_of(ApprovalChange(asked.change), approvals).needed > 0
    return needed and is_approved(situation.state, approvals, asked, situation.now_ms)


def question(situation: Situation, reason: Reason) -> Question:
    """What people are asked when this reason holds an action back.

    A yes is for one act, because each act makes it another question; an incident that comes and goes makes none.
    """
    finding, action, target = situation.finding, situation.action, situation.target
    aim = situation.aim
    release = aim.id if isinstance(aim, DeploymentState) else ""
    acts = ",".join(str(at_ms) for at_ms in _acts(situation))
    return Question(
        change=(ApprovalChange.REGION_SPILL if action == SPILL_REGION else APPROVED_AS[reason]).value,
        subject=f"{action} on {target} for {finding.fingerprint}",
        digest=digest_of(action, target, finding.fingerprint, release, acts),
        what=f"{action} on {target}, because of {finding.rule_id} ({finding.subject})",
    )


def _budget_spent(situation: Situation) -> str:
    if situation.action == FLAGS_RAMP:
        return ""
    budget = _budget_of(situation.action)
    # An action that is decided and has no intent yet is about to spend.
    begun = sum(
        one.status is None and not one.intent_sequence and _budget_of(one.action) == budget
        for one in situation.state.actions.values()
    )
    times, allowed = {
        "lists": (situation.state.listed_at_ms, situation.policy.fraud.actions_per_hour),
        "capacity": (situation.state.scaled_at_ms, situation.policy.guard.scalings_per_hour),
        "actions": (situation.state.intents_at_ms, situation.policy.guard.actions_per_hour),
    }[budget]
    spent = begun + sum(at_ms > situation.now_ms - HOUR_MS for at_ms in times)
    return f"{spent} automatic actions in the last hour, {allowed} are allowed" if spent >= allowed else ""


def _budget_of(action: str) -> Literal["lists", "capacity", "actions"]:
    """An attack, and a day with two peaks, leave the budget of rollbacks alone."""
    if action in LIST_ACTIONS:
        return "lists"
    return "capacity" if action in SCALE_ACTIONS else "actions"


APPROVED_AS = {Reason.NOT_ALLOWED: ApprovalChange.KILL_SWITCH, Reason.RECURRING: ApprovalChange.REPEAT}
"""Reasons that end when people allow the action this once."""

GUARDS: tuple[tuple[Reason, Guard], ...] = (
    (Reason.CLEARED, _cleared),
    (Reason.NO_DATA, _no_data),
    (Reason.NO_ACTION_CONFIGURED, _no_action),
    (Reason.SHADOW_MODE, _shadow),
    # What was done needs no other reason, and its evidence grows old because it helped.
    (Reason.ALREADY_ROLLED_BACK, _missed(Reason.ALREADY_ROLLED_BACK)),
    (Reason.IN_EFFECT, _in_effect),
    (Reason.STALE_EVIDENCE, lambda now: _stale(now.policy.guard, now.now_ms, now.finding.at_ms)),
    (Reason.OBSERVE_ONLY, lambda now: _observe_only(now.policy.guard)),
    (Reason.STOPPED, lambda now: stopped(now.state)),
    (Reason.STORM, lambda now: stormy(now.state)),
    (Reason.NOT_ALLOWED, _not_allowed),
    (Reason.FROZEN, lambda now: _frozen(now.policy, now.action, now.now_ms)),
    (Reason.NO_DEPLOYMENT, _missed(Reason.NO_DEPLOYMENT)),
    (Reason.NOT_THE_CANARY, _missed(Reason.NOT_THE_CANARY)),
    (Reason.NO_SUBJECT, _missed(Reason.NO_SUBJECT)),
    (Reason.LAST_REGION, _missed(Reason.LAST_REGION)),
    (Reason.UNCONFIRMED, _missed(Reason.UNCONFIRMED)),
    (Reason.PAST_RETURN, _missed(Reason.PAST_RETURN)),
    (Reason.ACTION_IN_PROGRESS, _in_progress),
    (Reason.COOLING_DOWN, _cooling_down),
    (Reason.RECURRING, _recurring),
    (Reason.TOO_WIDE, _too_wide),
    (Reason.BUDGET_SPENT, _budget_spent),
)
"""Every reason not to act, first match wins; a test holds this order equal to the order of Reason."""


LIMITS_OF_AUTOMATION = frozenset(
    {
        Reason.OBSERVE_ONLY,
        Reason.STOPPED,
        Reason.STORM,
        Reason.NOT_ALLOWED,
        Reason.FROZEN,
        Reason.COOLING_DOWN,
        Reason.RECURRING,
        Reason.TOO_WIDE,
        Reason.BUDGET_SPENT,
    }
)
"""Reasons that hold back what acts by itself. A person may act all the same; what would do harm holds for them, too."""


def held_back(situation: Situation) -> tuple[Reason, str] | None:
    """The first guard that holds, with its words; None when nothing stands in the way."""
    for reason, guard in GUARDS:
        if situation.finding.asked_by and reason in LIMITS_OF_AUTOMATION:
            continue
        detail = guard(situation)
        if detail:
            return reason, detail
    return None
