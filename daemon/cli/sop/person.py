"""Asks the person who walks a procedure; what was answered beforehand is not asked again."""

from collections.abc import Iterable, Mapping

import typer

from daemon.cli.output import Exit, fail, note

YES, NO, SKIP = "yes", "no", "skip"


class NobodyAnswered(Exception):
    """Nobody answered, or said no; the message says which."""


class AtTheTerminal:
    """given: answers by step or question, from the command line. harmless_yes: said to all that cannot harm."""

    def __init__(self, given: Mapping[str, str], *, harmless_yes: bool) -> None:
        self._given = dict(given)
        self._harmless_yes = harmless_yes

    @property
    def says_yes_to_harmless(self) -> bool:
        """Whether what cannot harm is done without a question."""
        return self._harmless_yes

    def answer(self, about: str, question: str, choices: tuple[str, ...]) -> str:
        """One of the choices; anything else is asked for once more. Raises NobodyAnswered."""
        if about in self._given:
            said = self._given.pop(about)
            if said not in choices:
                fix = f"write --answer {about}=one of {', '.join(choices)}"
                fail(f"{said!r:.60} does not answer {about}\n  fix: {fix}", Exit.BAD_INPUT)
            note(f"{question} {said}")
            return said
        while True:
            try:
                said = typer.prompt(f"{question} [{'/'.join(choices)}]", err=True)
            except typer.Abort:
                raise NobodyAnswered("nobody answered") from None
            found = [one for one in choices if one == said.strip().lower() or one == said.strip()]
            if found:
                return found[0]
            note(f"write one of {', '.join(choices)}")


def answers_given(texts: Iterable[str]) -> dict[str, str]:
    """``STEP=ANSWER`` of the command line as a mapping. Ends the command with 2 for any other text."""
    return pairs_given(texts, "--answer", "STEP=ANSWER, such as tell-people=yes")


def options_given(texts: Iterable[str] | None) -> dict[str, str]:
    """``--NAME=VALUE`` as a mapping. Ends the command with 2 for any other text."""
    found = pairs_given(() if texts is None else texts, "--option", "--NAME=VALUE, such as --kms-key=alias/till")
    for name in found:
        if not name.startswith("--"):
            fail(f"{name!r:.60} is no option\n  fix: write --option --{name}=...", Exit.BAD_INPUT)
    return found


def pairs_given(texts: Iterable[str], option: str, shape: str) -> dict[str, str]:
    """``NAME=VALUE`` as a mapping; the last one of a name counts. Ends the command with 2 for any other text."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            fail(f"{text!r:.60} is no {option}\n  fix: write {option} {shape}", Exit.BAD_INPUT)
        found[name] = value
    return found
