"""Every act of the console."""

from types import MappingProxyType

from config.settings import Role
from daemon.http.console.acts.act import Act
from daemon.http.console.acts.automation_acts import AUTOMATION_ACTS
from daemon.http.console.acts.capacity_acts import CAPACITY_ACTS
from daemon.http.console.acts.flag_acts import FLAG_ACTS
from daemon.http.console.acts.incident_acts import INCIDENT_ACTS
from daemon.http.console.acts.quiet_acts import QUIET_ACTS
from daemon.http.console.acts.release_acts import RELEASE_ACTS
from daemon.http.console.acts.words_acts import WORDS_ACTS

ACTS: tuple[Act, ...] = (
    *INCIDENT_ACTS,
    *QUIET_ACTS,
    *RELEASE_ACTS,
    *FLAG_ACTS,
    *CAPACITY_ACTS,
    *AUTOMATION_ACTS,
    *WORDS_ACTS,
)
ACT_BY_NAME = MappingProxyType({act.name: act for act in ACTS})
PATH = "/console/acts/"
"""Before the name of an act: GET looks at it, POST does it."""

NEEDED: dict[str, Role] = {
    **{f"{PATH}{act.name}": "viewer" for act in ACTS},
    **{f"POST {PATH}{act.name}": act.needs for act in ACTS},
}
"""Which role each act needs, for the table of roles; anybody may look at what they may not do."""
