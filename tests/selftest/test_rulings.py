"""The rulings on right code: which forms are admitted, which stay accused, and that no verdict depends on the seed."""

import numpy as np
import pytest
from hypothesis import settings

import reference
from reference import REFERENCE, Arithmetic
from tests.conformance import every_test_imported
from tests.selftest.right_variants import VARIANTS
from tests.selftest.soak import accusations

LOG2_E = 1.4426950408889634


@pytest.fixture(scope="module", autouse=True)
def _quick_profile():
    every_test_imported()
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


def share(f, form, z):
    """The largest error of a form over the error that the suite allows."""
    arithmetic = Arithmetic.of(z.dtype.name, 4.0)
    with np.errstate(all="ignore"):
        wide = z.astype(np.float64)
        bound = getattr(reference, f"{f}_bound")
        allowed = bound(wide, arithmetic) + bound(wide, REFERENCE)
        return float(np.max(np.abs(form(z).astype(np.float64) - getattr(reference, f)(wide)) / allowed))


def by_powers_of_2(z):
    e = np.exp2((z - z.max(axis=-1, keepdims=True)) * z.dtype.type(LOG2_E))
    return e / e.sum(axis=-1, keepdims=True)


def by_the_scaled_maximum(z):
    scaled = z * z.dtype.type(LOG2_E)
    e = np.exp2(scaled - scaled.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def exponential_of_the_log(z):
    largest = z.max(axis=-1, keepdims=True)
    return np.exp(z - (largest + np.log(np.exp(z - largest).sum(axis=-1, keepdims=True))))


def reciprocal_of_2_plus_expm1(z):
    return 1 / (2 + np.expm1(-z))


def rational_near_0(z):
    return z * z.dtype.type(4.89352518554385e-03) / z.dtype.type(4.89352518554385e-03)


DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [2, 3, 10])
def test_the_admitted_forms_of_softmax_stay_inside_the_bound(dtype, k):
    rows = np.random.default_rng(k).uniform(-1, 1, (100_000, k))
    for size in (3, 20, 40 if dtype == np.float32 else 300):
        assert share("softmax", by_powers_of_2, (size * rows).astype(dtype)) < 1
    for size in (3, 20):
        assert share("softmax", exponential_of_the_log, (size * rows).astype(dtype)) < 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_forms_of_softmax_that_are_not_admitted_leave_it(dtype):
    rows = np.random.default_rng(1).uniform(-3, 3, (10_000, 3)) + 1000
    assert share("softmax", by_the_scaled_maximum, rows.astype(dtype)) > 10
    assert share("softmax", exponential_of_the_log, rows.astype(dtype)) > 10


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_admitted_forms_of_sigmoid_and_tanh_stay_inside_the_bound(dtype):
    numbers = np.random.default_rng(1).uniform(-1, 1, 300_000)
    for size in (1, 5, 40, 80 if dtype == np.float32 else 700):
        assert share("sigmoid", reciprocal_of_2_plus_expm1, (size * numbers).astype(dtype)) < 1
    tiny = numbers * np.finfo(dtype).tiny
    for power in range(20):
        assert share("tanh", rational_near_0, (tiny * 2.0**power).astype(dtype)) < 1


@pytest.mark.parametrize(
    ("name", "accused_by", "not_by"),
    [
        ("sigmoid: exponential of the log sigmoid", {"SIGMOID-SWEEP"}, set()),
        ("sigmoid: half of one plus tanh", {"SIGMOID-SWEEP"}, set()),
        (
            "softmax: exponential less the log of the sum",
            {"SOFTMAX-OFFSET"},
            {"SOFTMAX-DTYPE", "SOFTMAX-NDIM", "SOFTMAX-BATCH"},
        ),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_clauses_accuse_a_textbook_form_under_every_seed(name, accused_by, not_by, seed):
    found = {id for _, id, _ in accusations([VARIANTS[name]], seed, (name.partition(":")[0],), beyond=True)}
    assert accused_by <= found
    assert not not_by & found
