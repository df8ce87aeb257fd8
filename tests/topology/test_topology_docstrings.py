"""The examples in the docstrings run and give what they say."""

import doctest
import importlib
import pkgutil
import sys

import pytest

import tdaglass.topology

MODULES = [module.name for module in pkgutil.iter_modules(tdaglass.topology.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    full_name = f"tdaglass.topology.{name}"
    importlib.import_module(full_name)
    assert doctest.testmod(sys.modules[full_name]).failed == 0
