"""``python -m payment_core``: one process of the payment core from its flags."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NoReturn, get_args, get_origin

from pydantic import ValidationError

from config.loading.problems import ConfigurationError
from payment_core.errors import AddressTaken, CoreError
from payment_core.logs import configure_logs
from payment_core.options import CoreOptions, complaints
from payment_core.server import serve

EXIT_BAD_USAGE = 2
EXIT_WORLD_REFUSED = 3


class _Parser(argparse.ArgumentParser):
    """What is mistyped is one line and where to look, as with every other command."""

    def error(self, message: str) -> NoReturn:
        """Say it, and end with 2."""
        self.exit(EXIT_BAD_USAGE, f"{self.prog}: {message}\n  fix: see {self.prog} --help\n")


def main(arguments: Sequence[str], program: str = "python -m payment_core") -> int:
    """Serve; returns 0 when it was stopped, 2 for bad usage, 3 when the address or the store refuses."""
    parser = _Parser(prog=program, description="Serve the payment core until stopped.")
    for name, field in CoreOptions.model_fields.items():
        shown = "" if field.default is None or field.default == "" else f" (default {field.default})"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_flag_type(field.annotation),
            default=argparse.SUPPRESS,
            metavar=_metavar(field.annotation),
            help=f"{field.description}{shown}".replace("%", "%%"),
        )
    try:
        options = CoreOptions(**vars(parser.parse_args(arguments)))
    except ValidationError as error:
        for name, wrong in complaints(error):
            sys.stderr.write(f"--{name.replace('_', '-')}: {wrong}\n")
        return EXIT_BAD_USAGE
    configure_logs()
    try:
        serve(options, arguments)
    except AddressTaken as error:
        sys.stderr.write(f"{error} Stop what listens there, or choose another --port.\n")
        return EXIT_WORLD_REFUSED
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_USAGE
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_WORLD_REFUSED
    return 0


# An annotation is any of Python's forms of types.
def _flag_type(annotation: Any) -> type:  # noqa: ANN401 - see above
    """What argparse makes of the text; the model judges the value."""
    if get_origin(annotation) is UnionType:
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    return annotation if annotation in {int, float, Path} else str


def _metavar(annotation: Any) -> str | None:  # noqa: ANN401 - see above
    return "|".join(get_args(annotation)) if get_origin(annotation) is Literal else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
