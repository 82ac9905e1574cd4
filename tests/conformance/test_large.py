"""Large arrays, on machines that hold them: more elements than a launch, a block or 32 bits can count."""

import numpy as np

from reference import gamma
from tests.harness import clause, exact, large
from tests.harness.drawing import strategies as draw

FEATURES = 8
PERIOD = 2039
"""A prime, so that in no two blocks of a power of two elements the values stand at the same places."""
PERIODS_AT_ONCE = 256


def assert_repeats(impl, result, values, bound, length):
    """``result`` has the ``values`` over and over, ``length`` in all; compared block by block, to spare memory."""
    impl.shape(result, (length, *values.shape[1:]))
    repeated, allowed = (np.concatenate([one] * PERIODS_AT_ONCE) for one in (values, bound))
    for start in range(0, length, len(repeated)):
        count = min(len(repeated), length - start)
        impl.within(result[start : start + count], repeated[:count], allowed[:count])


def repeating(impl, code, *shape):
    """One period of numbers or rows, and an array of the shape in which they begin again after each period."""
    return impl.cast((draw.recipe(code), draw.recipe(f"np.resize({code}, {shape})")))


NUMBERS = f"(np.arange(-{PERIOD // 2}, {PERIOD // 2 + 1}) / 128).astype(np.float32)"
ROWS = f"(np.arange({PERIOD * FEATURES}).reshape({PERIOD}, {FEATURES}) % 31 / 4).astype(np.float32)"


@clause("SIGMOID-HUGE", "TANH-HUGE", "RELU-HUGE")
@large
def test_every_element_of_a_huge_vector_is_computed(impl, f, size):
    period, z = repeating(impl, NUMBERS, size)
    assert_repeats(impl, impl[f](z), exact[f](period), impl.bound[f](period).bound, len(z))


@clause("SOFTMAX-HUGE")
@large
def test_huge_batches_and_huge_rows(impl, size):
    period, z = repeating(impl, ROWS, size // FEATURES, FEATURES)
    assert_repeats(impl, impl.softmax(z), exact.softmax(period), impl.bound.softmax(period).bound, len(z))

    every_third_masked = impl.cast(draw.recipe(f"np.resize([0.0, -np.inf, 0.0], {size})"))
    # e^0 is exactly 1, and so many ones add up exactly in whatever order. exp(log-softmax) has to do with log k, too.
    ones = size - (size + 1) // 3
    arithmetic = impl.arithmetic(every_third_masked)
    bound = (arithmetic.e_exp + gamma((3 + np.log(ones)) * arithmetic.unit_roundoff)) / ones
    values = np.resize([1 / ones, 0.0, 1 / ones], 3 * PERIOD)
    assert_repeats(impl, impl.softmax(every_third_masked), values, np.full_like(values, bound), size)


@clause("LOGITS-HUGE")
@large
def test_no_row_of_a_huge_batch_is_lost_from_the_mean(impl, size):
    # Nothing is lost of a row whose logits are 200 apart; of the three others the loss is log 2 each.
    m = size // 2
    z = draw.recipe(f"np.stack([200 - 200 * {_one_at_three(m)}, np.zeros({m})], 1).astype(np.float32)")
    z, labels = impl.cast((z, draw.recipe(f"np.zeros({m}, np.int64)")))
    undecided = z[:1], labels[:1]
    exactly, bound = exact.cross_entropy_with_logits(*undecided), impl.bound.cross_entropy_with_logits(*undecided).bound
    loss = impl.cross_entropy_with_logits(z, labels)
    impl.within(loss, 3 * exactly / m, 3 * bound / m + _rounding_of_three(impl, z, exactly / m))


@clause("MSE-HUGE")
@large
def test_no_element_of_a_huge_batch_is_lost_from_the_mean(impl, size):
    y_hat = draw.recipe(f"{_one_at_three(size)}.astype(np.float32)")
    y_hat, y = impl.cast((y_hat, draw.recipe(f"np.zeros({size}, np.float32)")))
    impl.within(impl.mean_squared_error(y_hat, y), 3 / (2 * size), _rounding_of_three(impl, y, 1 / size))


def _one_at_three(length):
    """1 at the first, the middle and the last position, 0 elsewhere."""
    return f"np.bincount([0, {length // 2}, {length - 1}])"


def _rounding_of_three(impl, array, term):
    """The bound of the mean of three equal terms and many zeros: two additions, the mean, its factors."""
    arithmetic = impl.arithmetic(array)
    return 3 * term * gamma(6 * arithmetic.unit_roundoff) + 2 * arithmetic.smallest


@clause("LINEAR-HUGE")
@large
def test_every_example_of_a_huge_batch_has_its_sums(impl, size):
    period, x = repeating(impl, ROWS, size // FEATURES, FEATURES)
    layer = np.resize([1.0, -2.0, 3.0, 0.5, -1.0], (3, FEATURES)).astype(np.float32), np.array([0.5, -1, 2], np.float32)
    layer = impl.cast(layer)
    values, bound = exact.linear(period, *layer), impl.bound.linear(period, *layer).bound
    assert_repeats(impl, impl.linear(x, *layer), values, bound, len(x))
