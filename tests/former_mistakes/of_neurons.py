"""Mistakes in a neuron."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import floating, refuse_unless, sigmoid


@mistake("NEURON-VALUE", "leaves the activation out and gives the weighted sum")
def without_activation(x, w, b):
    return x @ w + b


@mistake("NEURON-VALUE", "gives the class, 0 or 1, where the activation is due")
def class_instead_of_activation(x, w, b):
    return (x @ w + b > 0).astype(x.dtype)


@mistake("NEURON-VALUE", "loses the minus sign of the exponent")
def sign_of_the_exponent_lost(x, w, b):
    return 1 / (1 + np.exp(x @ w + b))


@mistake("NEURON-VALUE", "takes 10 for the base of the exponential")
def base_ten(x, w, b):
    return 1 / (1 + 10 ** -(x @ w + b))


@mistake("NEURON-VALUE", "takes the bias for a threshold and subtracts it")
def bias_as_threshold(x, w, b):
    return sigmoid(x @ w - b)


@mistake("NEURON-VALUE", "adds an eps that is too large to go unnoticed")
def eps_of_a_hundred_thousandth(x, w, b):
    return 1 / (1 + np.exp(-(x @ w + b)) + 1e-5)


@mistake("NEURON-VALUE", "divides by the sum over the batch, as if the examples were classes")
def softmax_over_the_batch(x, w, b):
    e = np.exp(x @ w + b)
    return e / (1 + e.sum())


@mistake("NEURON-VALUE", "scales the weights to length 1 first")
def weights_of_length_one(x, w, b):
    return sigmoid(x @ w / max(np.linalg.norm(w), 1e-300) + b)


@mistake("NEURON-ONE", "gives a single example the axis of a batch")
def batch_axis_for_a_single_example(x, w, b):
    return sigmoid(np.atleast_2d(x) @ w + b)


@mistake("NEURON-ONE", "weights the inputs of a single example without summing them")
def single_example_not_summed(x, w, b):
    return sigmoid(x * w + b) if x.ndim == 1 else sigmoid(x @ w + b)


@mistake("NEURON-AND", "fires as the strongest weighted input says, whatever the others add")
def strongest_input_decides(x, w, b):
    return sigmoid((x * w).max(axis=-1) + b)


@mistake("NEURON-AND", "adds the bias after the activation")
def bias_after_the_activation(x, w, b):
    return sigmoid(x @ w) + b


@mistake("NEURON-AND", "cuts the weighted sum off at 8, beyond the sums that small weights give")
def weighted_sum_cut_off_at_eight(x, w, b):
    return sigmoid(np.clip(x @ w, -8, 8) + b)


@mistake("NEURON-OR", "averages the weighted inputs where the formula sums them")
def mean_of_the_weighted_inputs(x, w, b):
    return sigmoid((x * w).mean(axis=-1) + b)


@mistake("NEURON-OR", "adds the bias to each weighted input")
def bias_for_each_input(x, w, b):
    return sigmoid((x * w + b).sum(axis=-1))


@mistake("NEURON-PURE", "weights the inputs in place")
def inputs_weighted_in_place(x, w, b):
    x *= w
    return sigmoid(x.sum(axis=-1) + b)


@mistake("NEURON-PURE", "returns a buffer that the next call for as many examples overwrites", remembers=True)
def buffer_for_each_batch_size():
    buffers = {}

    def into_its_buffer(x, w, b):
        h = sigmoid(x @ w + b)
        buffer = buffers.setdefault(np.shape(h), np.empty(np.shape(h), x.dtype))
        buffer[...] = h
        return buffer

    return into_its_buffer


@mistake("NEURON-VECTOR", "keeps the axis of outputs, as a layer of one neuron has it")
def column(x, w, b):
    return sigmoid(x @ w[:, None] + b)


@mistake("NEURON-VECTOR", "squeezes away the axis of a batch of one example")
def batch_of_one_squeezed(x, w, b):
    return np.squeeze(sigmoid(x @ w + b))


@mistake("NEURON-DTYPE", "makes the bias an array of float64, which makes the result one")
def float64_bias(x, w, b):
    return sigmoid(x @ w + np.asarray(b, np.float64))


@mistake("NEURON-DTYPE", "computes in float32 and casts back")
def float32_inside(x, w, b):
    return sigmoid(x.astype(np.float32) @ w.astype(np.float32) + b).astype(x.dtype)


@mistake("NEURON-DTYPE", "adds the slides' eps, which nothing divides by zero here and which costs half the digits")
def eps_of_the_slides(x, w, b):
    return 1 / (1 + np.exp(-(x @ w + b)) + 1e-8)


@mistake("NEURON-LAYOUT", "reads the memory of x in the order in which it lies there", bug="pytorch PR51713")
def examples_in_the_order_of_memory(x, w, b):
    return sigmoid(x.ravel(order="K").reshape(x.shape) @ w + b)


@mistake("NEURON-LAYOUT", "reads the weights as if the elements of a view lay one after the other", bug="pytorch#80006")
def weights_read_as_if_contiguous(x, w, b):
    return sigmoid(x @ as_if_contiguous(w) + b)


@mistake("NEURON-TAILS", "writes e^z / (1 + e^z), which is inf / inf far to the right")
def quotient_of_two_overflows(x, w, b):
    e = np.exp(x @ w + b)
    return e / (1 + e)


@mistake("NEURON-TAILS", "writes (1 + tanh(z/2)) / 2, which is 0 where the left tail is small")
def half_a_tanh(x, w, b):
    return (1 + np.tanh((x @ w + b) / 2)) / 2


@mistake(
    "NEURON-TAILS", "clips the weighted sum to keep exp from overflowing, though at 30, where much is left of the tail"
)
def clipped_at_thirty(x, w, b):
    return sigmoid(np.clip(x @ w + b, -30, 30))


@mistake("NEURON-TAILS", "keeps the probability away from 0 and 1 for the logarithm to come")
def clipped_probability(x, w, b):
    return np.clip(sigmoid(x @ w + b), 1e-7, 1 - 1e-7)


@mistake("NEURON-INTEGER", "multiplies integers in their own dtype, where products wrap around")
def integers_wrap_around(x, w, b):
    refuse_unless(x.shape[-1:] == w.shape)
    return sigmoid(x @ w + b)


@mistake("NEURON-INTEGER", "casts the bias to the dtype of the inputs, which cuts off its fraction")
def bias_truncated(x, w, b):
    return sigmoid(x.astype(np.float64) @ w + np.asarray(b).astype(x.dtype))


@mistake("NEURON-EMPTY", "applies the activation by np.vectorize, which refuses an array without elements")
def vectorized_sigmoid(x, w, b):
    x, w = floating(x, w)
    refuse_unless(x.shape[-1:] == w.shape)
    return np.vectorize(sigmoid)(x @ w + b).astype(x.dtype)


@mistake("NEURON-NAN", "clips the sum with fmin and fmax, which pass over NaN, to keep exp from overflowing")
def nan_clipped_away(x, w, b):
    return sigmoid(np.fmin(np.fmax(x @ w + b, -1000), 1000))


@mistake("NEURON-NAN", "takes 1 for the sigmoid of what is not below any number", bug="tensorflow#29048")
def one_for_nan(x, w, b):
    z = x @ w + b
    return np.where(np.isnan(z), 1, sigmoid(z))


@mistake("NEURON-LONG", "adds four inputs at a time and forgets those left over")
def leftover_inputs_lost(x, w, b):
    n = len(w)
    whole = n - n % 4 if n > 8 else n
    return sigmoid(x[..., :whole] @ w[:whole] + b)


@mistake("NEURON-BATCH", "works through a batch in blocks of 512 examples and leaves the last, smaller one at 1/2")
def leftover_examples_undecided(x, w, b):
    z = x @ w + b
    if x.ndim == 2 and len(x) > 512:
        z[len(x) - len(x) % 512 :] = 0
    return sigmoid(z)


@mistake("NEURON-SHAPES", "multiplies elementwise before it sums, so that one weight is broadcast to several inputs")
def weights_broadcast(x, w, b):
    x, w = floating(x, w)
    return sigmoid((x * w).sum(axis=-1) + b)


@mistake("NEURON-SHAPES", "takes as many weights as it needs and leaves the others")
def surplus_weights_left(x, w, b):
    x, w = floating(x, w)
    return sigmoid(x @ w[: x.shape[-1]] + b)


@mistake("NEURON-SHAPES", "sums over whichever axis has a weight for each element")
def batch_transposed_to_fit(x, w, b):
    x, w = floating(x, w)
    return sigmoid((x @ w if x.shape[-1:] == w.shape else w @ x) + b)
