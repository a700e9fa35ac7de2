"""What the daemon reads beside its queues: CloudWatch metrics, and the topics of terminals and devices."""

from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field, SecretStr, model_validator

from config.model import Duration, Model, refusal

QUERIES_MAX = 5_000
"""Ten calls of GetMetricData in each poll; at a poll a minute their price is already that of a server."""
DeviceKind = Literal["payment.attempted", "health.probed", "heartbeat"]
"""What a device may speak of: everything else is somebody else's to say."""
_STATISTIC = r"^(Average|Sum|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d{1,2})?|p100)$"
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_DAY_SECONDS = 86_400
_Dimension = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^,=]+$")]


class MetricQuery(Model):
    """One metric with its dimensions, one statistic and one period."""

    namespace: str = Field(
        max_length=255,
        pattern=r"^[A-Za-z0-9._/#:-]+$",
        description="A CloudWatch namespace",
        examples=["AWS/ApplicationELB"],
    )
    metric: str = Field(min_length=1, max_length=255, examples=["TargetResponseTime"])
    statistic: str = Field(
        pattern=_STATISTIC,
        description="A statistic: Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99",
        examples=["p99"],
    )
    period: Duration = 60.0
    dimensions: dict[_Dimension, _Dimension] = Field(default_factory=dict, max_length=30)

    @property
    def period_seconds(self) -> int:
        """The length of one datapoint."""
        return int(self.period)

    @property
    def dimension_text(self) -> str:
        """The dimensions as facts carry them: ``Name=value``, sorted, with commas between."""
        return ",".join(f"{name}={value}" for name, value in sorted(self.dimensions.items()))

    @model_validator(mode="after")
    def _period_as_cloudwatch_has_it(self) -> "MetricQuery":
        if self.period not in _SHORT_PERIODS and (self.period % 60 or self.period > _DAY_SECONDS):
            what = f"CloudWatch has no period of {self.period:g}s"
            raise refusal(what, "write 1s, 5s, 10s, 20s, 30s, or whole minutes up to 1d", ("period",))
        return self


class MetricSettings(Model):
    """Which CloudWatch metrics are read, how often, and how long after its end a period counts as complete."""

    every: Duration = 60.0
    settle: Duration = 60.0
    queries: tuple[MetricQuery, ...] = Field(default=(), strict=False, max_length=QUERIES_MAX)

    @model_validator(mode="after")
    def _each_metric_once(self) -> "MetricSettings":
        known: set[tuple[str, str, str, float, str]] = set()
        for index, one in enumerate(self.queries):
            key = (one.namespace, one.metric, one.statistic, one.period, one.dimension_text)
            if key in known:
                what = f"{one.namespace} {one.metric} {one.statistic} is asked for twice with the same dimensions"
                raise refusal(what, "remove one of the two", ("queries", index))
            known.add(key)
        return self


class TopicFilter(Model):
    """Topics of one kind of device, and the facts that they may carry.

    A filter with a ``+`` names the device there: a message may speak of no other. kinds: fact kinds, none by default.
    """

    filter: str = Field(
        min_length=1,
        max_length=512,
        pattern=r"^[^#\x00]+(/#)?$",
        description="An MQTT topic filter",
        examples=["terminals/+/events"],
    )
    kinds: tuple[DeviceKind, ...] = Field(strict=False, max_length=3, examples=["[payment.attempted, heartbeat]"])

    @model_validator(mode="after")
    def _wildcards_are_whole_levels(self) -> "TopicFilter":
        for level in self.filter.split("/"):
            if ("+" in level or "#" in level) and len(level) > 1:
                what = f"{level!r} mixes a wildcard with text"
                raise refusal(what, "a wildcard is a whole level, such as terminals/+/events", ("filter",))
        if not self.kinds:
            raise refusal("kinds is empty, so all would be refused", "name what the topic carries", ("kinds",))
        return self


class FlagBrokerSettings(Model):
    """The broker that payment cores hear of flags by: AWS IoT Core, Mosquitto.

    client_id: no two daemons may share it. transport, path: ``websockets`` where TCP does not get through.
    ca_file: who signs the broker's certificate, instead of the system's authorities; certificate_file, key_file: ours,
    by which AWS IoT Core knows us.
    """

    host: str = Field(min_length=1, max_length=255, examples=["example-ats.iot.us-east-1.amazonaws.com"])
    port: int = Field(default=8883, ge=1, le=65535)
    tls: bool = True
    ca_file: Path | None = Field(default=None, strict=False)
    certificate_file: Path | None = Field(default=None, strict=False)
    key_file: Path | None = Field(default=None, strict=False)
    username: str = Field(default="", max_length=255)
    password: SecretStr = Field(
        default=SecretStr(""), description="Better in TILL_FLAG_BROKER__PASSWORD than in a file"
    )
    client_id: str = Field(default="tillwatch-flags", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    transport: Literal["tcp", "websockets"] = "tcp"
    path: str = Field(default="/mqtt", pattern=r"^/[A-Za-z0-9/_.-]{0,200}$")

    @model_validator(mode="after")
    def _files_of_tls_alone(self) -> "FlagBrokerSettings":
        check_tls_files(self)
        return self


class MqttSettings(Model):
    """The broker that terminals and devices speak to.

    client_id: names the session that the broker keeps; no two daemons may share it. session_expiry: how long the broker
    keeps messages while the daemon is away. receive_maximum: messages that are on their way to disk at once.
    ca_file: who signs the broker's certificate, instead of the system's authorities; certificate_file, key_file: ours.
    """

    host: str = Field(min_length=1, max_length=255, examples=["broker.example.com"])
    port: int = Field(default=8883, ge=1, le=65535)
    tls: bool = True
    ca_file: Path | None = Field(default=None, strict=False)
    certificate_file: Path | None = Field(default=None, strict=False)
    key_file: Path | None = Field(default=None, strict=False)
    username: str = Field(default="", max_length=255)
    password: SecretStr = Field(default=SecretStr(""), description="Better in TILL_MQTT__PASSWORD than in a file")
    client_id: str = Field(default="tillwatch", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    session_expiry: Duration = 86_400.0
    receive_maximum: int = Field(default=200, ge=1, le=65_535)
    topics: tuple[TopicFilter, ...] = Field(strict=False, max_length=100)

    @model_validator(mode="after")
    def _something_to_do_and_files_of_tls_alone(self) -> "MqttSettings":
        if not self.topics:
            raise refusal("topics is empty, so nothing would be read", "add a topic, or remove mqtt", ("topics",))
        check_tls_files(self)
        return self


class TlsFiles(Protocol):
    """What says how a broker is reached over TLS."""

    @property
    def tls(self) -> bool: ...  # noqa: D102 - as in the settings.
    @property
    def certificate_file(self) -> Path | None: ...  # noqa: D102 - as in the settings.
    @property
    def key_file(self) -> Path | None: ...  # noqa: D102 - as in the settings.


def check_tls_files(broker: TlsFiles) -> None:
    """Refuse files that TLS would not use: without it, or half a pair."""
    for name in ("ca_file", "certificate_file", "key_file"):
        if getattr(broker, name) is not None and not broker.tls:
            raise refusal(f"{name} is given and tls is off", "set tls: true, or remove the file", (name,))
    if (broker.certificate_file is None) != (broker.key_file is None):
        raise refusal("a certificate needs its key, and a key its certificate", "give both files, or neither")
