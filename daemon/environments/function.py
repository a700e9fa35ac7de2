"""One Lambda function: its configuration changed without losing any of it, and published as a version."""

from collections.abc import Mapping
from typing import Any

from config.delivery.environments import VERSION_MARK, LambdaEnvironments
from daemon.aws.calls import MARKER, ask, listed
from daemon.aws.session import Aws
from daemon.environments.waiting import until
from remediation.errors import WorldRefused
from remediation.ports import Clock

PAGES_MAX = 40
"""Of 50 versions each: the limit on the size of all code is reached before."""

# JSON as Lambda defines it.
Configuration = dict[str, Any]


class Function:
    """The function of the settings. Every change names the revision that was read, so nobody's change is lost."""

    def __init__(self, settings: LambdaEnvironments, lambda_: Aws, clock: Clock) -> None:
        self._settings = settings
        self._aws = lambda_
        self._clock = clock

    async def version(self, number: str) -> Configuration:
        """The configuration of a published version."""
        return await self._ask("get_function_configuration", Qualifier=number)

    async def published(self, environment: str, version: str) -> str:
        """The number of the newest version that runs this release as this environment; empty when there is none."""
        versions = await listed(
            self._aws,
            "list_versions_by_function",
            "Versions",
            pages_max=PAGES_MAX,
            named=MARKER,
            FunctionName=self._settings.function,
        )
        fitting = [
            str(one["Version"])
            for one in versions
            if one["Version"] != "$LATEST" and self.runs(one, environment, version)
        ]
        return max(fitting, key=int, default="")

    async def publish(self, environment: str, version: str, running: Mapping[str, Any] | None) -> str:
        """Publish the release as this environment, and return the version's number.

        running: the configuration that the environment has now. Raises WorldRefused when variables would be lost.
        """
        configuration = await self._at_rest()
        before = variables_of(configuration, running)
        changed = await self._ask(
            "update_function_code", **self._code(version), **_revision(configuration), Publish=False
        )
        configuration = await self._at_rest(changed)
        told = {self._settings.version_variable: version, self._settings.environment_variable: environment}
        wanted = {**before, **told}
        if wanted != variables_of(configuration, running):
            changed = await self._ask(
                "update_function_configuration",
                Environment={"Variables": wanted},
                **_revision(configuration),
            )
            configuration = await self._at_rest(changed)
        if variables_of(configuration, running) != wanted:
            raise WorldRefused(
                f"{self._settings.function} has other variables than were written; nothing was published."
            )
        made = await self._ask(
            "publish_version",
            CodeSha256=configuration["CodeSha256"],
            Description=f"{version} {environment}",
            **_revision(configuration),
        )
        return str(made["Version"])

    def runs(self, configuration: Mapping[str, Any], environment: str, version: str) -> bool:
        """Whether this is the release, as this environment."""
        variables = configuration.get("Environment", {}).get("Variables", {})
        return (
            variables.get(self._settings.version_variable) == version
            and variables.get(self._settings.environment_variable) == environment
            and configuration.get("State") != "Failed"
        )

    def _code(self, version: str) -> dict[str, str]:
        if self._settings.image is not None:
            return {"ImageUri": self._settings.image.replace(VERSION_MARK, version)}
        if self._settings.archive is None:
            raise WorldRefused("The settings say neither image nor archive.")
        return {
            "S3Bucket": self._settings.archive.bucket,
            "S3Key": self._settings.archive.key.replace(VERSION_MARK, version),
        }

    async def _at_rest(self, changed: Mapping[str, Any] | None = None) -> Configuration:
        """The configuration once no change of it is under way. changed: what the last change answered."""
        configuration = await until(
            _is_at_rest,
            lambda: self._ask("get_function_configuration"),
            self._clock,
            f"{self._settings.function} is still being changed",
        )
        if changed is not None and configuration.get("LastUpdateStatus") == "Failed":
            reason = configuration.get("LastUpdateStatusReason", "no reason given")
            raise WorldRefused(f"Lambda could not change {self._settings.function}: {reason}")
        return configuration

    async def _ask(self, operation: str, **arguments: object) -> dict[str, Any]:
        return await ask(self._aws, operation, FunctionName=self._settings.function, **arguments)


def variables_of(configuration: Mapping[str, Any], running: Mapping[str, Any] | None = None) -> dict[str, str]:
    """All environment variables of the function. running: a configuration that is in use, if any.

    UpdateFunctionConfiguration replaces all of them, so what was not read whole must not be written. Raises
    WorldRefused when Lambda hides them, or shows none where the running version has some.
    """
    environment = configuration.get("Environment", {})
    name = configuration.get("FunctionName", "the function")
    if "Error" in environment:
        said = environment["Error"].get("Message", environment["Error"].get("ErrorCode", ""))
        raise WorldRefused(
            f"Lambda does not show the variables of {name} ({said}), and writing would replace them all."
        )
    variables = {str(key): str(value) for key, value in environment.get("Variables", {}).items()}
    if not variables and running is not None and running.get("Environment", {}).get("Variables"):
        raise WorldRefused(f"{name} shows no variables, and its running version has some; writing would lose them.")
    return variables


def _is_at_rest(configuration: Configuration) -> bool:
    return "InProgress" not in configuration.get("LastUpdateStatus", "") and configuration.get("State") != "Pending"


def _revision(configuration: Mapping[str, Any]) -> dict[str, str]:
    return {"RevisionId": configuration["RevisionId"]} if configuration.get("RevisionId") else {}
