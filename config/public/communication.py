"""What is told about one kind of incident: the words of the status page by phase, and letters to audiences."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from config.escalation.on_call import Name
from config.model import Model, refusal
from config.public.placeholders import AT_THE_END, OF_MAINTENANCE, PLACEHOLDERS, Shape, fault_of, fields_of

Phase = Literal["investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress", "completed"]
"""Those of an incident in their order, then those of announced maintenance."""
INCIDENT_PHASES: tuple[Phase, ...] = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_PHASES: tuple[Phase, ...] = ("scheduled", "in_progress", "completed")
MAINTENANCE = "maintenance"
"""The kind that announced maintenance is told by."""
EXPOSURE = "data-exposure"
"""The kind whose every word a person approves, whatever a file says."""
Release = Literal["automatic", "approved"]
"""Automatic: at once for the severities of ``status-page.yaml``; approved: once somebody has said so."""
Words = Annotated[str, Field(min_length=1, max_length=2_000)]


class Letter(Model):
    """One letter, sent once for each incident. phase: when it is due; None: only when somebody asks for it."""

    name: Name
    audience: Name
    phase: Phase | None = None
    send: Release = "approved"
    subject: str = Field(min_length=1, max_length=150)
    body: Annotated[str, Field(min_length=1, max_length=10_000)]


class Communication(Model):
    """A kind of incident as the outside hears of it.

    rules, families: whose incidents are of this kind, a rule before a family. components: of the page that it shows
    at, those of its rules when empty. impact: ``outage`` also for lesser severities. always_person: nothing automatic.
    placeholders: every name in braces with its shape. updates: the page's words by phase; a phase without is not told.
    """

    kind: Name
    title: str = Field(min_length=1, max_length=100)
    rules: tuple[Name, ...] = Field(default=(), strict=False, max_length=50)
    families: tuple[str, ...] = Field(default=(), strict=False, max_length=20)
    components: tuple[Name, ...] = Field(default=(), strict=False, max_length=20)
    impact: Literal["outage", "degraded", "maintenance"] | None = None
    always_person: bool = False
    placeholders: dict[str, Shape] = Field(default_factory=dict, max_length=20)
    publish: Release = "approved"
    updates: dict[Phase, Words] = Field(default_factory=dict)
    letters: tuple[Letter, ...] = Field(default=(), strict=False, max_length=10)

    @field_validator("placeholders")
    @classmethod
    def _known(cls, declared: dict[str, Shape]) -> dict[str, Shape]:
        for name, shape in declared.items():
            known = PLACEHOLDERS.get(name)
            if known is None:
                raise refusal(f"{name} is no placeholder", f"write one of {', '.join(PLACEHOLDERS)}", (name,))
            if shape != known:
                raise refusal(f"{name} is no {shape}", f"write {name}: {known}", (name,))
        return declared

    @model_validator(mode="after")
    def _is_sound(self) -> "Communication":
        used = {name for text, phase, at in self._texts() for name in self._checked(text, phase, at)}
        idle = sorted(set(self.placeholders) - used)
        if idle:
            raise refusal(f"nothing uses {idle[0]}", "remove it, or use it", ("placeholders", idle[0]))
        names = [letter.name for letter in self.letters]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise refusal(f"two letters are called {twice}", "give one of them another name", ("letters",))
        return self

    @model_validator(mode="after")
    def _is_for_a_person(self) -> "Communication":
        if self.kind == EXPOSURE and not self.always_person:
            what = "what is said of exposed data is a person's to say"
            raise refusal(what, "write always_person: true", ("always_person",))
        automatic = self.publish == "automatic" or any(letter.send == "automatic" for letter in self.letters)
        if self.always_person and automatic:
            raise refusal("always_person is true, and something is automatic", "write approved", ("always_person",))
        return self

    def _texts(self) -> list[tuple[str, Phase | None, tuple[str | int, ...]]]:
        texts: list[tuple[str, Phase | None, tuple[str | int, ...]]] = [(self.title, None, ("title",))]
        texts += [(words, phase, ("updates", phase)) for phase, words in self.updates.items()]
        for index, letter in enumerate(self.letters):
            texts += [
                (letter.subject, letter.phase, ("letters", index, "subject")),
                (letter.body, letter.phase, ("letters", index, "body")),
            ]
        return texts

    def _checked(self, text: str, phase: Phase | None, at: tuple[str | int, ...]) -> list[str]:
        """The names that the text leaves open, each declared and known by then."""
        names = list(fields_of(text))
        fault = fault_of(text)
        if fault:
            raise refusal(f"it holds {fault}", "leave it out, or use a placeholder", at)
        for name in names:
            if name not in self.placeholders:
                shape = PLACEHOLDERS.get(name, "name")
                raise refusal(f"{{{name}}} is not declared", f"add {name}: {shape} to placeholders", at)
            if name in AT_THE_END and phase != "resolved":
                raise refusal(f"{{{name}}} is known once it is over", "use it in the phase resolved alone", at)
            if name in OF_MAINTENANCE and self.kind != MAINTENANCE and phase in INCIDENT_PHASES:
                raise refusal(f"{{{name}}} is known of maintenance alone", "use began or ended", at)
        return names
