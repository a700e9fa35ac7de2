"""What a flag serves, in words: for journals, decisions and people; pure."""

from remediation.flags.model import FlagChange, Setting

DONE_WORDS = {
    FlagChange.SET: "set",
    FlagChange.RAMP: "ramped",
    FlagChange.FINISH: "ramped to its end",
    FlagChange.REVERT: "taken back",
    FlagChange.KILL: "killed",
    FlagChange.REVIVE: "revived",
}


def setting_words(setting: Setting | None) -> str:
    """What is served: ``on for 25 % of the customers, off for the rest``."""
    if setting is None:
        return "as the document says"
    if setting.ramp is not None:
        plan, percent = setting.ramp.plan, setting.ramp.percent
        return f"{plan.to_variant} for {percent} % of the customers, {plan.from_variant} for the rest"
    if setting.targeting == "":
        return f"{setting.variant} for everybody"
    whose = "the document's targeting" if setting.targeting is None else "targeting of its own"
    return f"{setting.variant} unless {whose} says otherwise"
