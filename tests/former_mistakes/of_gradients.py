"""Mistakes in backpropagation through a multilayer perceptron."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import (
    ACTIVATIONS,
    BACKWARD,
    LOSS_SLOPES,
    backpropagated,
    mlp,
    outer_products,
    sigmoid,
)

MEAN_SQUARED_ERROR = "mean_squared_error"


@mistake("GRAD-MSE", "leaves out the derivative of the last activation, as only a loss that cancels it may")
def last_activation_passed_over(x, y, theta, activations, loss):
    *hidden, last = activations
    slopes = {loss: lambda z, y: (ACTIVATIONS[last](z) - y) / y.size}
    return backpropagated(x, y, theta, [*hidden, "identity"], loss, slopes=slopes)


@mistake("GRAD-MSE", "evaluates the sigmoid's derivative at its value h instead of at z")
def sigmoid_of_the_sigmoid(*training):
    return backpropagated(*training, backward={"sigmoid": lambda dh, z, h: dh * sigmoid(h) * (1 - sigmoid(h))})


@mistake("GRAD-MSE", "forgets the square in the tanh's derivative 1 - h^2")
def tanh_without_square(*training):
    return backpropagated(*training, backward={"tanh": lambda dh, z, h: dh * (1 - h)})


@mistake("GRAD-MSE", "lets ReLU pass where the gradient is positive instead of where z is")
def relu_of_the_gradient(*training):
    return backpropagated(*training, backward={"relu": lambda dh, z, h: np.maximum(dh, 0)})


@mistake(
    "GRAD-MSE", "treats the softmax as elementwise, p (1 - p), without the derivatives with respect to other logits"
)
def softmax_elementwise(*training):
    return backpropagated(*training, backward={"softmax": lambda dh, z, h: dh * h * (1 - h)})


@mistake("GRAD-MSE", "multiplies by the activation itself where its derivative is due")
def activation_for_its_derivative(*training):
    return backpropagated(*training, backward={g: lambda dh, z, h: dh * h for g in BACKWARD})


@mistake("GRAD-MSE", "leaves out the derivatives of the hidden activations")
def hidden_activations_passed_over(x, y, theta, activations, loss):
    passed_over = {g: lambda dh, z, h: dh for g in set(activations) - {activations[-1]}}
    return backpropagated(x, y, theta, activations, loss, backward=passed_over)


@mistake("GRAD-MSE", "takes the mean over the batch for the biases, whose errors carry their 1/m already")
def mean_for_the_biases(*training):
    return backpropagated(*training, parameters=lambda dz, h: (dz.T @ h, dz.mean(axis=0)))


@mistake("GRAD-MSE", "divides by m twice, in the loss and in each layer")
def mean_taken_twice(*training):
    return backpropagated(*training, parameters=lambda dz, h: (dz.T @ h / len(h), dz.sum(axis=0) / len(h)))


@mistake("GRAD-MSE", "sums the bias's errors over the neurons where there are as many as examples")
def biases_summed_over_the_neurons(*training):
    def over_the_wrong_axis(dz, h):
        return dz.T @ h, dz.sum(axis=1 if dz.shape[0] == dz.shape[1] else 0)

    return backpropagated(*training, parameters=over_the_wrong_axis)


@mistake("GRAD-MSE", "transposes the gradient of a square W")
def square_gradients_transposed(*training):
    def transposed(dz, h):
        dW, db = outer_products(dz, h)
        return dW.T if dW.shape[0] == dW.shape[1] else dW, db

    return backpropagated(*training, parameters=transposed)


@mistake("GRAD-MSE", "goes back through a square W as it went forward, by its transpose")
def square_weights_transposed_on_the_way_back(*training):
    return backpropagated(*training, inputs=lambda dz, W: dz @ (W.T if W.shape[0] == W.shape[1] else W))


@mistake("GRAD-MSE", "gives the gradients from the last layer to the first, as they were computed")
def last_layer_first(*training):
    return backpropagated(*training)[::-1]


@mistake("GRAD-MSE", "gives the gradient of the first example only")
def first_example_only(x, y, *network):
    return backpropagated(x[:1], y[:1], *network)


@mistake(
    "GRAD-MSE", "moves each layer before it goes on to the one below, whose gradient then belongs to another network"
)
def layers_moved_on_the_way_back(x, y, theta, activations, loss):
    moved = [(W.copy(), b.copy()) for W, b in theta]
    gradients = []
    for k in reversed(range(len(theta))):
        gradient = backpropagated(x, y, moved, activations, loss)[k]
        moved[k] = (moved[k][0] - 0.1 * gradient[0], moved[k][1] - 0.1 * gradient[1])
        gradients.append(gradient)
    return gradients[::-1]


@mistake(
    "GRAD-MSE",
    "adds the gradients of a call to those of the calls before, as torch does until zero_grad()",
    remembers=True,
)
def gradients_accumulated():
    sums = {}

    def accumulated(x, y, theta, activations, loss):
        for k, (dW, db) in enumerate(backpropagated(x, y, theta, activations, loss)):
            W_sum, b_sum = sums.get((k, dW.shape), (0, 0))
            sums[k, dW.shape] = W_sum + dW, b_sum + db
        return [sums[k, W.shape] for k, (W, _) in enumerate(theta)]

    return accumulated


@mistake("GRAD-MSE", "takes the difference quotient with a step of 1e-6, good to half the digits")
def difference_quotient(x, y, theta, activations, loss):
    def loss_at(shift, k, part, index):
        moved = [[W.copy(), b.copy()] for W, b in theta]
        moved[k][part][index] += shift
        return np.mean((mlp(x, moved, activations) - y) ** 2) / 2

    def quotient(*at):
        return (loss_at(1e-6, *at) - loss_at(-1e-6, *at)) / 2e-6

    return [
        tuple(
            np.reshape([quotient(k, part, index) for index in np.ndindex(array.shape)], array.shape)
            for part, array in enumerate(layer)
        )
        for k, layer in enumerate(theta)
    ]


@mistake("GRAD-DEEP", "clips the errors on their way back at 1, as against explosion")
def errors_clipped_on_the_way_back(*training):
    return backpropagated(*training, inputs=lambda dz, W: np.clip(dz @ W, -1, 1))


@mistake("GRAD-DEEP", "goes back through three layers and leaves the gradients below 0")
def three_layers_back(*training):
    gradients = backpropagated(*training)
    return [(0 * dW, 0 * db) for dW, db in gradients[:-3]] + gradients[-3:]


@mistake("GRAD-DEEP", "takes the error of the third layer from above for all those below where the sizes allow")
def error_kept_below_the_third_layer(x, y, theta, activations, loss):
    gradients = backpropagated(x, y, theta, activations, loss)
    for k in range(len(theta) - 4, -1, -1):
        if gradients[k][1].shape == gradients[k + 1][1].shape:
            gradients[k] = (gradients[k][0], gradients[k + 1][1])
    return gradients


@mistake("GRAD-DEEP", "takes a gradient that has become small for vanished and sets it to 0")
def small_gradients_vanish(*training):
    return [tuple(np.where(np.abs(d) < 1e-4, 0, d) for d in layer) for layer in backpropagated(*training)]


@mistake("GRAD-PURE", "moves the parameters by the gradient on the way")
def parameters_moved(x, y, theta, activations, loss):
    gradients = backpropagated(x, y, theta, activations, loss)
    for (W, b), (dW, db) in zip(theta, gradients, strict=True):
        W -= 0.1 * dW
        b -= 0.1 * db
    return gradients


@mistake("GRAD-PURE", "turns the targets into errors in place")
def targets_overwritten(x, y, theta, activations, loss):
    gradients = backpropagated(x, y, theta, activations, loss)
    y -= mlp(x, theta, activations)
    return gradients


@mistake("GRAD-PURE", "reverses the caller's lists to go backward and leaves them so")
def lists_reversed(x, y, theta, activations, loss):
    gradients = backpropagated(x, y, theta, activations, loss)
    theta.reverse()
    return gradients


@mistake("GRAD-PURE", "returns the same arrays, as W.grad is, from every call for the same network", remembers=True)
def gradients_kept_with_the_parameters():
    kept = {}

    def written_to_the_kept(x, y, theta, activations, loss):
        now = backpropagated(x, y, theta, activations, loss)
        grads = kept.setdefault(tuple(W.shape for W, _ in theta), now)
        for layer, gradient in zip(grads, now, strict=True):
            for out, d in zip(layer, gradient, strict=True):
                out[...] = d
        return grads

    return written_to_the_kept


@mistake("GRAD-RELU-ZERO", "takes 1 for ReLU's derivative at 0")
def relu_passes_at_zero(*training):
    return backpropagated(*training, backward={"relu": lambda dh, z, h: dh * (z >= 0)})


@mistake("GRAD-RELU-ZERO", "takes 1/2 for ReLU's derivative at 0, the mean of both sides")
def relu_passes_half_at_zero(*training):
    return backpropagated(*training, backward={"relu": lambda dh, z, h: dh * np.heaviside(z, 0.5)})


@mistake("GRAD-RELU-ZERO", "divides by z for ReLU's derivative relu(z)/z, which is 0/0 at 0")
def relu_over_its_argument(*training):
    return backpropagated(*training, backward={"relu": lambda dh, z, h: dh * (h / z)})


@mistake("GRAD-SATURATED", "writes the sigmoid's derivative as e^-z / (1 + e^-z)^2, which is inf / inf", bug="jax#777")
def derivative_of_the_sigmoid_overflows(*training):
    return backpropagated(*training, backward={"sigmoid": lambda dh, z, h: dh * np.exp(-z) / (1 + np.exp(-z)) ** 2})


@mistake("GRAD-SATURATED", "writes the tanh's derivative as 1 - (sinh/cosh)^2, and both overflow")
def derivative_of_the_tanh_overflows(*training):
    return backpropagated(*training, backward={"tanh": lambda dh, z, h: dh * (1 - (np.sinh(z) / np.cosh(z)) ** 2)})


@mistake("GRAD-SATURATED", "divides by the derivative of a saturated unit to undo it, 0 / 0")
def saturated_units_divided_out(*training):
    return backpropagated(*training, backward={"tanh": lambda dh, z, h: dh * (1 - h**2) ** 2 / (1 - h**2)})


@mistake("GRAD-DTYPE", "makes the examples an array of float64 whatever comes in")
def float64_always(x, y, theta, activations, loss):
    return backpropagated(np.array(x, np.float64), y, theta, activations, loss)


@mistake("GRAD-DTYPE", "computes in float32, the habit of the frameworks, and casts back")
def float32_inside(x, y, theta, activations, loss):
    theta32 = [(W.astype(np.float32), b.astype(np.float32)) for W, b in theta]
    y32 = y.astype(np.float32) if y.dtype.kind == "f" else y
    gradients = backpropagated(x.astype(np.float32), y32, theta32, activations, loss)
    return [(dW.astype(x.dtype), db.astype(x.dtype)) for dW, db in gradients]


@mistake("GRAD-LAYOUT", "reads the memory of each W in the order in which it lies there", bug="pytorch PR51713")
def weights_in_the_order_of_memory(x, y, theta, activations, loss):
    theta = [(W.ravel(order="K").reshape(W.shape), b) for W, b in theta]
    return backpropagated(x, y, theta, activations, loss)


@mistake("GRAD-LAYOUT", "reads the targets as if the elements of a view lay one after the other", bug="pytorch#80006")
def targets_read_as_if_contiguous(x, y, theta, activations, loss):
    return backpropagated(x, as_if_contiguous(y), theta, activations, loss)


@mistake("GRAD-BATCH", "works through a batch in blocks of 256 examples and forgets the last, smaller one")
def leftover_examples_lost(x, y, *network):
    def over_whole_blocks(dz, h):
        whole = len(h) - len(h) % 256 if len(h) > 256 else len(h)
        return outer_products(dz[:whole], h[:whole])

    return backpropagated(x, y, *network, parameters=over_whole_blocks)


@mistake("GRAD-BATCH", "sums 2000 examples at most and divides by all")
def examples_beyond_2000_lost(x, y, *network):
    return backpropagated(x, y, *network, parameters=lambda dz, h: outer_products(dz[:2000], h[:2000]))


@mistake("GRAD-BATCH", "takes the mean of the means of mini-batches of 64, the last of which is smaller")
def mean_of_unequal_mini_batches(x, y, *network):
    batches = [slice(start, start + 64) for start in range(0, len(x), 64)]
    gradients = [backpropagated(x[batch], y[batch], *network) for batch in batches]
    return [
        tuple(sum(parts) / len(batches) for parts in zip(*layers, strict=True))
        for layers in zip(*gradients, strict=True)
    ]


@mistake("GRAD-SHAPES", "trains on as many examples as have targets")
def shorter_of_examples_and_targets(x, y, *network):
    m = min(len(x), len(y))
    return backpropagated(x[:m], y[:m], *network)


@mistake("GRAD-SHAPES", "repeats the targets until there is one for each example")
def targets_repeated(x, y, theta, activations, loss):
    return backpropagated(x, np.resize(y, (len(x), *y.shape[1:])), theta, activations, loss)


@mistake("GRAD-BROADCAST", "gives a y without the axis of outputs one and repeats it for each output")
def targets_given_an_axis(x, y, theta, activations, loss):
    if loss == MEAN_SQUARED_ERROR and y.ndim == 1:
        y = np.repeat(y[:, None], len(theta[-1][1]), axis=1)
    return backpropagated(x, y, theta, activations, loss)


@mistake("GRAD-NAMES", "falls back to the mean squared error for a loss that it does not know")
def unknown_loss_as_squared_error(x, y, theta, activations, loss):
    return backpropagated(x, y, theta, activations, loss if loss in LOSS_SLOPES else MEAN_SQUARED_ERROR)


@mistake("GRAD-NAMES", "recognises the loss by the type of the last activation and never looks at its name")
def loss_by_the_last_activation(x, y, theta, activations, loss):
    by_activation = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
    return backpropagated(x, y, theta, activations, by_activation.get(activations[-1], MEAN_SQUARED_ERROR))


@mistake("GRAD-COLLAPSE", "passes a linear layer over on the way back: every W is taken for the identity where it fits")
def square_weights_passed_over(*training):
    return backpropagated(*training, inputs=lambda dz, W: dz if W.shape[0] == W.shape[1] else dz @ W)


@mistake("GRAD-COLLAPSE", "takes the network's input for that of the second layer where they have one shape")
def input_of_the_network_for_that_of_the_layer(x, *rest):
    def of_the_first_input(dz, h):
        return outer_products(dz, x if x.shape == h.shape else h)

    return backpropagated(x, *rest, parameters=of_the_first_input)


@mistake("GRAD-VARIANCE", "divides by the root of the number of examples, which leaves the variance of small batches")
def divided_by_the_root_of_m(x, y, *network):
    m = len(x)
    return [(dW * m**0.5, db * m**0.5) for dW, db in backpropagated(x, y, *network)]


@mistake("GRAD-VARIANCE", "gives the gradient of the last example of a batch, whatever its size")
def last_example_only(x, y, *network):
    return backpropagated(x[-1:], y[-1:], *network)
