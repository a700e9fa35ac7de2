"""``tillwatch stop-automation`` and ``resume-automation``: the one button for everything that acts by itself."""

import msgspec

from daemon.cli.asking_daemon import ask, confirmed
from daemon.cli.options import Force, Json, Reason, Token, Url
from daemon.cli.output import print_json, say
from remediation.guardrails.halts import stopped_itself


class _Stop(msgspec.Struct):
    reason: str
    by: str


class _Storm(msgspec.Struct):
    why: str


class _Automation(msgspec.Struct):
    acts: bool
    observe_only: bool
    stopped: _Stop | None
    storm: _Storm | None
    changed: bool


def stop_automation(reason: Reason, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Let nothing act by itself from now on, also after a restart. It asks nothing first: stopping harms nobody."""
    _told(ask("POST", url, token, "automation/stop", _Automation, {"reason": reason}), as_json=as_json)


def resume_automation(
    reason: Reason,
    url: Url = "",
    token: Token = "",
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Let automation act again, after a stop or a storm."""
    skipped = confirmed("Automation acts on whatever is breached now, within seconds. Go on?", force=force)
    body = {"reason": reason, "skipped": skipped}
    _told(ask("POST", url, token, "automation/resume", _Automation, body), as_json=as_json)


def _told(found: _Automation, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    already = "" if found.changed else ", as before"
    if found.stopped is not None:
        say(f"automation is stopped by {found.stopped.by}: {found.stopped.reason}{already}")
    elif found.storm is not None:
        say(f"{stopped_itself(found.storm.why)}{already}")
    elif found.observe_only:
        say(f"automation is not stopped{already}, and only observes (observe_only in policy.yaml)")
    else:
        say(f"automation acts{already}")
