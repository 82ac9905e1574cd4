"""Says what is wrong where pytest has taken somebody else's configuration for the suite's."""

import pytest


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    if not pluginmanager.hasplugin("tests.harness.plugin"):
        raise pytest.UsageError(
            "pytest has not read the pyproject.toml of this suite but another configuration, which it found beside "
            "an argument: run it from the checkout and name tests/conformance before any --impl"
        )
