"""What the HTTP application needs beside the view: tokens, rules and the clock, and every part that may be absent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from checks.facts import HealthProbed
from config.console import ConsoleSettings
from config.fraud import Fraud
from config.policy import Severities
from config.prices import Prices
from config.rules.rule_file import Rule
from config.settings import Token
from daemon.archive.archive import ArchiveStatus
from daemon.automation import Automation
from daemon.channels.opened import Channels
from daemon.clock import SystemClock
from daemon.cores.books_watch import BooksWatch
from daemon.cores.ledger_watch import LedgerStatus
from daemon.deployments.service import DeploymentDesk
from daemon.flags.parts import FlagParts
from daemon.incidents.parts import IncidentParts
from daemon.public.parts import PublicParts
from daemon.reports.view import CostsSource
from daemon.rollbacks.parts import RollbackParts
from daemon.scaling.desk import ScalingDesk
from daemon.schedule import Standing
from daemon.senses.metric_outlet import MetricOutlet
from daemon.sources.trust import NOBODY_KNOWN, Trust
from remediation.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesStatus:
    """How the rules' engine, its configuration and its snapshots are; times are 0 before the first.

    late, skewed, evicted: since the start, see `daemon.engine_tally`. reload_success: whether the files can
    be used. state_failures: snapshots that could not be written. state_unusable: that this start could not read.
    """

    late: int
    skewed: int
    evicted: int
    reload_success: bool
    reload_succeeded_at_ms: int
    state_kept_at_ms: int
    state_bytes: int
    state_failures: int
    state_unusable: int


def _absent() -> None:
    """What a daemon without the part has of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """tokens: empty means that nobody gets in. current_rules: for limits and runbooks beside the readings.

    console: who gets into it, and for how long. trust: whose events the doors believe.
    current_severities: by when incidents are to be answered.

    loop_lag_seconds: the event loop's latest lag. ledger: its last check. archive: of facts. None: there is none.
    probed: the latest health check, empty before the first. outlet: its way to CloudWatch; None: it goes there not.
    traces: decisions sent and dropped; None: no collector is named. costs: the bill and the savings; None: not kept.
    automation: what people may do to it; None: it is not held from here. deployments, rollbacks: where they are asked
    for; None: nothing is deployed or taken back from here. flags: None: none are kept here.
    incidents: None: nobody is told of any from here. scaling: None: no capacity is looked after from here.
    channels: None: there are none, and nothing is sent. public: None: the outside is told nothing from here.
    books: what the cores' books say; None: no core is asked. duties: what is done by the clock. prices: of payments,
    fraud: how they are scored; None: not known here.
    """

    tokens: Sequence[Token]
    current_rules: Callable[[], Sequence[Rule]]
    version: str
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    trust: Trust = NOBODY_KNOWN
    current_severities: Callable[[], Severities] = Severities
    clock: Clock = field(default_factory=SystemClock)
    loop_lag_seconds: Callable[[], float | None] = _absent
    ledger: Callable[[], LedgerStatus | None] = _absent
    rules_status: Callable[[], RulesStatus | None] = _absent
    archive: Callable[[], ArchiveStatus | None] = _absent
    traces: Callable[[], tuple[int, int] | None] = _absent
    costs: CostsSource | None = None
    probed: Callable[[], Sequence[HealthProbed]] = tuple
    outlet: Callable[[], MetricOutlet | None] = _absent
    automation: Automation | None = None
    deployments: DeploymentDesk | None = None
    rollbacks: RollbackParts | None = None
    incidents: IncidentParts | None = None
    flags: FlagParts | None = None
    channels: Channels | None = None
    books: BooksWatch | None = None
    duties: Callable[[], Sequence[Standing]] = tuple
    prices: Prices | None = None
    fraud: Fraud | None = None
    scaling: ScalingDesk | None = None
    public: PublicParts | None = None

    @property
    def rules(self) -> Sequence[Rule]:
        """As they are at this moment; a reload changes them."""
        return self.current_rules()

    @property
    def severities(self) -> Severities:
        """As they are at this moment; a reload changes them."""
        return self.current_severities()
