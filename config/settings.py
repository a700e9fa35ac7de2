"""Where this process runs: AWS, queues, addresses and tokens; a file, overridden by ``TILL_`` variables."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.console import ConsoleSettings
from config.costs import CostSettings
from config.delivery.environments import EnvironmentSettings
from config.delivery.names import ENVIRONMENT, REGION, RegionName
from config.delivery.traffic import TrafficSettings
from config.escalation.channel_settings import ChannelSettings
from config.loading.url import Url
from config.model import Duration, Model, refusal
from config.reports import ReportSettings
from config.sources import FlagBrokerSettings, MetricSettings, MqttSettings

MEBIBYTE = 1024 * 1024
_THE_DAEMON = "daemon"
"""What the journal calls the daemon itself; what it did by itself is judged otherwise than what people did."""
_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of an empty text: what ``sha256sum`` says of a variable that is not set."""

Role = Literal["viewer", "operator", "approver", "admin"]
QueueName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,80}$",
        description="1 to 80 letters, digits, dashes and underscores, as SQS allows",
        examples=["till-payment-events"],
    ),
]


class AwsSettings(Model):
    """Which AWS is spoken to.

    endpoint_url: overrides every service's address; None means AWS itself, or the SDK's own AWS_ENDPOINT_URL.
    account_id: events of other accounts are refused; empty: of none, and that is refused where AWS itself is spoken to.
    event_regions: where events may come from beside ``region`` and us-east-1, where AWS tells of costs and health.
    sns_signatures: whether SNS must have signed what comes through its topics; off for a stand-in, which cannot sign.
    auto_scaling_url: where a stand-in for Application Auto Scaling answers; None: where all other services do.
    throttle_every: every nth request to a stand-in is answered ThrottlingException, to see what becomes of it.
    """

    region: RegionName = "us-east-1"
    endpoint_url: Url | None = Field(default=None, examples=["http://127.0.0.1:4566"])
    account_id: str = Field(
        default="",
        pattern=r"^(\d{12})?$",
        description="An AWS account of 12 digits, in quotes",
        examples=['"000000000000"'],
    )

    event_regions: tuple[RegionName, ...] = Field(default=(), strict=False, max_length=50)
    sns_signatures: Literal["required", "off"] = "required"
    auto_scaling_url: Url | None = Field(default=None, examples=["http://127.0.0.1:4567"])
    throttle_every: int | None = Field(default=None, ge=2, le=1000, examples=[3])

    @field_validator("endpoint_url", mode="before")
    @classmethod
    def _empty_is_not_aws(cls, url: object) -> object:
        if url == "":
            raise refusal("the endpoint is set but empty", "unset it to use AWS")
        return url

    @model_validator(mode="after")
    def _stand_ins_stand_together(self) -> "AwsSettings":
        if self.auto_scaling_url is not None and self.endpoint_url is None:
            what = "auto_scaling_url is for a stand-in, and AWS itself is spoken to"
            raise refusal(what, "leave it out, or give endpoint_url", ("auto_scaling_url",))
        return self

    @model_validator(mode="after")
    def _only_a_stand_in_is_made_worse(self) -> "AwsSettings":
        if self.throttle_every is not None and self.endpoint_url is None:
            what = "throttle_every is for a stand-in, and AWS itself is spoken to"
            raise refusal(what, "leave it out, or give endpoint_url", ("throttle_every",))
        return self


class QueueSettings(Model):
    """Names of the SQS queues: payment events in packed messages, control events in EventBridge envelopes."""

    payment_events: QueueName = "till-payment-events"
    control_events: QueueName = "till-control-events"


class HttpSettings(Model):
    """Where the daemon listens; port 0 takes a free one."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8080, ge=0, le=65535, examples=[8080])


class Token(Model):
    """A bearer token by its SHA-256, never in clear. name is the actor in the journal."""

    name: str = Field(min_length=1, examples=["oncall"])
    role: Role
    sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        repr=False,
        description="The SHA-256 of the token as 64 lower-case hexadecimal digits",
        examples=["the output of: printf %s TOKEN | sha256sum"],
    )

    @model_validator(mode="after")
    def _is_somebodys(self) -> "Token":
        if self.name == _THE_DAEMON:
            raise refusal("the journal calls the daemon itself so", "give the token another name", ("name",))
        if self.sha256 == _OF_NOTHING:
            what = "this is the SHA-256 of no token at all, with which everybody would come in"
            raise refusal(what, "write that of the token: printf %s TOKEN | sha256sum", ("sha256",))
        return self


CoreName = Annotated[
    str,
    Field(
        max_length=80,
        pattern=f"^({REGION}/)?{ENVIRONMENT}$",
        description="An environment, after its region and a slash where it is not aws.region",
        examples=["us-west-2/blue"],
    ),
]


class CoreTarget(Model):
    """One environment of the payment core: where it answers, and the address its DNS record points to."""

    url: Url
    address: str = Field(min_length=1, examples=["127.0.0.2"])


class ArchiveSettings(Model):
    """Accepted facts as files to replay rules on. directory: ``archive`` in the data directory when none is named.

    keep_for: files that were closed longer ago are deleted. bytes_max: the oldest are deleted before the files together
    are larger; an hour of 50 payments a second is some 10 MiB.
    """

    enabled: bool = False
    directory: Path | None = Field(default=None, strict=False, examples=["data/archive"])
    keep_for: Duration = 14 * 86400.0
    bytes_max: Annotated[int, Field(ge=MEBIBYTE, le=1024**4)] = 2048 * MEBIBYTE


class HealthSettings(Model):
    """publish: whether each health check goes to CloudWatch as metrics, some 30 of them at 0.30 USD a month each.

    namespace: of those metrics; the permission in deploy/iam-daemon.json names the same.
    """

    publish: bool = True
    namespace: str = Field(
        default="Tillwatch",
        max_length=255,
        pattern=r"^[A-Za-z0-9._/#-]+$",
        description="A CloudWatch namespace of your own",
        examples=["Tillwatch"],
    )


class TraceSettings(Model):
    """endpoint_url: an OTLP/HTTP collector; ``/v1/traces`` is added. None: no traces are made."""

    endpoint_url: Url | None = Field(default=None, examples=["http://127.0.0.1:4318"])


class Settings(BaseSettings):
    """Everything the daemon needs to find its surroundings.

    Built from what is passed alone; ``config.load`` lays the ``TILL_`` variables over the file.
    """

    model_config = SettingsConfigDict(
        env_prefix="TILL_", env_nested_delimiter="__", extra="forbid", frozen=True, strict=True
    )

    aws: AwsSettings = AwsSettings()
    queues: QueueSettings = QueueSettings()
    http: HttpSettings = HttpSettings()
    metrics: MetricSettings = MetricSettings()
    console: ConsoleSettings = ConsoleSettings()
    costs: CostSettings = CostSettings()
    reports: ReportSettings = ReportSettings()
    mqtt: MqttSettings | None = None
    flag_broker: FlagBrokerSettings | None = None
    channels: ChannelSettings = ChannelSettings()
    data_dir: Path = Field(default=Path("data"), strict=False, examples=["data"])
    hosted_zone_id: str = Field(default="", max_length=32, examples=["Z0123456789ABCDEFGHIJ"])
    traffic: TrafficSettings = TrafficSettings()
    cores: dict[CoreName, CoreTarget] = Field(default_factory=dict, max_length=16)
    environments: dict[RegionName, EnvironmentSettings] = Field(default_factory=dict, max_length=16)
    core_token: SecretStr = Field(
        default=SecretStr(""),
        description="API key shown to the payment cores; better in TILL_CORE_TOKEN than in a file",
    )
    core_token_file: Path | None = Field(
        default=None, strict=False, description="File that holds it instead", examples=["data/payments.key"]
    )
    tokens: tuple[Token, ...] = Field(default=(), strict=False, max_length=100)
    archive: ArchiveSettings = ArchiveSettings()
    replay: Path | None = Field(
        default=None, strict=False, description="An archive that is read at start", examples=["old/archive"]
    )
    health: HealthSettings = HealthSettings()
    traces: TraceSettings = TraceSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the process environment out: who loads the configuration passes the environment in."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
