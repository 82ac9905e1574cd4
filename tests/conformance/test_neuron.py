"""neuron and logistic_regression: the sigmoid of one weighted sum; the gates that a single neuron can be."""

import numpy as np

import reference
from tests.conformance.relations import (
    arguments_of_neuron,
    assert_pure,
    assert_right_in_layouts,
    each,
    floats_of,
    lengths_of,
    one_for_each,
)
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw


@clause("NEURON-VALUE")
@given(neuron=draw.neurons())
def test_a_neuron_is_the_sigmoid_of_its_weighted_sum(impl, neuron):
    h = _as_vector(impl.neuron(*neuron), neuron[0])
    impl.right(h)


@clause("NEURON-ONE")
@given(neuron=draw.neurons(batches=(draw.ONE_EXAMPLE,)))
def test_a_single_example_gives_a_single_number(impl, neuron):
    impl.check.neuron(*neuron)


@clause("NEURON-AND")
def test_a_neuron_is_an_and_gate(impl):
    _assert_gate(impl, reference.AND)


@clause("NEURON-OR")
def test_a_neuron_is_an_or_gate(impl):
    _assert_gate(impl, reference.OR)


def _assert_gate(impl, gate):
    ((W, b),) = gate.theta
    neuron = *impl.cast((reference.TRUTH_TABLE_INPUTS, W[0])), float(b[0])
    h = _as_vector(impl.neuron(*neuron), neuron[0])
    impl.right(h)
    impl.exactly(h > 0.5, np.array(gate.truth_table))


@clause("LOGREG-VALUE")
@given(neuron=draw.neurons())
def test_logistic_regression_is_the_sigmoid_of_x_theta(impl, neuron):
    X, theta, _ = neuron
    h = _as_vector(impl.logistic_regression(X, theta), X)
    impl.right(h)


@clause("LOGREG-NEURON")
@given(neuron=draw.neurons())
def test_logistic_regression_is_a_neuron_without_bias(impl, neuron):
    X, theta, _ = neuron
    h = _as_vector(impl.logistic_regression(X, theta), X)
    impl.within(h, exact.neuron(X, theta, 0.0), impl.bound.neuron(X, theta, 0.0))


def _as_vector(h, x):
    """h, or what is in it where it is a column with one number for each example, as the textbook level admits."""
    return one_for_each(h, len(x))


@clause("NEURON-PURE", "LOGREG-PURE")
@given(neuron=draw.neurons())
def test_no_buffer_is_kept_and_no_argument_changed(impl, f, neuron):
    x, w, b = neuron
    assert_pure(impl, f, arguments_of_neuron(f, neuron), arguments_of_neuron(f, (x + 1, w - 2, b + 3)))


@clause("NEURON-VECTOR", "LOGREG-VECTOR")
@given(neuron=draw.neurons(batches=(1, 2)))
def test_a_batch_gives_one_number_for_each_example(impl, f, neuron):
    impl.shape(impl[f](*arguments_of_neuron(f, neuron)), (len(neuron[0]),))


@clause("NEURON-DTYPE", "LOGREG-DTYPE")
@given(neuron=draw.neurons(dtypes=draw.FLOATS))
def test_the_dtype_is_kept(impl, f, neuron):
    arguments = arguments_of_neuron(f, neuron)
    h = impl[f](*arguments)
    impl.dtype(h, neuron[0].dtype)
    impl.right(h)


@clause("NEURON-LAYOUT", "LOGREG-LAYOUT")
@each(neuron=draw.neurons_in_layouts(), mix=draw.ALL_LAYOUTS)
@given(neuron=draw.neurons(batches=(draw.ONE_EXAMPLE, 1, *draw.SEVERAL), dtypes=draw.FLOATS), mix=draw.mixes())
def test_any_memory_layout_is_read(impl, f, neuron, mix):
    assert_right_in_layouts(impl, f, mix, arguments_of_neuron(f, neuron))


@clause("NEURON-TAILS", "LOGREG-TAILS")
@given(neuron=draw.neurons(dtypes=draw.FLOATS))
def test_a_neuron_is_accurate_far_from_its_boundary(impl, f, neuron):
    x, w, b = neuron
    for distance in (10, 100, 10000):
        far = arguments_of_neuron(f, (distance * x, w, b))
        impl.check[f](*far)


@clause("NEURON-INTEGER", "LOGREG-INTEGER")
@given(neuron=draw.integer_neurons())
def test_integers_are_promoted_or_refused(impl, f, neuron):
    impl.attempt[f](*arguments_of_neuron(f, neuron)).refused_or_promoted(0, 1)


@clause("NEURON-NAN", "LOGREG-NAN")
@given(neuron=draw.neurons(batches=draw.SEVERAL, dtypes=draw.FLOATS))
def test_nan_spoils_its_own_example_and_no_other(impl, f, neuron):
    x, w, b = neuron
    x, w = draw.without_0(x), draw.without_0(w)  # BLAS may pass over a factor of exactly 0
    bound = impl.bound[f](*arguments_of_neuron(f, (x, w, b)))
    inputs = [(draw.with_nan_at(x, position - len(w)), w, b) for position in range(len(w))]
    for spoilt in (*inputs, (x, draw.with_nan_at(w, -1), b), *[(x, w, np.nan)] * (f == "neuron")):
        arguments = arguments_of_neuron(f, spoilt)
        impl.attempt[f](*arguments).refused_or_within(impl.exact[f](*arguments), bound)


@clause("NEURON-LENGTH", "LOGREG-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_input_of_a_long_example_is_lost(impl, f, length):
    for reason, neuron in draw.long_neurons(lengths_of(impl, length), floats_of(impl)):
        impl.because(reason)
        # The sums are 1 and -1, exact in any order, and far from that without any one of their terms.
        sums = np.array([1.0, -1.0], neuron[0].dtype)
        impl.within(impl[f](*arguments_of_neuron(f, neuron)), exact.sigmoid(sums), impl.bound.sigmoid(sums))


@clause("NEURON-BATCH", "LOGREG-BATCH")
@given(neuron=draw.in_large_batches(draw.neurons(batches=(5,), dtypes=draw.FLOATS)))
def test_a_large_batch(impl, f, neuron):
    arguments = arguments_of_neuron(f, neuron)
    impl.check[f](*arguments)


@clause("NEURON-EMPTY", "LOGREG-EMPTY")
@given(neuron=draw.neurons(batches=(1,)))
def test_an_empty_batch_gives_no_number(impl, f, neuron):
    x, w, b = neuron
    impl.shape(impl[f](*arguments_of_neuron(f, (x[:0], w, b))), (0,))


@clause("NEURON-SHAPES", "LOGREG-SHAPES")
@given(neuron=draw.neurons(batches=(4,)))
def test_weights_that_do_not_fit_the_examples_are_refused(impl, f, neuron):
    x, w, b = neuron
    wrong = {
        "one weight too many": (x, np.append(w, w[:1]), b),
        "one weight for several inputs": (np.hstack([x, x]), w[:1], b),
        "a transposed batch": (x.T, w, b),
    }
    for what, arguments in wrong.items():
        impl.attempt[f](*arguments_of_neuron(f, arguments)).refused(what)
