"""Known mistakes that show only where two conditions meet: a layout and a domain, a batch and a mask.

In goes what `of_reach_losses` and `of_reach_networks` know of right code; out come mistakes in corners of the inputs
that an example of either condition alone does not reach. Each was right on every input of the suite before it had one
that is named here.
"""

import numpy as np

import reference
from tests.mistakes.networks import backpropagated, linear, mlp, outer_products
from tests.mistakes.of_reach_losses import a_little_off, losses_of_probabilities, packed, squares
from tests.mistakes.registry import record, wrong
from tests.mistakes.rules import RULES


def _packed_elements(a):
    """The vector read as if its elements lay one behind the other."""
    if a.ndim == 1 and a.size > 1 and a.strides[0] > a.itemsize:
        return np.lib.stride_tricks.as_strided(a, a.shape, (a.itemsize,))
    return a


# A layout, and what the function takes: a probability that lies beside the elements is not refused.


@wrong("BCE-LAYOUT", "never reads the stride of the rows, and takes a slice of a wider matrix for packed")
def rows_of_probabilities_taken_for_packed(y_hat, y):
    return np.mean(losses_of_probabilities(packed(y_hat), packed(y)))


@wrong("BCE-LAYOUT", "counts its steps in whole elements, and reads the column of a packed record of float64 wrongly")
def steps_in_whole_probabilities(y_hat, y):
    if y_hat.ndim == 1 and y_hat.size and y_hat.dtype == np.float64 and y_hat.strides[0] % y_hat.itemsize:
        whole = y_hat.strides[0] // y_hat.itemsize * y_hat.itemsize
        y_hat = np.lib.stride_tricks.as_strided(y_hat, y_hat.shape, (whole,))
    return np.mean(losses_of_probabilities(y_hat, y))


@wrong("CE-LAYOUT", "never reads the stride of the rows, and takes a slice of a wider matrix for packed")
def rows_of_classes_taken_for_packed(y_hat, y):
    return reference.cross_entropy(packed(y_hat), packed(y))


@wrong("CE-LAYOUT", "reads a single example, a column of a wider matrix, as if it lay in one piece")
def single_example_taken_for_packed(y_hat, y):
    return reference.cross_entropy(_packed_elements(y_hat), y)


@wrong("LOGITS-LAYOUT", "reads a single row of logits, a column of a wider matrix, as if it lay in one piece")
def single_row_taken_for_packed(z, labels):
    return reference.cross_entropy_with_logits(_packed_elements(z), labels)


@wrong("LINEAR-LAYOUT", "reads a single example, a column of a wider matrix, as if it lay in one piece")
def single_input_taken_for_packed(x, W, b):
    return linear(_packed_elements(x), W, b)


@wrong("NEURON-LAYOUT", "reads a single example, a column of a wider matrix, as if it lay in one piece")
def single_input_of_a_neuron_taken_for_packed(x, w, b):
    return reference.neuron(_packed_elements(x), w, b)


@wrong("RELU-LAYOUT", "drops what is above 80 where float32 numbers are strided")
def strided_and_above_80(z):
    value = reference.relu(z)
    if z.ndim == 1 and z.dtype == np.float32 and z.size > 1 and z.strides[0] != z.itemsize:
        value = np.where(z > 80, 0, value).astype(z.dtype)
    return value


@wrong("TANH-LAYOUT", "reaches no more than a hundred elements of a vector whose elements are apart")
def strided_and_long(z):
    value = reference.tanh(z)
    if z.ndim == 1 and z.size > 100 and z.strides[0] not in (0, z.itemsize):
        value[100:] = 0
    return value


@wrong("MLP-LAYOUT", "reads a single example, a column of a wider matrix, as if it lay in one piece")
def single_input_of_a_network_taken_for_packed(x, theta, activations):
    return mlp(_packed_elements(x), theta, activations)


@wrong("ONEHOT-LAYOUT", "counts its steps in whole labels, and reads the column of a packed record wrongly")
def steps_in_whole_labels(labels, k):
    if labels.ndim == 1 and labels.size and labels.strides[0] % labels.itemsize:
        whole = labels.strides[0] // labels.itemsize * labels.itemsize
        labels = np.lib.stride_tricks.as_strided(labels, labels.shape, (whole,))
    return reference.one_hot(labels, k)


@wrong("GRAD-LAYOUT", "clears the gradient of weights that two layers share, or that an autoencoder's targets touch")
def shared_arrays(x, y, theta, activations, loss):
    gradients = backpropagated(x, y, theta, activations, loss)
    tied = np.shares_memory(x, y) or any(np.shares_memory(theta[0][0], W) for W, _ in theta[1:])
    return [(0 * dW, db) for dW, db in gradients] if tied else gradients


# A length, and a size, a dtype or the number of rows.


@wrong("SIGMOID-LENGTH", "loses the last element of more than 512 that leave over 13 by blocks of 16")
def thirteen_left_over(z):
    value = reference.sigmoid(z)
    if z.ndim == 1 and z.size > 512 and z.size % 16 == 13:
        value[-1] = 0.25
    return value


@wrong("SOFTMAX-LENGTH", "counts the first exponential twice in long rows that leave over 77 by blocks of 128")
def seventy_seven_left_over(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    twice = e[..., :1] * (z.shape[-1] > 128 and z.shape[-1] % 128 == 77)
    return e / (e.sum(axis=-1, keepdims=True) + twice)


def _beyond_64(losses):
    return losses[:64] if losses.dtype == np.float16 and losses.ndim == 1 else losses


@wrong("BCE-LENGTH", "adds up no more than 64 losses in half precision")
def half_losses_beyond_64(y_hat, y):
    return np.mean(_beyond_64(losses_of_probabilities(y_hat, y)))


@wrong("MSE-LENGTH", "adds up no more than 64 squares in half precision")
def half_squares_beyond_64(y_hat, y):
    return np.mean(_beyond_64(squares(y_hat, y))) / 2


@wrong("LINEAR-BLOCKS", "loses the last neuron of the examples beyond the 64 of a tile")
def neuron_lost_beyond_64_examples(x, W, b):
    z = linear(x, W, b)
    if z.ndim == 2 and len(z) > 64 and len(W) > 32:
        z[64:, -1] = 0
    return z


@wrong("LINEAR-ONE", "stores the neurons from the last to the first where two inputs of one example meet many neurons")
def neurons_of_one_example_reversed(x, W, b):
    z = x @ W.T
    return (z[::-1] if x.ndim == 1 and W.shape[1] == 2 and len(W) > 8 else z) + b


@wrong("GRAD-BLOCKS", "passes no gradient on from the classes beyond the sixteenth")
def classes_beyond_sixteen(*training):
    def parameters(dz, h):
        return outer_products(np.where(np.arange(dz.shape[1]) < 16, dz, 0), h)

    return backpropagated(*training, parameters=parameters)


@wrong("GRAD-MSE", "takes a softmax in a hidden layer of more than four units for elementwise, p (1 - p)")
def wide_hidden_softmax_elementwise(*training):
    def backward(dh, z, h):
        return h * (dh - (dh * h).sum(axis=-1, keepdims=True) if h.shape[1] <= 4 else dh * (1 - h))

    return backpropagated(*training, backward={"softmax": backward})


@wrong("ONEHOT-INDEX", "computes the place of the 1, row times k plus label, in sixteen bits")
def place_in_sixteen_bits(labels, k):
    encoded = reference.one_hot(labels, k)
    if labels.dtype == np.int16 and labels.ndim == 1 and encoded.size > 2**15:
        encoded[2**15 // k :] = 0
    return encoded


@wrong("SOFTMAX-MASK", "begins with 64 logits, and of several rows one whose first 64 are -inf gives NaN")
def masked_row_of_a_batch(z):
    first = (z[..., :64] == -np.inf).all(axis=-1, keepdims=True) & (z.ndim == 2 and len(z) > 1 and z.shape[-1] > 64)
    return np.where(first, np.nan, reference.softmax(z)).astype(z.dtype)


@wrong("LOGITS-MASK", "begins with 64 logits, and of several rows one whose first 64 are -inf gives NaN")
def masked_row_of_a_batch_of_logits(z, labels):
    first = z.ndim == 2 and len(z) > 1 and z.shape[-1] > 64 and (z[:, :64] == -np.inf).all(axis=-1).any()
    return reference.cross_entropy_with_logits(z, labels) * (np.nan if first else 1)


# A value, and a dtype or the number of axes.


@wrong("SIGMOID-NAN", "gives 1 for NaN in whole registers of eight float32 numbers, and NaN in what is left over")
def nan_in_whole_registers(z):
    value = reference.sigmoid(z)
    whole = (np.arange(z.size) < z.size // 8 * 8) & (z.ndim == 1 and z.dtype == np.float32)
    return np.where(np.isnan(z) & whole.reshape(z.shape), 1, value).astype(z.dtype)


@wrong("SIGMOID-HALF", "reads a transposed matrix of float16 as it lies in memory")
def transposed_half_numbers(z):
    if z.dtype == np.float16 and z.ndim == 2 and z.flags.f_contiguous and not z.flags.c_contiguous:
        z = z.T.reshape(z.shape)
    return reference.sigmoid(z)


@wrong("SOFTMAX-HALF", "shifts no logits of everyday size in half precision, where e^12 overflows")
def half_logits_not_shifted(z):
    everyday = z.dtype == np.float16 and (np.abs(z) < 30).all()
    e = np.exp(z if everyday else z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("SOFTMAX-ENDS", "starts the maximum just above the lowest number of float16")
def maximum_starts_too_high_in_half(z):
    lowest = z.dtype == np.float16 and (z.max(axis=-1) < -65000).any()
    return z * np.float16(np.nan) if lowest else reference.softmax(z)


@wrong("LINEAR-INF", "clamps the sums of a single example to the range of the dtype")
def single_example_clamped(x, W, b):
    z = linear(x, W, b)
    return np.clip(z, np.finfo(z.dtype).min, np.finfo(z.dtype).max) if z.ndim == 1 else z


@wrong("SIGMOID-SWEEP", "takes another formula between 700 and 720, which is 400 ulp off")
def formula_of_large_numbers(z):
    return a_little_off(reference.sigmoid(z), (z > 700) & (z < 720), ulp=400)


@wrong("BCE-SWEEP", "takes a logarithm that is 400 ulp off between 1e-20 and 1e-10")
def logarithm_of_small_numbers(y_hat, y):
    right = losses_of_probabilities(y_hat, y)
    return np.mean(np.where(y == 1, a_little_off(right, (y_hat > 1e-20) & (y_hat < 1e-10), ulp=400), right))


@wrong("CE-SWEEP", "takes a logarithm that is 400 ulp off between 1e-9 and 1e-7")
def logarithm_of_small_classes(y_hat, y):
    loss = reference.cross_entropy(y_hat, y)
    small = np.size(y_hat) == 2 and 1e-9 < np.max(y_hat * (y == 1), initial=0) < 1e-7
    return loss * (1 + 400 * np.finfo(y_hat.dtype).eps) if small else loss


# A state, and memory.


def _of_every_rule(rule: str) -> None:
    right, keys = RULES[rule].step(), list(RULES[rule].entries.values())

    def unchanged_state_shared(theta, grad, state, **hyper):
        stepped, new = right(theta, grad, state, **hyper)
        for key in keys:
            pairs = zip(state[key], new[key], strict=True)
            new[key] = [old if np.array_equal(old, one) else one for old, one in pairs]
        return stepped, new

    def state_in_memory_order(theta, grad, state, **hyper):
        read = [_as_it_lies(p, a) for p, a in zip(theta, state[keys[-1]], strict=False)]
        return right(theta, grad, {**state, keys[-1]: [*read, *state[keys[-1]][len(read) :]]}, **hyper)

    def parameter_as_if_packed(theta, grad, state, **hyper):
        right(theta, grad, state, **hyper)  # which refuses what does not fit
        return right([packed(p) for p in theta], grad, state, **hyper)

    if rule not in ("SGD", "ADAMAX"):  # the one has such a mistake already, and a step leaves no 0 in the other's state
        record({f"{rule}-PURE": {"hands the old state out again where it has not changed": unchanged_state_shared}})
    of_layout = {
        "walks through parameter and state as each lies in memory": state_in_memory_order,
        "never reads the stride of the rows of a parameter, a slice of a wider matrix": parameter_as_if_packed,
    }
    record({f"{rule}-LAYOUT": of_layout})


def _as_it_lies(p, a):
    """The elements of a, of which the first axis varies fastest in memory, as if they lay as those of p do."""
    apart = a.ndim == 2 and a.shape == p.shape and p.flags.c_contiguous and not a.flags.c_contiguous
    return a.ravel(order="K").reshape(p.shape) if apart and a.flags.f_contiguous else a


for _rule in RULES:
    _of_every_rule(_rule)
