"""No variable of a Lambda function is lost, as all others once were: read whole, written whole, looked at again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.delivery.environments import LambdaArchive, LambdaEnvironment, LambdaEnvironments
from daemon.environments.function import Function, variables_of
from daemon.environments.waiting import WAIT_SECONDS
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable
from tests.unit.daemon.environments.scripted import Answer, ScriptedAws, SteppingClock

# JSON as Lambda defines it.
Json = dict[str, Any]

SETTINGS = LambdaEnvironments(
    kind="lambda",
    function="core",
    archive=LambdaArchive(bucket="releases", key="core/{version}.zip"),
    environments={"green": LambdaEnvironment(alias="green")},
)


class FakeLambda:
    """One function; each change gives it another revision, and is refused when it names an old one."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.environment: Json = {"Variables": variables}
        self.asked: list[tuple[str, Json]] = []
        self.published: list[Json] = []
        self.keeps: set[str] | None = None
        self._revision = 1

    async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # see Json
        self.asked.append((operation, arguments))
        if operation.startswith(("update_", "publish_")) and arguments["RevisionId"] != str(self._revision):
            stale = "PreconditionFailedException: another revision"
            raise AwsFailed(stale, code="PreconditionFailedException", retryable=False)
        if operation == "update_function_configuration":
            given = arguments["Environment"]["Variables"]
            kept = given if self.keeps is None else {name: given[name] for name in self.keeps}
            self.environment = {"Variables": dict(kept)}
        if operation.startswith("update_"):
            self._revision += 1
        if operation == "publish_version":
            self.published.append(self.environment)
            return {"Version": str(len(self.published))}
        return self._configuration()

    def somebody_else(self, variables: dict[str, str]) -> None:
        """Change the function past the daemon."""
        self.environment = {"Variables": variables}
        self._revision += 1

    def _configuration(self) -> Json:
        environment = {"Environment": self.environment} if self.environment.get("Variables") != {} else {}
        return {
            "FunctionName": "core",
            "RevisionId": str(self._revision),
            "CodeSha256": "sha",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            **environment,
        }


def function(aws: Any) -> Function:  # noqa: ANN401  # a fake of any kind
    return Function(SETTINGS, aws, SteppingClock())


names = st.from_regex(r"[A-Z][A-Z_]{0,7}", fullmatch=True)


@given(variables=st.dictionaries(names, st.text(max_size=10), max_size=20))
async def test_a_new_version_has_every_variable_that_the_function_had(variables: dict[str, str]) -> None:
    fake = FakeLambda(dict(variables))
    await function(fake).publish("green", "2.0.0", None)
    told = {"TILL_CORE_VERSION": "2.0.0", "TILL_CORE_ENVIRONMENT": "green"}
    assert fake.published == [{"Variables": {**variables, **told}}]


async def test_variables_that_lambda_hides_are_not_written_over() -> None:
    fake = FakeLambda({})
    fake.environment = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt"}}
    with pytest.raises(WorldRefused, match="no kms:Decrypt"):
        await function(fake).publish("green", "2.0.0", None)
    assert [name for name, _ in fake.asked] == ["get_function_configuration"]


async def test_variables_that_are_all_gone_while_a_running_version_has_some_are_not_written_over() -> None:
    fake = FakeLambda({})
    running = {"Environment": {"Variables": {"TABLE": "till-core"}}}
    with pytest.raises(WorldRefused, match="writing would lose them"):
        await function(fake).publish("green", "2.0.0", running)
    assert [name for name, _ in fake.asked] == ["get_function_configuration"]


async def test_a_function_that_never_had_variables_gets_only_what_tells_its_version() -> None:
    fake = FakeLambda({})
    await function(fake).publish("green", "2.0.0", {"Environment": {}})
    assert fake.published == [{"Variables": {"TILL_CORE_VERSION": "2.0.0", "TILL_CORE_ENVIRONMENT": "green"}}]


async def test_a_variable_that_did_not_arrive_keeps_the_version_from_being_published() -> None:
    fake = FakeLambda({"TABLE": "till-core", "KEY": "alias/till"})
    fake.keeps = {"TABLE", "TILL_CORE_VERSION", "TILL_CORE_ENVIRONMENT"}
    with pytest.raises(WorldRefused, match="other variables than were written"):
        await function(fake).publish("green", "2.0.0", None)
    assert not fake.published


async def test_a_change_by_somebody_else_between_read_and_write_is_not_overwritten() -> None:
    fake = FakeLambda({"TABLE": "till-core"})

    class Meddling:
        async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # see Json
            if operation == "update_function_configuration":
                fake.somebody_else({"TABLE": "till-core", "NEW": "1"})
            return await fake.call(operation, **arguments)

    with pytest.raises(WorldUnreachable):
        await function(Meddling()).publish("green", "2.0.0", None)
    await function(fake).publish("green", "2.0.0", None)
    assert fake.published[0]["Variables"]["NEW"] == "1"


async def test_variables_that_are_right_already_are_not_written_at_all() -> None:
    fake = FakeLambda({"TABLE": "t", "TILL_CORE_VERSION": "2.0.0", "TILL_CORE_ENVIRONMENT": "green"})
    await function(fake).publish("green", "2.0.0", None)
    assert "update_function_configuration" not in [name for name, _ in fake.asked]


async def test_the_code_of_the_version_is_taken_from_where_the_settings_say() -> None:
    fake = FakeLambda({"TABLE": "t"})
    await function(fake).publish("green", "2.0.0", None)
    code = next(arguments for name, arguments in fake.asked if name == "update_function_code")
    assert (code["S3Bucket"], code["S3Key"]) == ("releases", "core/2.0.0.zip")


async def test_a_change_that_lambda_could_not_make_is_told_with_its_reason() -> None:
    rest = {"RevisionId": "1", "State": "Active", "LastUpdateStatus": "Successful", "CodeSha256": "s"}
    failed = {**rest, "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "the image is not there"}
    scripted = ScriptedAws(get_function_configuration=[rest, failed], update_function_code={})
    with pytest.raises(WorldRefused, match="the image is not there"):
        await function(scripted).publish("green", "2.0.0", None)


async def test_a_change_that_goes_on_for_long_is_looked_at_again_later() -> None:
    busy = {"State": "Active", "LastUpdateStatus": "InProgress"}
    clock = SteppingClock()
    with pytest.raises(WorldUnreachable, match="still being changed"):
        await Function(SETTINGS, ScriptedAws(get_function_configuration=busy), clock).publish("green", "2.0.0", None)
    assert clock.ms == WAIT_SECONDS * 1000


async def test_the_newest_version_of_a_release_is_found_over_all_pages() -> None:
    def version(number: str, release: str, environment: str = "green", state: str = "Active") -> Json:
        variables = {"TILL_CORE_VERSION": release, "TILL_CORE_ENVIRONMENT": environment}
        return {"Version": number, "State": state, "Environment": {"Variables": variables}}

    pages: list[Answer] = [
        {"Versions": [version("$LATEST", "2.0.0"), version("9", "2.0.0"), version("8", "1.0.0")], "NextMarker": "m"},
        {"Versions": [version("10", "2.0.0"), version("11", "2.0.0", "blue"), version("12", "2.0.0", state="Failed")]},
    ]
    scripted = ScriptedAws(list_versions_by_function=pages)
    assert await function(scripted).published("green", "2.0.0") == "10"
    assert scripted.arguments("list_versions_by_function")["Marker"] == "m"
    assert await function(ScriptedAws(list_versions_by_function={"Versions": []})).published("green", "2.0.0") == ""


def test_no_variables_are_no_variables() -> None:
    assert variables_of({"FunctionName": "core"}) == {}
