"""Every action that a decision may name, over the world that the settings name."""

from contextlib import AsyncExitStack

from config.policy import Policy
from config.settings import Settings
from daemon.core_api import CoreApi
from daemon.core_controls import CoreControls
from daemon.core_token import read_core_token
from remediation.actions.fraud_list import FraudListAction
from remediation.actions.kill_switch import KillSwitch
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.decide import ROLLBACK_TRAFFIC
from remediation.guard import KILL_SWITCH
from remediation.ports import Action, Destination, Traffic
from remediation.subjects import LIST_ACTIONS


async def open_actions(
    stack: AsyncExitStack, settings: Settings, policy: Policy, traffic: Traffic, destination: Destination
) -> dict[str, Action]:
    """The actions by name; connections are closed when the stack is. Raises NotUsable."""
    urls = [core.url for core in settings.cores.values()]
    controls = CoreControls(await stack.enter_async_context(CoreApi(urls, await read_core_token(settings))))
    lists = FraudListAction(controls)
    return {
        ROLLBACK_TRAFFIC: RollbackTraffic(traffic, destination, policy.traffic),
        KILL_SWITCH: KillSwitch(controls),
        **dict.fromkeys(LIST_ACTIONS, lists),
    }
