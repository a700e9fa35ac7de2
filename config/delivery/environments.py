"""Where versions of the payment core run, by region: processes, ECS services, Lambda aliases or stacks."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.delivery.names import AliasName, EnvironmentName, FunctionName
from config.loading.url import Url
from config.model import Model, refusal

ENVIRONMENTS_MAX = 16
VERSION_MARK = "{version}"
STATEFUL_TYPES = (
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Route53::HostedZone",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
)
"""Resources that hold what cannot be made again; their deletion or replacement is never part of a deployment."""


def _names_the_version_once(template: str) -> str:
    if template.count(VERSION_MARK) != 1:
        what = f"{template!r:.120} holds {VERSION_MARK} {template.count(VERSION_MARK)} times"
        raise refusal(what, f"write {VERSION_MARK} where the version stands, once: it is read back from there")
    return template


Image = Annotated[
    str,
    Field(
        max_length=512,
        pattern=r"^[A-Za-z0-9._/:{}-]+$",
        description="A container image with {version} where the version stands",
        examples=["123456789012.dkr.ecr.us-east-1.amazonaws.com/till-core:{version}"],
    ),
    AfterValidator(_names_the_version_once),
]
Variable = Annotated[
    str,
    Field(
        max_length=128,
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        description="The name of an environment variable",
        examples=["TILL_CORE_VERSION"],
    ),
]
_AwsName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", examples=["till-core-green"])]
_Arn = Annotated[str, Field(max_length=2048, pattern=r"^arn:[^\s]+$", examples=["arn:aws:..."])]


class ProcessEnvironments(Model):
    """Processes of one machine, behind the environment service that ``tillwatch up`` runs.

    token_file: holds the bearer token that the service asks for.
    """

    kind: Literal["processes"]
    url: Url
    token_file: Path = Field(strict=False, examples=["data/environments-token"])


class EcsCreation(Model):
    """What a service needs that is not there yet: its network and the target group that sends it requests."""

    subnets: tuple[str, ...] = Field(strict=False, min_length=1, max_length=16, examples=["[subnet-0123abcd]"])
    security_groups: tuple[str, ...] = Field(strict=False, min_length=1, max_length=5, examples=["[sg-0123abcd]"])
    target_group: _Arn | None = None
    container_port: int = Field(default=8080, ge=1, le=65535)


class EcsEnvironment(Model):
    """One environment's service, and the family of its task definitions. create: None, the service has to be there."""

    service: _AwsName
    family: _AwsName
    create: EcsCreation | None = None


class EcsEnvironments(Model):
    """ECS services of one cluster.

    container: the container of the task that takes payments. version_argument: the flag in its command that tells it
    its version. version_variable: the environment variable that does, where there is one. circuit_breaker: what ECS
    does with a deployment whose tasks do not start; ``rollback`` brings the last one back by itself.
    """

    kind: Literal["ecs"]
    cluster: _AwsName
    container: _AwsName = "core"
    image: Image
    version_argument: str = Field(default="--version", pattern=r"^--[a-z][a-z-]*$")
    version_variable: Variable | None = None
    circuit_breaker: Literal["rollback", "off"] = "rollback"
    environments: dict[EnvironmentName, EcsEnvironment] = Field(
        min_length=1, max_length=ENVIRONMENTS_MAX, examples=["{blue: {service: till-blue, family: till-blue}}"]
    )


class LambdaArchive(Model):
    """A ZIP file of the function's code in S3; {version} stands in its key."""

    bucket: str = Field(pattern=r"^[a-z0-9.-]{3,63}$", examples=["till-releases"])
    key: Annotated[
        str,
        Field(min_length=1, max_length=1024, examples=["core/{version}.zip"]),
        AfterValidator(_names_the_version_once),
    ]


class LambdaEnvironment(Model):
    """One environment's alias."""

    alias: AliasName


class LambdaEnvironments(Model):
    """Aliases of one Lambda function. image or archive: where the code of a version is.

    version_variable, environment_variable: the variables that tell the core what it is; all others stay as they are.
    """

    kind: Literal["lambda"]
    function: FunctionName
    image: Image | None = None
    archive: LambdaArchive | None = None
    version_variable: Variable = "TILL_CORE_VERSION"
    environment_variable: Variable = "TILL_CORE_ENVIRONMENT"
    environments: dict[EnvironmentName, LambdaEnvironment] = Field(
        min_length=1, max_length=ENVIRONMENTS_MAX, examples=["{blue: {alias: blue}}"]
    )

    @model_validator(mode="after")
    def _one_kind_of_code_and_two_variables(self) -> "LambdaEnvironments":
        if (self.image is None) == (self.archive is None):
            what = "neither image nor archive is given" if self.image is None else "image and archive are both given"
            raise refusal(what, "give one of the two: it says where the code of a version is")
        if self.version_variable == self.environment_variable:
            what = f"{self.version_variable} is to tell the version and the environment"
            raise refusal(what, "give each a variable of its own", ("environment_variable",))
        return self


class StackEnvironment(Model):
    """One environment's stack. template_url: made from this template when it is not there; None: it has to be.

    capabilities: what its template needs to be made; a stack that is there keeps its own.
    """

    stack: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$", examples=["till-core-green"])]
    template_url: Url | None = None
    capabilities: tuple[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], ...] = Field(
        default=(), strict=False, max_length=3
    )


class StackEnvironments(Model):
    """CloudFormation stacks that take version and size as parameters.

    counted: logical id of the ECS service or Auto Scaling group whose instances take the payments; empty: the only one.
    stateful: types or logical ids of resources that no change set may delete or replace.
    """

    kind: Literal["cloudformation"]
    version_parameter: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,255}$", examples=["Version"])] = "Version"
    size_parameter: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,255}$", examples=["Size"])] = "Size"
    counted: str = Field(default="", pattern=r"^[A-Za-z0-9]{0,255}$", examples=["Core"])
    stateful: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] = Field(
        default=STATEFUL_TYPES, strict=False, max_length=200
    )
    environments: dict[EnvironmentName, StackEnvironment] = Field(
        min_length=1, max_length=ENVIRONMENTS_MAX, examples=["{blue: {stack: till-core-blue}}"]
    )

    @model_validator(mode="after")
    def _two_parameters(self) -> "StackEnvironments":
        if self.version_parameter == self.size_parameter:
            what = f"{self.version_parameter} is to tell the version and the size"
            raise refusal(what, "give each a parameter of its own", ("size_parameter",))
        return self


EnvironmentSettings = Annotated[
    ProcessEnvironments | EcsEnvironments | LambdaEnvironments | StackEnvironments, Field(discriminator="kind")
]
"""The environments of one region, by what they run on."""
