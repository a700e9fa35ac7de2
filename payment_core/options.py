"""What a payment core is started with: address, store, keys, release, fault profile, queue, rail and deliveries."""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from config.delivery.names import ENVIRONMENT, REGION, VERSION
from config.loading.url import Url
from config.model import Model, refusal
from payment_core.ach.delivery.sftp import SftpServer

MILLISECONDS_PER_SECOND = 1000
_DIRECTORY = r"^/?[^/\x00-\x1f]+(/[^/\x00-\x1f]+)*$"
_SFTP_NEEDS = ("ach_sftp_user", "ach_sftp_key_file", "ach_sftp_known_hosts_file")


class CoreOptions(Model):
    """One process of the payment core; blue and green are two of them on one store. Each field is a flag."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=0, ge=0, le=65535, description="port to listen on; 0 takes any")
    address: Literal["own", "shared"] = Field(
        default="own", description="shared: others may listen there too, such as the process that takes over from it"
    )
    workers: int = Field(default=1, ge=1, le=64, description="processes that share the address")
    worker: int = Field(
        default=0, ge=0, le=63, description="which of the workers this is; only the first, 0, does background jobs"
    )
    store: Literal["sqlite", "dynamodb"] = Field(
        default="sqlite", description="sqlite: the database file; dynamodb: the table"
    )
    database: Path = Field(
        default=Path("payments.db"),
        description="SQLite file; keys, ACH files and audit roots lie beside it; shared by blue and green",
    )
    table: str = Field(
        default="till-core", pattern=r"^[A-Za-z0-9_.-]{3,255}$", description="DynamoDB table, when that is the store"
    )
    config: Path | None = Field(
        default=None, description="directory with fraud.yaml, ach.yaml and prices.yaml; what is missing is as packaged"
    )
    key_file: Path | None = Field(
        default=None,
        description="file of the admin API key, made at the first start; beside the database when left out",
    )
    admin_key_sha256: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the admin API key, where there is no lasting file; no key file is made then",
    )
    environment: str = Field(default="blue", pattern=f"^{ENVIRONMENT}$", description="blue or green")
    version: str = Field(default="1.0.0", pattern=f"^{VERSION}$", description="release, such as 1.0.0")
    region: str = Field(default="us-east-1", pattern=f"^{REGION}$", description="AWS region")
    fail_percent: float = Field(
        default=0.0, ge=0, le=100, description="fault profile: payments that end as failed, with the code release_fault"
    )
    slow_seconds: float = Field(
        default=0.0, ge=0, le=60, description="fault profile: seconds added to every payment before the rail is asked"
    )
    above_cents: int = Field(default=0, ge=0, description="fault profile: only payments of more than this fail")
    queue: str = Field(
        default="", pattern=r"^[A-Za-z0-9_-]{0,80}$", description="SQS queue for events; empty keeps them in the outbox"
    )
    queue_region: str = Field(
        default="",
        pattern=f"^({REGION})?$",
        description="AWS region of the queue, where several regions send to one; that of the core when left out",
    )
    endpoint_url: Url | None = Field(
        default=None, description="address of SQS, S3 and DynamoDB; AWS itself when left out"
    )
    kms_key: str = Field(
        default="",
        max_length=512,
        description="id or alias of the KMS key that protects the vault; empty keeps master keys in a file",
    )
    kms_endpoint_url: Url | None = Field(default=None, description="address of KMS; AWS itself when left out")
    ach_bucket: str = Field(
        default="", pattern=r"^[a-z0-9.-]{0,63}$", description="S3 bucket for ACH files; empty keeps them in a folder"
    )
    ach_sftp_host: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.:-]{0,253}$",
        description="the bank's SFTP server for ACH files, a name or an address; empty keeps them in a folder",
    )
    ach_sftp_port: int = Field(default=22, ge=1, le=65535, description="its port")
    ach_sftp_user: str = Field(default="", pattern=r"^[!-~]{0,64}$", description="the user that the bank gave us there")
    ach_sftp_key_file: Path | None = Field(
        default=None, description="our private key for it, without a passphrase, of mode 600"
    )
    ach_sftp_known_hosts_file: Path | None = Field(
        default=None, description="the server's public keys in the format of known_hosts; no other server is trusted"
    )
    ach_sftp_outbound: str = Field(
        default="outbound", max_length=512, pattern=_DIRECTORY, description="its directory that the bank takes from"
    )
    ach_sftp_inbound: str = Field(
        default="inbound", max_length=512, pattern=_DIRECTORY, description="its directory that the bank leaves files in"
    )
    audit_bucket: str = Field(
        default="",
        pattern=r"^[a-z0-9.-]{0,63}$",
        description="S3 bucket with object lock for daily audit roots; empty keeps them in a folder",
    )
    audit_every_hours: float = Field(
        default=24.0,
        gt=0,
        le=8_760,
        description="from the begin of one verification of the whole audit trail to that of the next, in hours",
    )
    audit_share: float = Field(
        default=0.05, gt=0, le=0.5, description="share of the time that verifying the audit trail may take"
    )
    rail_latency_ms: int = Field(
        default=60, ge=0, le=60_000, description="median answer time of the simulated acquirer; 0 answers at once"
    )
    rail_records: Literal["file", "memory"] = Field(
        default="file", description="where the simulated acquirer remembers: a file, or memory that a restart forgets"
    )
    rail_timeout_seconds: float = Field(
        default=5.0, gt=0, le=60, description="after this the rail's answer is unknown and the payment stays processing"
    )
    recovery_margin_seconds: float = Field(
        default=7.0, ge=0.5, le=600, description="how long after its last possible answer a payment is taken over"
    )
    fee_basis_points: int = Field(
        default=800, ge=0, le=10_000, description="the platform's part of every capture; 800 is 8 %"
    )
    release_delay_seconds: int = Field(
        default=2 * 86_400,
        ge=0,
        le=90 * 86_400,
        description="from a capture until its money can be paid out to the provider",
    )
    seed: int = Field(default=1, description="of the simulated acquirer's answer times")
    flags_trusted_keys: Path | None = Field(
        default=None,
        description="file of the public keys that sign flag documents, one a line in hexadecimal: flags.pub of the "
        "daemon; without it the packaged document is served, and no other",
    )
    flags_broker: str = Field(
        default="",
        max_length=512,
        pattern=r"^((mqtts?|wss?)://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?)?$",
        description="MQTT broker that flag documents come from: mqtt://, mqtts://, ws:// or wss://",
    )
    flags_username: str = Field(default="", pattern=r"^[!-~]{0,255}$", description="our user there")
    flags_password_file: Path | None = Field(default=None, description="file with its password, of mode 600")
    flags_ca_file: Path | None = Field(
        default=None, description="who signs the broker's certificate; the system's authorities when left out"
    )
    flags_certificate_file: Path | None = Field(
        default=None, description="our certificate for the broker, as AWS IoT Core asks for"
    )
    flags_certificate_key_file: Path | None = Field(default=None, description="its private key")
    flags_url: Url | None = Field(
        default=None,
        description="the daemon's /api/v1/flags/document, asked every 15 s in case the broker does not bring them",
    )
    flags_token_file: Path | None = Field(default=None, description="file with the token for it, of mode 600")

    migration_exports: Path | None = Field(
        default=None,
        description="folder with exports of the processor that is left, one a folder; without it nothing is moved",
    )
    migration_key_file: Path | None = Field(
        default=None, description="file with the OpenPGP key that opens their encrypted files, of mode 600"
    )
    migration_key_secret: str = Field(
        default="", max_length=512, description="in place of a file: the secret of AWS Secrets Manager with that key"
    )
    migration_passphrase_file: Path | None = Field(default=None, description="file with its passphrase, of mode 600")
    old_processor_url: Url | None = Field(
        default=None,
        description="API of the processor that is left; with it what changes here is told there, and both are compared",
    )
    old_processor_key_file: Path | None = Field(
        default=None, description="file with the secret key of its API, of mode 600"
    )
    old_processor_webhook_secret_file: Path | None = Field(
        default=None, description="file with what its webhooks are signed with, of mode 600; without it none are taken"
    )
    shadow_share: float = Field(
        default=1.0, ge=0, le=1, description="share of reads of customers, cards and accounts that are compared"
    )

    @model_validator(mode="after")
    def both_processors_together(self) -> Self:
        """The old processor is asked with its key, and secrets are of no use without what they are for."""
        if (self.old_processor_url is None) != (self.old_processor_key_file is None):
            raise refusal("is given without its other half", "give both, or neither", ("old_processor_key_file",))
        if self.old_processor_webhook_secret_file is not None and self.old_processor_url is None:
            raise refusal("is missing", "webhooks come from it", ("old_processor_url",))
        if self.migration_key_secret != "" and self.migration_key_file is not None:
            raise refusal("is given beside migration_key_file", "leave one out", ("migration_key_secret",))
        if (self.migration_key_secret != "" or self.migration_key_file is not None) and self.migration_exports is None:
            raise refusal("is missing", "name the folder of the exports that the key opens", ("migration_exports",))
        if self.migration_passphrase_file is not None and self.migration_key_file is None:
            raise refusal("is missing", "name the key that the passphrase opens", ("migration_key_file",))
        return self

    @model_validator(mode="after")
    def one_way_to_the_bank(self) -> Self:
        """A bucket or a server, and of a server everything that it needs."""
        given = [
            name for name in type(self).model_fields if name.startswith("ach_sftp_") and name in self.model_fields_set
        ]
        if self.ach_sftp_host == "":
            if given:
                fix = "name the bank's server, or leave them out"
                raise refusal(f"is missing, but there is {', '.join(given)}", fix, ("ach_sftp_host",))
            return self
        if self.ach_bucket != "":
            raise refusal("is given beside ach_sftp_host", "leave one out: a file goes one way", ("ach_bucket",))
        for name in _SFTP_NEEDS:
            if getattr(self, name) in {"", None}:
                raise refusal("is missing", "ach_sftp_host needs " + ", ".join(_SFTP_NEEDS), (name,))
        if posixpath.normpath(self.ach_sftp_inbound) == posixpath.normpath(self.ach_sftp_outbound):
            fix = "give the bank's files a directory of their own: ours would be taken for returns"
            raise refusal("is the directory of ach_sftp_outbound, too", fix, ("ach_sftp_inbound",))
        return self

    @model_validator(mode="after")
    def flags_that_can_be_trusted(self) -> Self:
        """Documents come only where they can be checked; files of TLS belong to a broker with TLS."""
        if self.flags_trusted_keys is None and (self.flags_broker != "" or self.flags_url is not None):
            fix = "give flags.pub of the daemon: nobody else's documents are served"
            raise refusal("is missing, but there is a place that flags come from", fix, ("flags_trusted_keys",))
        for name in ("flags_ca_file", "flags_certificate_file"):
            if getattr(self, name) is not None and not self.flags_broker.startswith(("mqtts://", "wss://")):
                raise refusal("is given, but the broker has no TLS", "write mqtts:// or wss://", (name,))
        if (self.flags_certificate_file is None) != (self.flags_certificate_key_file is None):
            raise refusal("is given without its other half", "give both files, or neither", ("flags_certificate_file",))
        if (self.flags_username == "") != (self.flags_password_file is None):
            raise refusal("is given without its other half", "give both, or neither", ("flags_username",))
        return self

    @property
    def ach_sftp(self) -> SftpServer | None:
        """The bank's server; None when files do not go there."""
        key_file, known_hosts_file = self.ach_sftp_key_file, self.ach_sftp_known_hosts_file
        if self.ach_sftp_host == "" or key_file is None or known_hosts_file is None:
            return None
        return SftpServer(self.ach_sftp_host, self.ach_sftp_port, self.ach_sftp_user, key_file, known_hosts_file)

    @property
    def lease_ms(self) -> int:
        """How long an operation belongs to the process that began it, in milliseconds."""
        seconds = self.slow_seconds + self.rail_timeout_seconds + self.recovery_margin_seconds
        return round(seconds * MILLISECONDS_PER_SECOND)

    @property
    def audit_every_ms(self) -> int:
        """How often the whole audit trail is verified, in milliseconds."""
        return round(self.audit_every_hours * 3_600 * MILLISECONDS_PER_SECOND)

    @property
    def producer(self) -> str:
        """Whose events this process relays: each worker its own."""
        return self.environment if self.worker == 0 else f"{self.environment}-{self.worker}"

    @property
    def rail_database(self) -> Path | None:
        """The simulated acquirer's own records, beside the payments, so that every process sees one rail."""
        return None if self.rail_records == "memory" else self.beside("rail.db")

    @property
    def admin_key_file(self) -> Path:
        """Where the admin API key is."""
        return self.beside("key") if self.key_file is None else self.key_file

    def beside(self, name: str) -> Path:
        """A file or folder beside the database, such as ``payments.rail.db``."""
        return self.database.with_name(f"{self.database.stem}.{name}")


def complaints(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each option that is wrong, by its name, and what is wrong with it."""
    for wrong in error.errors():
        context = wrong.get("ctx", {})
        name = "-".join(str(part) for part in (*wrong["loc"], *context.get("at", ())))
        yield name, f"{wrong['msg']}; {context['fix']}" if "fix" in context else wrong["msg"]
