"""What versions, environments, regions, functions and aliases may be called, wherever somebody names one."""

from typing import Annotated

from pydantic import Field

VERSION = r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}"
"""A pattern without its ends, as the two below; a payment core refuses to start as anything else."""
ENVIRONMENT = r"[a-z][a-z0-9-]{0,31}"
REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]"

Version = Annotated[
    str,
    Field(
        pattern=f"^{VERSION}$",
        description="A version of three numbers with dots between them",
        examples=["2.0.0"],
    ),
]
EnvironmentName = Annotated[
    str,
    Field(
        pattern=f"^{ENVIRONMENT}$",
        description="Up to 32 lower-case letters, digits and dashes that begin with a letter",
        examples=["green"],
    ),
]
RegionName = Annotated[
    str,
    Field(
        max_length=32,
        pattern=f"^{REGION}$",
        description="The name of an AWS region",
        examples=["us-east-1"],
    ),
]
FunctionName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="The name of a function",
        examples=["till-core"],
    ),
]
AliasName = Annotated[
    str,
    Field(
        max_length=128,
        pattern=r"^[0-9]*[A-Za-z_-][A-Za-z0-9_-]*$",
        description="The name of an alias, which is not digits alone",
        examples=["green"],
    ),
]
