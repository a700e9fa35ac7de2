"""Descriptions of a payment core as generators of requests, and what is accepted as an answer to them."""

from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema

# What a schema cannot say (an id that exists, a name that is taken) is refused with these, also for valid bodies.
REFUSALS = ["2xx", "402", "403", "404", "409", "422", "502", "503"]


def generator_of(document: dict[str, Any]) -> OpenApiSchema:
    """A generator of valid and invalid requests; the keys of the API are sent by the test itself.

    With security in the description, requests without a key would be generated as wrong ones.
    """
    for item in document["paths"].values():
        for operation in item.values():
            operation["security"] = []
    config = SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}}})
    return schemathesis.openapi.from_dict(document, config=config)
