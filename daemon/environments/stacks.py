"""Environments that are CloudFormation stacks, changed by change sets that were read before they are carried out."""

from collections.abc import Mapping
from typing import Any

from config.delivery.environments import StackEnvironment, StackEnvironments
from daemon.aws.calls import ask, listed, world_fault
from daemon.aws.session import Aws
from daemon.environments.change_set import harm, nested
from daemon.environments.instances import NESTING_MAX, StackInstances
from daemon.environments.region import settings_of
from daemon.environments.stack_state import (
    CHANGE_SET,
    is_unchanged,
    is_wanted_so,
    parameters_of,
    reason_of,
    state_of,
    went_back,
)
from daemon.environments.waiting import until
from daemon.errors import AwsFailed
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Clock

PAGES_MAX = 20
"""Of changes and of events: a stack of 500 resources fills five."""

_PENDING = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
_CAN_CHANGE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})


class Stacks:
    """RegionEnvironments over stacks whose parameters are version and size.

    The name of a change set and the token of its execution are made from the key, so a repetition finds both again.
    """

    def __init__(
        self, settings: StackEnvironments, cloudformation: Aws, instances: StackInstances, clock: Clock
    ) -> None:
        self._settings = settings
        self._aws = cloudformation
        self._instances = instances
        self._clock = clock

    async def look(self, environment: str) -> EnvironmentState | None:
        """See RegionEnvironments. CloudFormation counts no instances; what the stack made does."""
        described = self._settings.environments.get(environment)
        stack = None if described is None else await self._stack(described)
        if stack is None:
            return None
        wanted_so = went_back(stack) and is_wanted_so(stack, await self._change_sets(stack["StackName"]))
        instances = await self._instances.count(stack["StackName"], self._settings.counted)
        return state_of(stack, self._settings, instances, await self._reason(stack), wanted_so=wanted_so)

    async def deploy(self, environment: str, version: str, size: int, key: str) -> None:
        """See RegionEnvironments; a stack that is not there is made, when the settings name its template."""
        described = settings_of(self._settings.environments, environment)
        wanted = {self._settings.version_parameter: version, self._settings.size_parameter: str(size)}
        await self._change(described, await self._stack(described), wanted, key)

    async def resize(self, environment: str, size: int, key: str) -> None:
        """See RegionEnvironments."""
        described = settings_of(self._settings.environments, environment)
        stack = await self._stack(described)
        if stack is None:
            raise WorldRefused(f"There is no stack {described.stack}.")
        await self._change(described, stack, {self._settings.size_parameter: str(size)}, key)

    async def _change(
        self, described: StackEnvironment, stack: Mapping[str, Any] | None, wanted: Mapping[str, str], key: str
    ) -> None:
        if stack is not None:
            is_so = wanted.items() <= parameters_of(stack).items() and not went_back(stack)
            if is_so or await self._was_carried_out(stack, key):
                return
            _require_rest(stack)
        name = f"{CHANGE_SET}{key}"[:128]
        await self._make(described, stack, wanted, name)
        made = await self._made(described, name, keeps_unchanged=stack is not None and went_back(stack))
        if made is None or made.get("ExecutionStatus") in {"EXECUTE_COMPLETE", "EXECUTE_IN_PROGRESS"}:
            return
        problems = await self._problems(made)
        if problems:
            await self._ask("delete_change_set", described, ChangeSetName=name)
            raise WorldRefused(f"The change of {described.stack} was not carried out: {'; '.join(problems)}.")
        await self._ask("execute_change_set", described, ChangeSetName=name, ClientRequestToken=key[:128])
        # Until the stack's events tell of the change, a look would show the end of the last one.
        await until(
            bool,
            lambda: self._was_carried_out({"StackName": described.stack}, key),
            self._clock,
            f"{described.stack} does not tell of its change",
        )

    async def _make(
        self, described: StackEnvironment, stack: Mapping[str, Any] | None, wanted: Mapping[str, str], name: str
    ) -> None:
        """Make the change set; one that a former try made is as good."""
        if stack is None:
            if described.template_url is None:
                raise WorldRefused(f"There is no stack {described.stack}, and its environment has no template_url.")
            arguments: dict[str, Any] = {"ChangeSetType": "CREATE", "TemplateURL": described.template_url}
            capabilities = list(described.capabilities)
            kept: set[str] = set()
        else:
            arguments = {"ChangeSetType": "UPDATE", "UsePreviousTemplate": True}
            capabilities = list(stack.get("Capabilities", ()))
            kept = set(parameters_of(stack)) - set(wanted)
        parameters: list[dict[str, Any]] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in wanted.items()
        ]
        parameters += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)]
        try:
            await self._aws.call(
                "create_change_set",
                StackName=described.stack,
                ChangeSetName=name,
                Parameters=parameters,
                Capabilities=capabilities,
                IncludeNestedStacks=True,
                **arguments,
            )
        except AwsFailed as fault:
            if fault.code != "AlreadyExistsException":
                raise world_fault(fault) from fault

    async def _made(self, described: StackEnvironment, name: str, *, keeps_unchanged: bool) -> dict[str, Any] | None:
        """The change set once it can be carried out; None when there is nothing to change.

        keeps_unchanged: the one that changes nothing stays, and says that the stack is wanted as it is.
        """
        made = await until(
            lambda seen: seen["Status"] not in _PENDING,
            lambda: self._ask("describe_change_set", described, ChangeSetName=name),
            self._clock,
            f"The change set {name} was not ready",
        )
        if made["Status"] == "CREATE_COMPLETE":
            return made
        if not (is_unchanged(made) and keeps_unchanged):
            await self._ask("delete_change_set", described, ChangeSetName=name)
        if is_unchanged(made):
            return None
        raise WorldRefused(
            f"CloudFormation makes no change set for {described.stack}: {made.get('StatusReason', 'no reason given')}"
        )

    async def _problems(self, made: Mapping[str, Any], depth: int = 0) -> list[str]:
        """Everything in the change set, and in those of nested stacks, that would lose something."""
        changes = await self._changes(made)
        problems = harm(changes, self._settings.stateful)
        for name, change_set in nested(changes):
            if not change_set or depth >= NESTING_MAX:
                problems.append(f"it cannot be seen what would change in the nested stack {name}")
                continue
            inner = await ask(self._aws, "describe_change_set", ChangeSetName=change_set)
            problems += [f"in {name}: {problem}" for problem in await self._problems(inner, depth + 1)]
        return problems

    async def _changes(self, made: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        changes = list(made.get("Changes", ()))
        if made.get("NextToken"):
            more = {"ChangeSetName": made["ChangeSetId"], "NextToken": made["NextToken"]}
            changes += await listed(self._aws, "describe_change_set", "Changes", pages_max=PAGES_MAX, **more)
        return changes

    async def _change_sets(self, name: str) -> list[dict[str, Any]]:
        """Summaries of all that were made since one was carried out."""
        return await listed(self._aws, "list_change_sets", "Summaries", pages_max=PAGES_MAX, StackName=name)

    async def _was_carried_out(self, stack: Mapping[str, Any], key: str) -> bool:
        """Whether the last thing that happened to the stack was done under this key, whatever became of it."""
        events = (await self._page(stack)).get("StackEvents", ())
        return bool(events) and events[0].get("ClientRequestToken") == key[:128]

    async def _reason(self, stack: Mapping[str, Any]) -> str:
        """Why the last change failed, out of the stack's own events; empty when it did not."""
        if not any(word in stack["StackStatus"] for word in ("ROLLBACK", "FAILED")):
            return ""
        events: list[Mapping[str, Any]] = []
        token = reason = ""
        # What AWS says no longer on so many pages stays unsaid: a reason is for people, and nothing is decided on it.
        for _ in range(PAGES_MAX):
            page = await self._page(stack, token)
            events += page.get("StackEvents", ())
            token = page.get("NextToken", "")
            reason, is_whole = reason_of(events, stack)
            if is_whole or not token:
                break
        return reason

    async def _page(self, stack: Mapping[str, Any], token: str = "") -> dict[str, Any]:
        more = {"NextToken": token} if token else {}
        return await ask(self._aws, "describe_stack_events", StackName=stack["StackName"], **more)

    async def _stack(self, described: StackEnvironment) -> dict[str, Any] | None:
        try:
            answer = await self._aws.call("describe_stacks", StackName=described.stack)
        except AwsFailed as fault:
            # CloudFormation has no code of its own for this.
            if fault.code == "ValidationError" and "does not exist" in fault.detail:
                return None
            raise world_fault(fault) from fault
        stack: dict[str, Any] = answer["Stacks"][0]
        # A stack that only a change set was made for is not there yet.
        return None if stack["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"} else stack

    async def _ask(self, operation: str, described: StackEnvironment, **arguments: object) -> dict[str, Any]:
        return await ask(self._aws, operation, StackName=described.stack, **arguments)


def _require_rest(stack: Mapping[str, Any]) -> None:
    status = stack["StackStatus"]
    if status in _CAN_CHANGE:
        return
    if status.endswith("_IN_PROGRESS"):
        raise WorldUnreachable(f"{stack['StackName']} is {status} under another key; it is changed after that.")
    raise WorldRefused(f"{stack['StackName']} is {status}; bring it to rest or delete it first.")
