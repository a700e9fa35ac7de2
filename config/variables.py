"""The ``TILL_`` variables: laid over the file's settings, with the variable named when it is wrong."""

from collections.abc import Mapping

from pydantic_settings import EnvSettingsSource, SettingsError

from config.loading.document import Path
from config.loading.problems import Problem
from config.loading.suggest import closest, listed
from config.loading.tree import Tree
from config.settings import Settings

PREFIX = "TILL_"
_DELIMITER = "__"


class Overrides:
    """What the environment sets. tree: nested as in the file. problems: variables that cannot be understood."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._variables = {_path_of(name): name for name in sorted(environ) if name.upper().startswith(PREFIX)}
        self.problems = self._unknown()
        self.tree: dict[str, Tree] = {}
        variables = {name.lower(): value for name, value in environ.items()}
        unparsable = self._read(variables)
        while unparsable is not None:
            fix = "write JSON, or set each value by a variable of its own"
            self.problems.append(Problem(unparsable, 0, 0, "the value is not JSON", fix))
            del variables[unparsable.lower()]
            unparsable = self._read(variables)

    def variable_for(self, path: Path, *, in_file: bool) -> str | None:
        """The variable that sets the value at the path, or one that holds it; None when the file does.

        in_file: the file has a value there too; when not, a variable that sets a part of the value is named.
        """
        if not _holds(self.tree, path):
            return None
        for end in range(len(path), 0, -1):
            name = self._variables.get(path[:end])
            if name is not None:
                return name
        if in_file:
            return None
        return next((name for within, name in self._variables.items() if within[: len(path)] == path), None)

    def _unknown(self) -> list[Problem]:
        known = list(Settings.model_fields)
        problems = []
        for path, name in self._variables.items():
            if path[0] in known:
                continue
            likely = closest(str(path[0]), known)
            fix = f"unset it; known are {listed([PREFIX + field.upper() for field in known])}"
            if likely is not None:
                fix = f"did you mean {PREFIX}{_DELIMITER.join((likely, *map(str, path[1:]))).upper()}?"
            problems.append(Problem(name, 0, 0, "no setting has this name", fix))
        return problems

    def _read(self, variables: Mapping[str, str]) -> str | None:
        """Fill the tree; the name of the variable that holds no JSON where JSON is needed, None when all is well."""
        try:
            self.tree = _Source(variables)()
        except SettingsError as error:
            # pydantic-settings names only the field, in quotes; the first of its variables still there is to blame.
            left = (name for path, name in self._variables.items() if f'"{path[0]}"' in str(error))
            return next((name for name in left if name.lower() in variables), None)
        return None


class _Source(EnvSettingsSource):
    """Reads the variables that are passed in, never those of the process."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return dict(self._variables)


def overlay(base: Tree, over: Tree) -> Tree:
    """The file's tree with what the environment sets; a mapping never hides a value of another type."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return base if isinstance(over, dict) else over
    merged = dict(base)
    for key, value in over.items():
        merged[key] = overlay(merged[key], value) if key in merged else value
    return merged


def _holds(tree: Tree, path: Path) -> bool:
    """Whether the tree has a value at the path."""
    for part in path:
        inner: dict[str | int, Tree] = {}
        if isinstance(tree, dict):
            inner.update(tree)
        elif isinstance(tree, list):
            inner.update(enumerate(tree))
        if part not in inner:
            return False
        tree = inner[part]
    return True


def _path_of(name: str) -> Path:
    return tuple(name[len(PREFIX) :].lower().split(_DELIMITER))
