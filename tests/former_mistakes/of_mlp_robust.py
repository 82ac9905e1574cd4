"""Mistakes in a multilayer perceptron that show beyond the textbook: dtypes, layouts, sizes, what is to be refused."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import ACTIVATIONS, floating, linear, mlp, refuse_unless


@mistake("MLP-DTYPE", "computes in float32, the habit of the frameworks, and casts back")
def float32_inside(x, theta, activations):
    theta32 = [(W.astype(np.float32), b.astype(np.float32)) for W, b in theta]
    return mlp(x.astype(np.float32), theta32, activations).astype(x.dtype)


@mistake("MLP-DTYPE", "makes the examples an array of float64 whatever comes in")
def float64_always(x, theta, activations):
    return mlp(np.array(x, np.float64), theta, activations)


@mistake("MLP-LAYOUT", "reads the memory of each W in the order in which it lies there", bug="pytorch PR51713")
def weights_in_the_order_of_memory(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: linear(h, W.ravel(order="K").reshape(W.shape), b))


@mistake("MLP-LAYOUT", "reads biases as if the elements of a view lay one after the other", bug="pytorch#80006")
def biases_read_as_if_contiguous(x, theta, activations):
    return mlp(x, [(W, as_if_contiguous(b)) for W, b in theta], activations)


@mistake("MLP-SATURATED", "writes the tanh as (e^2z - 1) / (e^2z + 1), which is inf / inf", bug="deeplearning4j#7382")
def tanh_of_overflows(x, theta, activations):
    tanh = {"tanh": lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)}
    return mlp(x, theta, activations, functions=tanh)


@mistake("MLP-SATURATED", "gives NaN for the tanh of more than 44, where 1 - tanh underflows", bug="pytorch PR172406")
def tanh_nan_beyond_44(x, theta, activations):
    tanh = {"tanh": lambda z: np.where(np.abs(z) > 44, np.nan, np.tanh(z))}
    return mlp(x, theta, activations, functions=tanh)


@mistake("MLP-SATURATED", "computes the softmax without the shift that keeps exp from overflowing", bug="burn#315")
def softmax_without_shift(x, theta, activations):
    softmax = {"softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)}
    return mlp(x, theta, activations, functions=softmax)


@mistake(
    "MLP-SATURATED", "shifts the softmax by the maximum of the whole batch, which leaves 0 / 0 to rows far below it"
)
def softmax_shifted_over_the_batch(x, theta, activations):
    def softmax(z):
        e = np.exp(z - z.max())
        return e / e.sum(axis=-1, keepdims=True)

    return mlp(x, theta, activations, functions={"softmax": softmax})


@mistake("MLP-NAN", "lets ReLU choose z only where z > 0, which no NaN is", bug="pytorch#7999,#10238")
def relu_of_nan_is_zero(x, theta, activations):
    return mlp(x, theta, activations, functions={"relu": lambda z: np.where(z > 0, z, 0)})


@mistake("MLP-NAN", "counts NaN as 0, so that missing data look like a result")
def nan_as_zero(x, theta, activations):
    return mlp(np.nan_to_num(x), theta, activations)


@mistake("MLP-LONG", "has room for 256 units in a layer and drops the inputs from those beyond")
def units_beyond_256_dropped(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: linear(h[..., :256], W[:, :256], b))


@mistake("MLP-LONG", "adds sixteen inputs of a unit at a time and forgets those left over")
def leftover_units_lost(x, theta, activations):
    def in_blocks_of_sixteen(h, W, b):
        n = W.shape[1]
        whole = n - n % 16 if n > 16 else n
        return linear(h[..., :whole], W[:, :whole], b)

    return mlp(x, theta, activations, linear=in_blocks_of_sixteen)


@mistake("MLP-INTEGER", "gives the output the dtype of the examples, whose integers cut it off")
def output_truncated(x, theta, activations):
    return mlp(x, theta, activations).astype(x.dtype)


@mistake("MLP-INTEGER", "casts the parameters to the dtype of the examples, whose integers cut them off")
def parameters_truncated(x, theta, activations):
    return mlp(x, [(W.astype(x.dtype), b.astype(x.dtype)) for W, b in theta], activations)


@mistake("MLP-BATCH", "works through a batch in blocks of 512 examples and forgets the last, smaller one")
def leftover_examples_lost(x, theta, activations):
    h = mlp(x, theta, activations)
    if x.ndim == 2 and len(x) > 512:
        h[len(x) - len(x) % 512 :] = 0
    return h


@mistake("MLP-BATCH", "counts examples in eleven bits, so that those beyond 2048 repeat the first ones")
def eleven_bits_for_the_example(x, theta, activations):
    h = mlp(x, theta, activations)
    return h[np.arange(len(h)) % 2048] if x.ndim == 2 else h


@mistake("MLP-EMPTY", "collects the examples' outputs in a list, and of an empty list NumPy makes the shape (0,)")
def list_of_outputs(x, theta, activations):
    if x.ndim == 1:
        return mlp(x, theta, activations)
    return np.array([mlp(one, theta, activations) for one in x], x.dtype)


@mistake("MLP-EMPTY", "divides the batch into batches of 32 and joins them, and of no batch there is nothing to join")
def joined_mini_batches(x, theta, activations):
    if x.ndim == 1:
        return mlp(x, theta, activations)
    return np.concatenate([mlp(x[start : start + 32], theta, activations) for start in range(0, len(x), 32)])


@mistake("MLP-SHAPES", "takes as many features as the first layer has inputs and leaves the others")
def surplus_features_left(x, theta, activations):
    return mlp(x[..., : theta[0][0].shape[1]], theta, activations)


@mistake("MLP-SHAPES", "takes as many columns of a W as it needs and leaves the others")
def surplus_columns_left(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: linear(h, W[:, : h.shape[-1]], b))


@mistake("MLP-SHAPES", "takes as many biases as the layer has neurons and leaves the others")
def surplus_biases_left(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: linear(h, W, b[: len(W)]))


@mistake("MLP-SHAPES", "adds whatever b broadcasts to, as NumPy does unasked")
def biases_broadcast(x, theta, activations):
    def unchecked(h, W, b):
        h, W, b = floating(h, W, b)
        refuse_unless(h.shape[-1] == W.shape[1])
        return h @ W.T + b

    return mlp(x, theta, activations, linear=unchecked)


@mistake("MLP-NAMES", "stops at the shorter of the lists of layers and activations")
def shorter_list_decides(x, theta, activations):
    layers = list(zip(theta, activations, strict=False))
    return mlp(x, [layer for layer, _ in layers], [g for _, g in layers])


@mistake("MLP-NAMES", "takes an activation that it does not know for none")
def unknown_activation_as_identity(x, theta, activations):
    return mlp(x, theta, [g if g in ACTIVATIONS else "identity" for g in activations])


@mistake("MLP-NAMES", "looks up the activation by the layer's number, so that surplus names go unnoticed")
def surplus_names_unnoticed(x, theta, activations):
    return mlp(x, theta, [activations[k] for k in range(len(theta))])
