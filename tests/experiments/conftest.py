"""How many seeds the experiments are run from."""

import hypothesis


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        quick = hypothesis.settings().max_examples <= 25
        metafunc.parametrize("seed", range(2 if quick else 5))
