"""Who gets into the console beside the holders of tokens, for how long, and under which address."""

from urllib.parse import urlsplit

from pydantic import Field, model_validator

from config.loading.url import Url
from config.model import Duration, Model, refusal

ROLE_NAMES = ("viewer", "operator", "approver", "admin")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ARN = (
    r"^arn:aws[a-z-]*:elasticloadbalancing:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:"
    r"loadbalancer/app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$"
)


class LoadBalancerSettings(Model):
    """An Application Load Balancer that lets people in by OpenID Connect and says who they are, signed.

    arn: of that load balancer; what another one signed is refused. issuer, client_id: as in its listener rule.
    claim: of the people, whose values are matched with ``roles``; name_claim: what they are called in the journal.
    roles: by role the values of the claim that give it; the highest that matches counts, none lets nobody in.
    keys_url: where a stand-in on this machine keeps its public keys; None: where AWS does in the region of the ARN.
    """

    arn: str = Field(
        pattern=_ARN,
        description="The ARN of an Application Load Balancer",
        examples=["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/till/0123456789abcdef"],
    )
    issuer: Url = Field(examples=["https://id.example.com"])
    client_id: str = Field(min_length=1, max_length=256, examples=["tillwatch-console"])
    claim: str = Field(default="groups", min_length=1, max_length=64, examples=["groups"])
    name_claim: str = Field(default="email", min_length=1, max_length=64, examples=["email"])
    roles: dict[str, tuple[str, ...]] = Field(
        strict=False, min_length=1, description="By role the values of the claim", examples=[{"operator": ["payments"]}]
    )
    keys_url: Url | None = Field(default=None, examples=["http://127.0.0.1:9443"])

    @model_validator(mode="after")
    def _known_roles(self) -> "LoadBalancerSettings":
        unknown = [name for name in self.roles if name not in ROLE_NAMES]
        if unknown:
            what = f"there is no role {unknown[0]!r:.40}"
            raise refusal(what, f"write one of {', '.join(ROLE_NAMES)}", ("roles", unknown[0]))
        return self

    @model_validator(mode="after")
    def _keys_of_a_stand_in_are_near(self) -> "LoadBalancerSettings":
        if self.keys_url is not None and urlsplit(self.keys_url).hostname not in _LOOPBACK:
            what = "whoever holds these keys says who everybody is, and that address is on another machine"
            raise refusal(what, "leave keys_url out, so that the keys come from AWS", ("keys_url",))
        return self

    @property
    def region(self) -> str:
        """Where the load balancer is."""
        return self.arn.split(":")[3]


class ConsoleSettings(Model):
    """public_url: the address that browsers see, where TLS ends before the daemon; its cookies are then for TLS only.

    idle: a session without a request ends after it; a page that only watches makes none. longest: every session does.
    """

    public_url: Url | None = Field(default=None, examples=["https://till.example.com"])
    idle: Duration = 4 * 3600.0
    longest: Duration = 12 * 3600.0
    load_balancer: LoadBalancerSettings | None = None

    @model_validator(mode="after")
    def _idle_is_within(self) -> "ConsoleSettings":
        if self.idle > self.longest:
            raise refusal("idle is longer than any session may be", "write less than longest", ("idle",))
        return self

    @model_validator(mode="after")
    def _public_url_is_an_origin(self) -> "ConsoleSettings":
        if self.public_url is not None and urlsplit(self.public_url).path not in {"", "/"}:
            what = "the console is not served below a path"
            raise refusal(what, "write scheme and host alone, such as https://till.example.com", ("public_url",))
        return self
