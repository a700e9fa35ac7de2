"""What flags are made of in a daemon."""

from dataclasses import dataclass

from daemon.flags.base import BaseDocument
from daemon.flags.changes import FlagChanges
from daemon.flags.desk import FlagDesk
from daemon.flags.followers import Followers
from daemon.flags.health import FlagHealth
from daemon.flags.policies import FlagPolicies
from daemon.flags.publisher import FlagPublisher
from daemon.flags.ramps import Ramps
from daemon.flags.tally import ExperimentTally


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagFoundation:
    """What actions need of flags before anything decides. changes: the port of actions."""

    policies: FlagPolicies
    followers: Followers
    publisher: FlagPublisher
    changes: FlagChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagParts(FlagFoundation):
    """The foundation and what stands on it.

    desk: for people. base: takes ``flags.json`` over. health: the component. tally: of experiments and ramps.
    """

    desk: FlagDesk
    ramps: Ramps
    base: BaseDocument
    health: FlagHealth
    tally: ExperimentTally
