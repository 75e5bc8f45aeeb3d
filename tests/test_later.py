"""Builders that are named before Keras is there."""

import pickle
import subprocess
import sys

from common.paper import load as papers
from common.training.later import later, parameters


def test_a_function_is_called_with_what_was_given_before_and_at_the_call():
    build = later("builtins", "sorted", reverse=True)
    assert build([1, 3, 2]) == [3, 2, 1]
    assert pickle.loads(pickle.dumps(build))([1, 2]) == [2, 1]


def test_the_parameters_are_those_of_the_function():
    assert parameters(later("common.training.later", "later", name="x")) == ["module", "name", "settings"]


def test_naming_the_networks_of_a_paper_imports_no_keras():
    modules = [f"reproductions.{name}.models" for name in papers.names()]
    code = f"import sys, {', '.join(modules)}; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
