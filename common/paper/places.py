"""Where something stands in a paper.yaml, so that a mistake is told with its line.

A place is the way to a node from the top of the file, keys and positions, e.g. ("tables", 0, "where", "metric").
"""

from collections.abc import Iterable
from pathlib import Path

import yaml
from rapidfuzz import process

from common.support.errors import UserError

Place = tuple[str | int, ...]


class Source:
    """The text of a YAML file and the lines of its nodes.

    Raises:
        UserError: if the file is not YAML, holds no mapping, or repeats a key.
    """

    def __init__(self, path: Path):
        self.path = path
        loader = yaml.CSafeLoader(path.read_text(encoding="utf-8"))
        try:
            self._tree = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise UserError(f"{path}:{line} is not YAML: {error.problem}.", "Mend that line.") from error
        if not isinstance(self._tree, yaml.MappingNode):
            raise UserError(f"{path}:1 does not describe a paper.", "Begin with `key:`, `title:` and so on.")
        self._refuse_repeated_keys(self._tree)
        self.data = loader.construct_document(self._tree)

    def line(self, place: Place) -> int:
        """The line, from 1, of the key or entry at a place; of the deepest one on the way there that exists."""
        node, line = self._tree, 1
        for step in place:
            if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
                line = node.start_mark.line + 1
            elif isinstance(node, yaml.MappingNode):
                child = next((pair for pair in node.value if _names(pair[0], step)), None)
                if child is not None:
                    line, node = child[0].start_mark.line + 1, child[1]
        return line

    def at(self, place: Place) -> str:
        """File and line of a place, e.g. "paper.yaml:12", as messages begin."""
        return f"{self.path}:{self.line(place)}"

    def unknown_key(self, place: Place, valid: Iterable[str]) -> UserError:
        """The error for a key that does not exist there, with the nearest one that does."""
        key = str(place[-1])
        nearest = process.extractOne(key, sorted(valid))[0]
        return UserError(f"{self.at(place)} has the unknown key {key!r}.", f"Did you mean {nearest!r}?")

    def _refuse_repeated_keys(self, node: yaml.Node) -> None:
        # YAML readers keep the last of two equal keys without a word, which would hide a lost result.
        if isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self._refuse_repeated_keys(child)
        elif isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in seen:
                    remedy = f"Keep one of the two: the first is on line {seen[key.value]}."
                    raise UserError(f"{self.path}:{line} repeats the key {key.value!r}.", remedy)
                seen[key.value] = line
                self._refuse_repeated_keys(value)


def _names(key: yaml.Node, step: str | int) -> bool:
    """Whether a key is that step; YAML reads unquoted ones such as `no` and `1` as something else than text."""
    return key.value == str(step) or (not isinstance(step, str) and yaml.safe_load(key.value) == step)
