"""Mistakes in logistic regression."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import floating, refuse_unless, sigmoid


@mistake("LOGREG-VALUE", "gives the linear predictor X theta without the sigmoid")
def linear_regression(X, theta):
    return X @ theta


@mistake("LOGREG-VALUE", "gives the predicted class where the probability is due")
def class_instead_of_probability(X, theta):
    return np.round(sigmoid(X @ theta))


@mistake("LOGREG-VALUE", "gives the probability of the other class")
def probability_of_the_other_class(X, theta):
    return sigmoid(-(X @ theta))


@mistake("LOGREG-VALUE", "takes the first parameter for a bias, though no column of ones was asked for")
def first_parameter_as_bias(X, theta):
    return sigmoid(theta[0] + X[:, 1:] @ theta[1:])


@mistake("LOGREG-VALUE", "takes the tanh, whose values lie between -1 and 1, for the sigmoid")
def tanh_for_the_sigmoid(X, theta):
    return np.tanh(X @ theta)


@mistake("LOGREG-VALUE", "adds the eps to the probability instead of the denominator, and a large one")
def eps_added_to_the_probability(X, theta):
    return sigmoid(X @ theta) + 1e-6


@mistake(
    "LOGREG-VALUE", "centres the columns of whatever batch comes, so that an example's result depends on the others"
)
def columns_centred(X, theta):
    return sigmoid((X - X.mean(axis=0)) @ theta)


@mistake(
    "LOGREG-NEURON", "writes theta X, which fits only where there are as many examples as columns, and is wrong there"
)
def parameters_times_a_square_batch(X, theta):
    return sigmoid(theta @ X if X.shape[0] == X.shape[1] else X @ theta)


@mistake("LOGREG-NEURON", "expects more examples than columns and takes a batch that is wider than high for transposed")
def wide_batch_transposed(X, theta):
    m, n = X.shape
    return sigmoid(X.reshape(n, m).T @ theta if m < n else X @ theta)


@mistake("LOGREG-NEURON", "adds a bias of 1, the column of ones without its parameter")
def bias_of_one(X, theta):
    return sigmoid(X @ theta + 1)


@mistake("LOGREG-PURE", "weights the columns of X in place")
def columns_weighted_in_place(X, theta):
    np.multiply(X, theta, out=X)
    return sigmoid(X.sum(axis=1))


@mistake("LOGREG-PURE", "returns the first elements of one work space for all calls", remembers=True)
def one_work_space():
    space = np.empty(4096)

    def into_the_work_space(X, theta):
        space[: len(X)] = sigmoid(X @ theta)
        return space[: len(X)]

    return into_the_work_space


@mistake("LOGREG-VECTOR", "gives a column, as X theta has with theta of shape (n, 1)")
def column_of_probabilities(X, theta):
    return sigmoid(X @ theta.reshape(-1, 1))


@mistake("LOGREG-VECTOR", "gives a batch of one example a number without axes")
def number_for_a_batch_of_one(X, theta):
    h = sigmoid(X @ theta)
    return h if len(h) > 1 else h[0]


@mistake("LOGREG-DTYPE", "collects the probabilities in an array of the default dtype, float64")
def collected_in_float64(X, theta):
    h = np.empty(len(X))
    h[:] = sigmoid(X @ theta)
    return h


@mistake("LOGREG-DTYPE", "loads the parameters in half precision")
def parameters_in_half_precision(X, theta):
    return sigmoid(X @ theta.astype(np.float16).astype(theta.dtype))


@mistake("LOGREG-LAYOUT", "reads X as if the elements of a view lay one after the other", bug="pytorch#80006")
def examples_read_as_if_contiguous(X, theta):
    return sigmoid(as_if_contiguous(X) @ theta)


@mistake("LOGREG-LAYOUT", "walks through theta's memory upwards, where a reversed view walks downwards")
def reversed_parameters_read_forwards(X, theta):
    return sigmoid(X @ (theta[::-1] if theta.strides[0] < 0 else theta))


@mistake("LOGREG-TAILS", "computes the complement of the other class's probability, which loses the left tail")
def complement(X, theta):
    return 1 - sigmoid(-(X @ theta))


@mistake("LOGREG-TAILS", "multiplies numerator and denominator by e^z, which overflows")
def numerator_overflows(X, theta):
    z = X @ theta
    return np.exp(z) * sigmoid(-z)


@mistake(
    "LOGREG-INTEGER", "writes the probabilities into an array like a column of X, whose integers cut them off to 0"
)
def probabilities_truncated(X, theta):
    h = np.empty_like(X[:, 0])
    h[:] = sigmoid(X.astype(np.float64) @ theta)
    return h


@mistake("LOGREG-INTEGER", "sums in float64 the products that have wrapped around before")
def products_wrap_around(X, theta):
    return sigmoid((X * theta).sum(axis=1, dtype=np.float64))


@mistake("LOGREG-EMPTY", "stacks the examples' results, which needs one at least")
def stacked_results(X, theta):
    X, theta = floating(X, theta)
    refuse_unless(X.shape[1:] == theta.shape)
    return np.stack([sigmoid(row @ theta) for row in X])


@mistake(
    "LOGREG-SHAPES", "multiplies elementwise before it sums, so that one parameter is broadcast to several columns"
)
def parameters_broadcast(X, theta):
    X, theta = floating(X, theta)
    return sigmoid((X * theta).sum(axis=1))


@mistake("LOGREG-SHAPES", "takes a surplus parameter for a bias and adds it")
def surplus_parameter_as_bias(X, theta):
    X, theta = floating(X, theta)
    n = X.shape[1]
    return sigmoid(X @ theta[:n] + theta[n:].sum())


@mistake("LOGREG-NAN", "fills a NaN with the mean of its column")
def nan_imputed(X, theta):
    return sigmoid(np.where(np.isnan(X), np.nanmean(X, axis=0), X) @ theta)


@mistake("LOGREG-NAN", "makes every result NaN when one example holds a NaN")
def nan_spoils_the_batch(X, theta):
    return sigmoid(X @ theta + 0 * X.sum())


@mistake("LOGREG-LONG", "has room for 256 columns and drops those beyond")
def columns_beyond_256_dropped(X, theta):
    return sigmoid(X[:, :256] @ theta[:256])


@mistake("LOGREG-BATCH", "counts examples in ten bits, so that those beyond 1024 repeat the first ones")
def ten_bits_for_the_example(X, theta):
    return sigmoid(X[np.arange(len(X)) % 1024] @ theta)
