"""Mistakes in a multilayer perceptron."""

import numpy as np

from tests.selftest.known_mistakes.memory import as_if_contiguous
from tests.selftest.known_mistakes.registry import mistake
from tests.selftest.networks import ACTIVATIONS, floating, linear, mlp, refuse_unless, sigmoid


@mistake("MLP-VALUE", "leaves the biases out")
def biases_forgotten(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: h @ W.T)


@mistake("MLP-VALUE", "has a bias in the first layer only, where the inputs are")
def bias_of_the_first_layer_only(x, theta, activations):
    (W, b), *others = theta
    return mlp(x, [(W, b), *((V, np.zeros_like(c)) for V, c in others)], activations)


@mistake("MLP-VALUE", "multiplies by W instead of by W transposed, which fits only where W is square")
def untransposed_weights(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: h @ W + b)


@mistake("MLP-VALUE", "multiplies by whichever of W and its transpose fits, and a square W fits both ways")
def untransposed_weights_where_they_are_square(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: (h @ W if h.shape[-1] == len(W) else h @ W.T) + b)


@mistake("MLP-VALUE", "leaves the last layer without its activation")
def last_activation_forgotten(x, theta, activations):
    return mlp(x, theta, [*activations[:-1], "identity"])


@mistake("MLP-VALUE", "applies the last activation twice, in the layer and once more to the output")
def last_activation_twice(x, theta, activations):
    return ACTIVATIONS[activations[-1]](mlp(x, theta, activations))


@mistake("MLP-VALUE", "applies the activation to a layer's inputs where its sums are due")
def activation_before_the_weights(x, theta, activations):
    for (W, b), g in zip(theta, activations, strict=True):
        x = ACTIVATIONS[g](x) @ W.T + b
    return x


@mistake("MLP-VALUE", "adds the bias after the activation")
def bias_after_the_activation(x, theta, activations):
    for (W, b), g in zip(theta, activations, strict=True):
        x = ACTIVATIONS[g](x @ W.T) + b
    return x


@mistake("MLP-VALUE", "builds two layers, one hidden, however many theta has")
def two_layers_only(x, theta, activations):
    return mlp(x, theta[:2], activations[:2])


@mistake("MLP-VALUE", "normalises the softmax over the batch where the classes of each example are due")
def softmax_over_the_batch(x, theta, activations):
    return mlp(x, theta, activations, functions={"softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=0)})


@mistake("MLP-VALUE", "normalises the softmax over the whole batch at once")
def softmax_over_everything(x, theta, activations):
    return mlp(x, theta, activations, functions={"softmax": lambda z: np.exp(z) / np.exp(z).sum()})


@mistake("MLP-VALUE", "lets a hundredth of the negative numbers through its ReLU")
def leaky_relu(x, theta, activations):
    return mlp(x, theta, activations, functions={"relu": lambda z: np.where(z > 0, z, 0.01 * z)})


@mistake("MLP-VALUE", "takes the sigmoid for the tanh, which is S-shaped as well")
def sigmoid_for_the_tanh(x, theta, activations):
    return mlp(x, theta, activations, functions={"tanh": sigmoid})


@mistake("MLP-VALUE", "gives a single example the axis of a batch")
def batch_axis_for_a_single_example(x, theta, activations):
    return mlp(np.atleast_2d(x), theta, activations)


@mistake("MLP-VALUE", "squeezes the output, so that one example of a batch and a single output lose their axis")
def output_squeezed(x, theta, activations):
    return np.squeeze(mlp(x, theta, activations))


@mistake("MLP-VALUE", "normalises each layer's sums over the batch, which the formula does not")
def normalised_over_the_batch(x, theta, activations):
    def centred(h, W, b):
        z = linear(h, W, b)
        return z - z.mean(axis=0) if len(z) > 1 and z.ndim == 2 else z

    return mlp(x, theta, activations, linear=centred)


@mistake("MLP-VALUE", "drops every fifth hidden neuron, as it is done in training", remembers=True)
def dropout_left_on():
    generator = np.random.default_rng(0)

    def with_dropout(x, theta, activations):
        x = mlp(x, theta[:1], activations[:1])
        for layer, g in zip(theta[1:], activations[1:], strict=True):
            x = mlp(x * (generator.random(x.shape) > 0.2) / 0.8, [layer], [g])
        return x

    return with_dropout


@mistake("MLP-VALUE", "keeps each layer of the first call for later layers of the same sizes", remembers=True)
def layers_of_the_first_call():
    built = {}

    def with_the_layers_built_before(x, theta, activations):
        layers = [built.setdefault((k, W.shape), (W.copy(), b.copy())) for k, (W, b) in enumerate(theta)]
        return mlp(x, layers, activations)

    return with_the_layers_built_before


@mistake("MLP-COMPOSED", "has room for four layers and leaves those beyond out")
def four_layers_at_most(x, theta, activations):
    return mlp(x, theta[:4], activations[:4])


@mistake(
    "MLP-COMPOSED", "adds a layer's input to its output where the sizes allow, in networks of more than four layers"
)
def residual_connections_in_deep_networks(x, theta, activations):
    for layer, g in zip(theta, activations, strict=True):
        h = mlp(x, [layer], [g])
        x = h + x if len(theta) > 4 and h.shape == x.shape else h
    return x


@mistake(
    "MLP-COMPOSED", "writes layers into two work spaces in turn and from the fifth on takes the wrong one for input"
)
def fifth_layer_reads_the_wrong_work_space(x, theta, activations):
    outputs = [x]
    for k, (W, b) in enumerate(theta):
        source = outputs[-2] if k >= 4 and outputs[-2].shape[-1] == W.shape[1] else outputs[-1]
        outputs.append(mlp(source, [(W, b)], [activations[k]]))
    return outputs[-1]


@mistake("MLP-ACTIVATIONS", "takes the activations from the last one to the first")
def activations_reversed(x, theta, activations):
    return mlp(x, theta, activations[::-1])


@mistake(
    "MLP-ACTIVATIONS", "gives every hidden layer the first activation, as a constructor with one argument for it does"
)
def one_activation_for_all_hidden_layers(x, theta, activations):
    return mlp(x, theta, [activations[0]] * (len(theta) - 1) + activations[-1:])


@mistake(
    "MLP-ACTIVATIONS", "counts layers from 1 and activations from 0, so that each layer has the one of the layer before"
)
def activations_off_by_one(x, theta, activations):
    return mlp(x, theta, [activations[k - 1] for k in range(len(theta))])


@mistake("MLP-ACTIVATIONS", "sorts the names on the way")
def activations_sorted(x, theta, activations):
    return mlp(x, theta, sorted(activations))


@mistake("MLP-XOR", "leaves the hidden layers linear, and a linear network cannot solve XOR")
def hidden_layers_linear(x, theta, activations):
    return mlp(x, theta, ["identity"] * (len(theta) - 1) + activations[-1:])


@mistake("MLP-XOR", "lets the hidden neurons fire or not, as the perceptron's did")
def hidden_step_functions(x, theta, activations):
    for layer, g in zip(theta[:-1], activations[:-1], strict=True):
        x = (mlp(x, [layer], ["identity"]) > 0).astype(x.dtype) if g == "sigmoid" else mlp(x, [layer], [g])
    return mlp(x, theta[-1:], activations[-1:])


@mistake("MLP-REGION-AND", "reads w_ij from neuron j to input i, which a symmetric W like XOR's does not show")
def square_weights_of_the_first_layer_transposed(x, theta, activations):
    (W, b), *others = theta
    return mlp(x, [(W.T if W.shape[0] == W.shape[1] else W, b), *others], activations)


@mistake("MLP-REGION-AND", "exchanges the columns of a plane's coordinates, as y and x of an image")
def coordinates_exchanged(x, theta, activations):
    return mlp(x[..., ::-1], theta, activations)


@mistake("MLP-REGION-OR", "clips the sums at 6, further out than moderate weights take them")
def sums_clipped_at_six(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: np.clip(linear(h, W, b), -6, 6))


@mistake("MLP-REGION-OR", "gives all neurons of a layer the bias of its first one")
def one_bias_for_a_layer(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: h @ W.T + b[0])


@mistake("MLP-PURE", "takes the names from the caller's list as it goes")
def names_taken_from_the_list(x, theta, activations):
    for layer in theta:
        x = mlp(x, [layer], [activations.pop(0)])
    return x


@mistake("MLP-PURE", "writes a layer's output over its input where they have the same size, the first time over x")
def layers_computed_in_place(x, theta, activations):
    for layer, g in zip(theta, activations, strict=True):
        h = mlp(x, [layer], [g])
        if h.shape == x.shape:
            x[...] = h
        else:
            x = h
    return x


@mistake("MLP-PURE", "returns a buffer that the next call with an output of the same shape overwrites", remembers=True)
def buffer_for_each_shape():
    buffers = {}

    def into_its_buffer(x, theta, activations):
        h = mlp(x, theta, activations)
        buffer = buffers.setdefault(h.shape, np.empty_like(h))
        buffer[...] = h
        return buffer

    return into_its_buffer


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
