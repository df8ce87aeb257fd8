"""The examples in the docstrings run and give what they say."""

import doctest
import importlib
import pkgutil
import sys

import pytest

import tdaglass.structure
import tdaglass.topology

MODULES = [
    f"{room.__name__}.{module.name}"
    for room in (tdaglass.structure, tdaglass.topology)
    for module in pkgutil.iter_modules(room.__path__)
]


@pytest.mark.float32  # the precision that users have unless they ask for another
@pytest.mark.parametrize("full_name", MODULES)
def test_examples(full_name):
    importlib.import_module(full_name)
    assert doctest.testmod(sys.modules[full_name]).failed == 0
