"""How the daemon's own health checks are told to the outside."""

from pydantic import Field

from config.model import Model


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
