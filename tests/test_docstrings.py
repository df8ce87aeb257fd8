"""The examples in the docstrings run and give what they say."""

import doctest
import importlib
import pkgutil
import sys

import pytest

import tdaglass.io
import tdaglass.runs
import tdaglass.structure
import tdaglass.topology

ROOMS = (tdaglass.io, tdaglass.runs, tdaglass.structure, tdaglass.topology)
MODULES = [m.name for room in ROOMS for m in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
MODULES += ["tdaglass.configuration", "tdaglass.statistics"]


@pytest.mark.float32  # the precision that users have unless they ask for another
@pytest.mark.parametrize("full_name", MODULES)
def test_examples(full_name):
    importlib.import_module(full_name)
    assert doctest.testmod(sys.modules[full_name]).failed == 0
