"""Where traces go."""

from pydantic import Field

from config.loading.url import Url
from config.model import Model


class TraceSettings(Model):
    """endpoint_url: an OTLP/HTTP collector; ``/v1/traces`` is added. None: no traces are made."""

    endpoint_url: Url | None = Field(default=None, examples=["http://127.0.0.1:4318"])
