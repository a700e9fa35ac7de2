"""What holds an action back: one small rule per reason, in order of precedence."""

from collections.abc import Callable
from dataclasses import dataclass

from checks.findings import Finding
from checks.findings import State as FindingState
from config.policy import FraudPolicy, GuardPolicy
from remediation.aim import Miss
from remediation.decisions import Reason
from remediation.region_aim import RegionAim
from remediation.state import HOUR_MS, DeploymentState, State, TargetState
from remediation.subjects import LIST_ACTIONS, Subject

KILL_SWITCH = "kill.switch"
"""The action that holds every payment."""

REFUSED_PAUSE_MS = 10_000
REFUSED_PAUSE_LONGEST_MS = 300_000
"""After a refusal the world is asked again, twice as late each time in a row: at last 12 times an hour."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides whether to act. action: empty when the rule asks for none that can be carried out.

    aim: the deployment to roll back, the region to leave, the entry to make, None for an action on everything, or why
    there is no aim. region: in which of several regions a rollback acts; empty where there is one alone.
    """

    finding: Finding
    state: State
    policy: GuardPolicy
    fraud: FraudPolicy
    now_ms: int
    action: str
    target: str
    aim: DeploymentState | Subject | RegionAim | Miss | None
    region: str = ""

    @property
    def history(self) -> TargetState:
        """What was done to the target before."""
        return self.state.targets.get(self.target, TargetState())


Guard = Callable[[Situation], str]
"""Says why the action is held back, in words that follow the numbers; empty when it is not."""


def standing_guard(policy: GuardPolicy, now_ms: int, evidence_at_ms: int) -> str:
    """What holds any action back whatever it acts on: stale evidence, the observe-only switch, a freeze."""
    return _stale(policy, now_ms, evidence_at_ms) or _observe_only(policy) or _frozen(policy, now_ms)


def _stale(policy: GuardPolicy, now_ms: int, evidence_at_ms: int) -> str:
    # Evidence from the future is a wrong clock, and is trusted no more than old evidence.
    age_seconds = abs(now_ms - evidence_at_ms) / 1000
    if age_seconds <= policy.evidence_age:
        return ""
    return f"the evidence is {age_seconds:.0f} s away from now, the limit is {policy.evidence_age:g} s"


def _observe_only(policy: GuardPolicy) -> str:
    return "automatic actions are switched off (observe_only)" if policy.observe_only else ""


def _frozen(policy: GuardPolicy, now_ms: int) -> str:
    for freeze in policy.freezes:
        if freeze.start.timestamp() * 1000 <= now_ms < freeze.end.timestamp() * 1000:
            return f"changes are frozen until {freeze.end.isoformat()}: {freeze.reason}"
    return ""


def _cleared(situation: Situation) -> str:
    return "the rule is no longer breached" if situation.finding.state is FindingState.CLEARED else ""


def _no_data(situation: Situation) -> str:
    return "no data is no ground to act on" if situation.finding.state is FindingState.NO_DATA else ""


def _no_action(situation: Situation) -> str:
    if situation.action:
        return ""
    if "page" in situation.finding.do:
        return "the rule asks for a page alone, and no channel exists yet: the incident is the only notice"
    return "the rule asks for no action"


def _shadow(situation: Situation) -> str:
    # Anything but a plain "enforce" only watches.
    return "" if situation.finding.mode == "enforce" else "the rule is in shadow mode"


def _not_allowed(situation: Situation) -> str:
    if situation.action != KILL_SWITCH or situation.fraud.kill_switch:
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
    limit = situation.fraud.entries_max
    return f"{live} automatic entries are in force, {limit} are allowed" if live >= limit else ""


def _missed(reason: Reason) -> Guard:
    def guard(situation: Situation) -> str:
        aim = situation.aim
        return aim.detail if isinstance(aim, Miss) and aim.reason is reason else ""

    return guard


def _in_progress(situation: Situation) -> str:
    running = situation.history.running
    return f"{running} is still acting on {situation.target}" if running else ""


def _cooling_down(situation: Situation) -> str:
    history = situation.history
    aim = situation.aim
    if isinstance(aim, DeploymentState) and aim.started_at_ms > max(history.acted_at_ms, history.refused_at_ms):
        # What was done before concerned another release; the hourly budget still holds.
        return ""
    since_action_ms = situation.now_ms - history.acted_at_ms
    if history.acted_at_ms and since_action_ms < situation.policy.cooldown * 1000:
        return (
            f"{situation.target} was acted on {since_action_ms / 1000:.0f} s ago, "
            f"the cool-down is {situation.policy.cooldown:g} s"
        )
    since_refusal_ms = situation.now_ms - history.refused_at_ms
    pause_ms = min(REFUSED_PAUSE_LONGEST_MS, REFUSED_PAUSE_MS * 2 ** min(max(history.refusals - 1, 0), 10))
    if history.refused_at_ms and since_refusal_ms < pause_ms:
        return f"it was refused {since_refusal_ms / 1000:.0f} s ago and is tried again after {pause_ms // 1000} s"
    return ""


def _budget_spent(situation: Situation) -> str:
    # An action that is decided and has no intent yet is about to spend.
    lists = situation.action in LIST_ACTIONS
    begun = sum(
        one.status is None and not one.intent_sequence and (one.action in LIST_ACTIONS) is lists
        for one in situation.state.actions.values()
    )
    times = situation.state.listed_at_ms if lists else situation.state.intents_at_ms
    spent = begun + sum(at_ms > situation.now_ms - HOUR_MS for at_ms in times)
    allowed = situation.fraud.actions_per_hour if lists else situation.policy.actions_per_hour
    return f"{spent} automatic actions in the last hour, {allowed} are allowed" if spent >= allowed else ""


GUARDS: tuple[tuple[Reason, Guard], ...] = (
    (Reason.CLEARED, _cleared),
    (Reason.NO_DATA, _no_data),
    (Reason.NO_ACTION_CONFIGURED, _no_action),
    (Reason.SHADOW_MODE, _shadow),
    (Reason.STALE_EVIDENCE, lambda now: _stale(now.policy, now.now_ms, now.finding.at_ms)),
    (Reason.OBSERVE_ONLY, lambda now: _observe_only(now.policy)),
    (Reason.NOT_ALLOWED, _not_allowed),
    (Reason.FROZEN, lambda now: _frozen(now.policy, now.now_ms)),
    (Reason.NO_DEPLOYMENT, _missed(Reason.NO_DEPLOYMENT)),
    (Reason.NOT_THE_CANARY, _missed(Reason.NOT_THE_CANARY)),
    (Reason.NO_SUBJECT, _missed(Reason.NO_SUBJECT)),
    (Reason.LAST_REGION, _missed(Reason.LAST_REGION)),
    (Reason.UNCONFIRMED, _missed(Reason.UNCONFIRMED)),
    (Reason.ALREADY_ROLLED_BACK, _missed(Reason.ALREADY_ROLLED_BACK)),
    (Reason.IN_EFFECT, _in_effect),
    (Reason.ACTION_IN_PROGRESS, _in_progress),
    (Reason.COOLING_DOWN, _cooling_down),
    (Reason.TOO_WIDE, _too_wide),
    (Reason.BUDGET_SPENT, _budget_spent),
)
"""Every reason not to act, first match wins; a test holds this order equal to the order of Reason."""


def held_back(situation: Situation) -> tuple[Reason, str] | None:
    """The first guard that holds, with its words; None when nothing stands in the way."""
    for reason, guard in GUARDS:
        detail = guard(situation)
        if detail:
            return reason, detail
    return None
