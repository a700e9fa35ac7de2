"""Every action that a decision may name, over the world that the settings name."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from config.policy import Policy
from config.settings import Settings
from daemon.cores.api import CoreApi
from daemon.cores.controls import CoreControls
from daemon.cores.token import read_core_token
from daemon.environments.region import EnvironmentsByRegion
from daemon.flags.changes import FlagChanges
from daemon.probes.core import CoreProbe
from daemon.probes.regions import RegionProbe
from daemon.traffic.opened import OpenedTraffic
from daemon.view.series import PaymentSeries
from remediation.actions.by_region import ByRegion
from remediation.actions.evacuate_region import EvacuateRegion
from remediation.actions.flags import FlagKill, FlagSetting
from remediation.actions.fraud_list import FraudListAction
from remediation.actions.kill_switch import KillSwitch
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.actions.scale import Scale, Scaled
from remediation.actions.spill_region import SpillRegion
from remediation.aiming.capacity import SCALE_ACTIONS
from remediation.aiming.flag import FLAGS_KILL, FLAGS_RAMP, FLAGS_REVERT
from remediation.aiming.region_state import EVACUATE_REGION
from remediation.aiming.spill import SPILL_REGION
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.decide import ROLLBACK_TRAFFIC
from remediation.flags.model import FlagChange
from remediation.guardrails.guard import KILL_SWITCH
from remediation.ports import Action


async def open_actions(
    stack: AsyncExitStack,
    settings: Settings,
    policy: Policy,
    traffic: OpenedTraffic,
    core: CoreProbe,
    payments: PaymentSeries,
    environments: EnvironmentsByRegion,
    flags: FlagChanges,
    components: Callable[[], Mapping[str, Scaled]],
) -> dict[str, Action]:
    """The actions by name; connections are closed when the stack is. payments: of all regions. Raises NotUsable.

    components: what can be scaled at this moment, by ``region/component``.

    Where there is one region alone nothing is ever decided on evacuating it, and the action is not there.
    """
    urls = [target.url for target in settings.cores.values()]
    controls = CoreControls(await stack.enter_async_context(CoreApi(urls, await read_core_token(settings))))
    lists = FraudListAction(controls)
    actions: dict[str, Action] = {
        ROLLBACK_TRAFFIC: _rollback(settings.aws.region, policy, traffic, core, environments),
        KILL_SWITCH: KillSwitch(controls),
        **dict.fromkeys(LIST_ACTIONS, lists),
        FLAGS_KILL: FlagKill(flags),
        FLAGS_RAMP: FlagSetting(flags, FlagChange.RAMP),
        FLAGS_REVERT: FlagSetting(flags, FlagChange.REVERT),
        **{name: Scale(name, components) for name in SCALE_ACTIONS},
    }
    if traffic.between is not None:
        regions = RegionProbe(core, traffic.by_region, payments.rows, environments.in_region)
        actions[EVACUATE_REGION] = EvacuateRegion(traffic.between, regions, policy.traffic)
        actions[SPILL_REGION] = SpillRegion(traffic.between, regions, policy.traffic)
    return actions


def _rollback(
    home: str, policy: Policy, traffic: OpenedTraffic, core: CoreProbe, environments: EnvironmentsByRegion
) -> Action:
    """Within the one region, or within the region that the decision names."""
    if traffic.between is None:
        return RollbackTraffic(traffic.at_home, core, policy.traffic, environments.in_region(home))
    return ByRegion(
        {
            region: RollbackTraffic(split, core.in_region(region), policy.traffic, environments.in_region(region))
            for region, split in traffic.by_region.items()
        }
    )
