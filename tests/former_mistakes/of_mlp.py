"""Mistakes in a multilayer perceptron, in its formula."""

import numpy as np

from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import ACTIVATIONS, linear, mlp, sigmoid


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


@mistake(
    "MLP-VALUE", "divides by the softmax's sums without keepdims, so by other rows' sums where the batch is square"
)
def softmax_without_keepdims(x, theta, activations):
    return mlp(x, theta, activations, functions={"softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1)})


@mistake("MLP-VALUE", "adds an eps to the softmax's denominator that is too large to go unnoticed")
def eps_of_a_thousandth_in_the_softmax(x, theta, activations):
    softmax = {"softmax": lambda z: np.exp(z) / (np.exp(z).sum(axis=-1, keepdims=True) + 1e-3)}
    return mlp(x, theta, activations, functions=softmax)


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
