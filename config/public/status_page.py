"""The status page: what it is called, which parts it shows, what is told by itself, and who gets letters."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.escalation.on_call import Contact, Name
from config.loading.url import Url
from config.model import Duration, Hold, Model, refusal

Severity = Literal["critical", "high", "medium"]
HISTORY_DAYS_MAX = 90


class Component(Model):
    """A part as customers know it. rules, families: whose incidents show at it, and nothing of their names does."""

    id: Name
    name: str = Field(min_length=1, max_length=60, examples=["Card payments"])
    description: str = Field(default="", max_length=200)
    rules: tuple[Name, ...] = Field(default=(), strict=False, max_length=50)
    families: tuple[str, ...] = Field(default=(), strict=False, max_length=20)


class Bucket(Model):
    """Where the page goes on S3; `deploy/iam-status-page.json` allows it. prefix: of its objects."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", examples=["status.example.com"])]
    prefix: str = Field(default="", max_length=200, pattern=r"^[A-Za-z0-9/_-]*$")


class Audience(Model):
    """Who gets letters: a mailing list or a system of yours, by a channel of kind ``email`` or ``webhook``.

    Customers' own addresses belong into the list that you name here, and never into a configuration.
    """

    contacts: tuple[Contact, ...] = Field(strict=False, min_length=1, max_length=20)


class StatusPage(Model):
    """enabled: whether a page is written. url: where customers see it. directory: None for ``status`` in ``data_dir``.

    severities: which incidents are shown. automatic: of which a word may go out without a person, where its kind says
    ``automatic``. after: an incident that is over sooner is not told. publish_within: of a change. rewrite_every: also
    when nothing has changed, because its age is how a reader sees that it is still kept.
    """

    enabled: bool = True
    company: str = Field(
        default="Payments", min_length=1, max_length=60, pattern=r"^[^<>{}]+$", examples=["Example Marketplace"]
    )
    support: str = Field(default="our support team", min_length=1, max_length=200, pattern=r"^[^<>{}]+$")
    url: Url | None = Field(default=None, examples=["https://status.example.com"])
    directory: Path | None = Field(default=None, strict=False, examples=["data/status"])
    bucket: Bucket | None = None
    severities: tuple[Severity, ...] = Field(default=("critical", "high"), strict=False, min_length=1, max_length=3)
    automatic: tuple[Severity, ...] = Field(default=("critical",), strict=False, max_length=3)
    after: Hold = 60.0
    publish_within: Duration = Field(default=5.0, le=300)
    rewrite_every: Duration = Field(default=60.0, le=3600)
    history_days: int = Field(default=HISTORY_DAYS_MAX, ge=1, le=HISTORY_DAYS_MAX)
    components: tuple[Component, ...] = Field(default=(), strict=False, max_length=20)
    audiences: dict[Name, Audience] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _is_sound(self) -> "StatusPage":
        ids = [one.id for one in self.components]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise refusal(f"two components are called {twice}", "give one of them another id", ("components",))
        hidden = next((name for name in self.automatic if name not in self.severities), None)
        if hidden is not None:
            raise refusal(f"{hidden} is told automatically and not shown", "add it to severities", ("automatic",))
        if self.enabled and not self.components:
            raise refusal("the page shows no component", "add components, or write enabled: false", ("components",))
        if self.rewrite_every < self.publish_within:
            what = f"the page is rewritten every {self.rewrite_every:g}s, sooner than a change may take"
            raise refusal(what, f"write at least {self.publish_within:g}s", ("rewrite_every",))
        return self
