"""The shape of a plan file: a deployment that is asked for again and again, as options of ``tillwatch deploy``."""

from typing import Literal

from pydantic import Field

from config.delivery.names import VERSION, RegionName
from config.model import Model


class DeploymentPlan(Model):
    """Everything may be left out, and given on the command line instead."""

    version: str = Field(
        default="",
        pattern=f"^({VERSION})?$",
        description="A version of three numbers with dots between them",
        examples=["2.0.0"],
    )
    strategy: Literal["blue-green", "canary", "rolling"] = "blue-green"
    regions: tuple[RegionName, ...] = Field(default=(), strict=False, max_length=16)
    cohort: str = Field(default="", max_length=128, examples=["merchant=mer_12"])
    reason: str = Field(default="", max_length=500)
    differential: bool = False
