"""Known mistakes of mlp_gradients: backpropagation with one part wrong."""

from functools import partial

import numpy as np

from tests.mistakes.networks import (
    ACTIVATIONS,
    BACKWARD,
    LOSS_SLOPES,
    backpropagated,
    logits_slope,
    mlp,
    outer_products,
    sigmoid,
    softmax,
)
from tests.mistakes.registry import record, remembering, replica, wrong

# fmt: off
OF_LOSS = {
    "GRAD-MSE": "mean_squared_error",
    "GRAD-BCE": "binary_cross_entropy",
    "GRAD-CE": "cross_entropy",
    "GRAD-LOGITS": "cross_entropy_with_logits",
}
SQUARED = OF_LOSS["GRAD-MSE"]

def with_slope(id, slope):
    """Another derivative of the loss that the clause is about."""
    return partial(backpropagated, slopes={OF_LOSS[id]: slope})

def with_backward(**backward):
    return partial(backpropagated, backward=backward)

def with_parameters(parameters):
    return partial(backpropagated, parameters=parameters)

def with_inputs(inputs):
    return partial(backpropagated, inputs=inputs)

def with_gradients(change):
    """``change`` is made of the list of all layers' gradients."""
    return lambda *training: change(backpropagated(*training))

def each(change):
    """``change`` is made of every array of the gradients."""
    return with_gradients(lambda found: [tuple(change(d) for d in one) for one in found])

# The losses: what each can have wrong, then what is wrong with one of them.

SLOPES = {
    "takes y - y_hat in the {loss}, so that a step goes up": lambda slope, h, y: -slope(h, y),
    "sums over the batch in the {loss} where the formula takes the mean": lambda slope, h, y: slope(h, y) * len(y),
    "divides by m twice in the {loss}": lambda slope, h, y: slope(h, y) / len(y),
    "doubles the derivative of the {loss}": lambda slope, h, y: 2 * slope(h, y),
    "halves the derivative of the {loss}": lambda slope, h, y: slope(h, y) / 2,
    "divides the {loss} by the number of examples less 1":
        lambda slope, h, y: slope(h, y) * len(y) / max(len(y) - 1, 1),
    "clips the errors of the {loss} to 1/100": lambda slope, h, y: np.clip(slope(h, y), -0.01, 0.01),
    "takes the sign of the error of the {loss}": lambda slope, h, y: np.sign(slope(h, y)) / len(y),
    "counts the first example of the {loss} only":
        lambda slope, h, y: slope(h, y) * (np.arange(len(h)) == 0)[:, None] * len(y),
}
PARTS = {
    "does not train the weights under the {loss}": lambda found: [(0 * dW, db) for dW, db in found],
    "gives each weight the mean gradient of its layer under the {loss}": lambda found: [
        (np.full_like(dW, dW.mean()), db) for dW, db in found
    ],
    "scales gradients longer than 0.1 to that length under the {loss}": lambda found: [
        tuple(d * min(1, 0.1 / max(np.linalg.norm(d), 1e-300)) for d in one) for one in found
    ],
}
for _id, _loss in OF_LOSS.items():
    _words = _loss.replace("_", " ")
    _slopes = {
        what.format(loss=_words): with_slope(_id, partial(wrong_slope, LOSS_SLOPES[_loss]))
        for what, wrong_slope in SLOPES.items()
    }
    _parts = {what.format(loss=_words): with_gradients(change) for what, change in PARTS.items()}
    record({_id: _slopes | _parts}, family="backpropagation")

def binary(h, y):
    return (h - y) / (h * (1 - h)) / y.size

record({
"GRAD-MSE": {
    "divides the squared error by m where the mean over k outputs divides by mk":
        with_slope("GRAD-MSE", lambda h, y: (h - y) / len(y)),
    "takes the derivative of the absolute error": with_slope("GRAD-MSE", lambda h, y: np.sign(h - y) / y.size),
}, "GRAD-BCE": {
    "divides the binary loss by m": with_slope("GRAD-BCE", lambda h, y: binary(h, y) * y.shape[1]),
    "multiplies y_hat - y by the sigmoid's derivative again": with_slope("GRAD-BCE", lambda h, y: (h - y) / y.size),
    "leaves out the term of the negative class": with_slope("GRAD-BCE", lambda h, y: -y / h / y.size),
    "leaves out the term of the positive class": with_slope("GRAD-BCE", lambda h, y: (1 - y) / (1 - h) / y.size),
    "takes the logarithm of the binary loss to base 2": with_slope("GRAD-BCE", lambda h, y: binary(h, y) / np.log(2)),
    "clips the probabilities to [0.1, 0.9], and beyond nothing is learnt":
        with_slope("GRAD-BCE", lambda h, y: np.where((h > 0.1) & (h < 0.9), binary(h, y), 0)),
}, "GRAD-CE": {
    "divides by mk where the sum over the classes is divided by m only":
        with_slope("GRAD-CE", lambda h, y: -y / h / y.size),
    "takes the binary cross-entropy of every class": with_slope("GRAD-CE", lambda h, y: binary(h, y) * y.shape[1]),
}, "GRAD-LOGITS": {
    "counts the classes from 1": with_slope("GRAD-LOGITS", lambda z, y: logits_slope(z, (y - 1) % z.shape[1])),
    "takes the logits for probabilities, z - y, without the softmax":
        with_slope("GRAD-LOGITS", lambda z, y: logits_slope(z, y, softmax=lambda z: z)),
    "applies the softmax twice, in the network and in the loss":
        with_slope("GRAD-LOGITS", lambda z, y: BACKWARD["softmax"](logits_slope(softmax(z), y), z, softmax(z))),
    "normalises the softmax over the batch where the classes of each example are due":
        with_slope("GRAD-LOGITS", lambda z, y: logits_slope(z, y, softmax=lambda z: np.exp(z) / np.exp(z).sum(axis=0))),
    "divides the loss of logits by mk": with_slope("GRAD-LOGITS", lambda z, y: logits_slope(z, y) / z.shape[1]),
    "forgets the 1 of the label in y_hat - y": with_slope("GRAD-LOGITS", lambda z, y: softmax(z) / len(z)),
}, "GRAD-SOFTMAX": {
    "multiplies y_hat - y by the derivative of the softmax again": with_slope("GRAD-CE", lambda h, y: (h - y) / len(y)),
    "learns from misclassified examples only, as the perceptron did":
        with_slope("GRAD-CE", lambda h, y: -y / h / len(y) * (h.argmax(axis=1) != y.argmax(axis=1))[:, None]),
}, "GRAD-BROADCAST": {
    "subtracts whatever y broadcasts to, as NumPy does unasked":
        replica("pytorch#4938", with_slope("GRAD-MSE", lambda h, y: (h - y) / h.size)),
}})

# The layers

def passing_over_the_last_activation(divisor):
    """y_hat - y at the output, whatever the loss and the last activation."""

    def wrong_training(x, y, theta, names, loss):
        slope = {loss: lambda z, y: (ACTIVATIONS[names[-1]](z) - y) / divisor(y)}
        return backpropagated(x, y, theta, [*names[:-1], "identity"], loss, slopes=slope)

    return wrong_training

def passing_over_hidden_activations(x, y, theta, names, loss):
    backward = {g: lambda dh, z, h: dh for g in set(names) - {names[-1]}}
    return backpropagated(x, y, theta, names, loss, backward=backward)

def biases_before_the_activation(*training):
    errors = []

    def noting(derivative, dh, z, h):
        errors.append(dh)
        return derivative(dh, z, h)

    backward = {g: partial(noting, derivative) for g, derivative in BACKWARD.items()}
    of_errors = lambda dz, h: (dz.T @ h, errors[-1].sum(axis=0))  # noqa: E731 - one line of algebra
    return backpropagated(*training, backward=backward, parameters=of_errors)

def square(W):
    return W.shape[0] == W.shape[1]

def transposed_where_square(dz, h):
    dW, db = outer_products(dz, h)
    return dW.T if square(dW) else dW, db

def layers_moved_on_the_way_back(x, y, theta, names, loss):
    moved, found = [(W.copy(), b.copy()) for W, b in theta], []
    for k in reversed(range(len(theta))):
        dW, db = backpropagated(x, y, moved, names, loss)[k]
        moved[k] = (moved[k][0] - 0.1 * dW, moved[k][1] - 0.1 * db)
        found.append((dW, db))
    return found[::-1]

def accumulated():
    sums = {}

    def added_to_the_last(x, y, theta, *rest):
        for k, (dW, db) in enumerate(backpropagated(x, y, theta, *rest)):
            W_sum, b_sum = sums.get((k, dW.shape), (0, 0))
            sums[k, dW.shape] = W_sum + dW, b_sum + db
        return [sums[k, W.shape] for k, (W, _) in enumerate(theta)]

    return added_to_the_last

def of_targets(change):
    return lambda x, y, *network: backpropagated(x, change(x, y), *network)

def by_the_last_activation(x, y, theta, names, loss):
    by_activation = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
    return backpropagated(x, y, theta, names, by_activation.get(names[-1], SQUARED))

def given_an_axis(x, y, theta, names, loss):
    columns = len(theta[-1][1])
    repeated = np.repeat(y[:, None], columns, axis=1) if loss == SQUARED and y.ndim == 1 else y
    return backpropagated(x, repeated, theta, names, loss)

def shorter_decides(x, y, *network):
    m = min(len(x), len(y))
    return backpropagated(x[:m], y[:m], *network)

record({
"GRAD-MSE": {
    "leaves out the derivative of the last activation": passing_over_the_last_activation(lambda y: y.size),
    "takes y_hat - y over m at the output, whatever the loss": passing_over_the_last_activation(len),
    "leaves out the derivatives of the hidden activations": passing_over_hidden_activations,
    "evaluates the sigmoid's derivative at its value h instead of at z":
        with_backward(sigmoid=lambda dh, z, h: dh * sigmoid(h) * (1 - sigmoid(h))),
    "takes 1 - h for the sigmoid's derivative": with_backward(sigmoid=lambda dh, z, h: dh * (1 - h)),
    "takes z (1 - z) for the sigmoid's derivative": with_backward(sigmoid=lambda dh, z, h: dh * z * (1 - z)),
    "forgets the square in the tanh's derivative 1 - h^2": with_backward(tanh=lambda dh, z, h: dh * (1 - h)),
    "lets ReLU pass where the gradient is positive instead of where z is":
        with_backward(relu=lambda dh, z, h: np.maximum(dh, 0)),
    "takes ReLU's derivative in place of the error from above times ReLU's derivative":
        with_backward(relu=lambda dh, z, h: (z > 0).astype(z.dtype)),
    "lets all of the error through where ReLU is 0": with_backward(relu=lambda dh, z, h: dh),
    "treats the softmax as elementwise, p (1 - p)": with_backward(softmax=lambda dh, z, h: dh * h * (1 - h)),
    "multiplies by the activation itself": with_backward(**{g: lambda dh, z, h: dh * h for g in BACKWARD}),
    "sums the biases' errors before the activation's derivative": biases_before_the_activation,
    "does not carry the error on to hidden layers, where each takes 1 for it":
        with_inputs(lambda dz, W: np.ones((len(dz), W.shape[1]))),
    "takes the mean over the batch for the biases": with_parameters(lambda dz, h: (dz.T @ h, dz.mean(axis=0))),
    "sums the bias's errors over the neurons where there are as many as examples":
        with_parameters(lambda dz, h: (dz.T @ h, dz.sum(axis=1 if square(dz) else 0))),
    "transposes the gradient of a square W": with_parameters(transposed_where_square),
    "goes back through a square W as it went forward": with_inputs(lambda dz, W: dz @ (W.T if square(W) else W)),
    "moves each layer before it goes on to the one below": layers_moved_on_the_way_back,
    "adds the gradients of a call to those of the calls before, as torch does until zero_grad()":
        remembering(accumulated),
}, "GRAD-DEEP": {
    "clips the errors on their way back at 1, as against explosion": with_inputs(lambda dz, W: np.clip(dz @ W, -1, 1)),
    "goes back through three layers and leaves the gradients below 0":
        with_gradients(lambda found: [(0 * dW, 0 * db) for dW, db in found[:-3]] + found[-3:]),
    "takes a gradient below 1e-4 for vanished and sets it to 0": each(lambda d: np.where(np.abs(d) < 1e-4, 0, d)),
}, "GRAD-PURE": {
    "turns the targets into errors in place": lambda x, y, theta, names, loss: [
        backpropagated(x, y, theta, names, loss),
        np.subtract(y, mlp(x, theta, names), out=y),
    ][0],
    "reverses the caller's lists to go backward and leaves them so":
        lambda x, y, theta, names, loss: [backpropagated(x, y, theta, names, loss), theta.reverse()][0],
}, "GRAD-RELU-ZERO": {
    "takes 1 for ReLU's derivative at 0": with_backward(relu=lambda dh, z, h: dh * (z >= 0)),
    "takes 1/2 for ReLU's derivative at 0": with_backward(relu=lambda dh, z, h: dh * np.heaviside(z, 0.5)),
    "divides by z for ReLU's derivative relu(z)/z": with_backward(relu=lambda dh, z, h: dh * (h / z)),
}, "GRAD-SATURATED": {
    "writes the sigmoid's derivative as e^-z / (1 + e^-z)^2, which is inf / inf":
        replica("jax#777", with_backward(sigmoid=lambda dh, z, h: dh * np.exp(-z) / (1 + np.exp(-z)) ** 2)),
    "writes the tanh's derivative as 1 - (sinh/cosh)^2, and both overflow":
        with_backward(tanh=lambda dh, z, h: dh * (1 - (np.sinh(z) / np.cosh(z)) ** 2)),
}, "GRAD-SHAPES": {
    "trains on as many examples as have targets": shorter_decides,
    "repeats the targets until there is one for each example":
        of_targets(lambda x, y: np.resize(y, (len(x), *y.shape[1:]))),
}, "GRAD-BROADCAST": {
    "gives a y without the axis of outputs one and repeats it for each output": given_an_axis,
}, "GRAD-NAMES": {
    "falls back to the mean squared error for a loss that it does not know":
        lambda x, y, theta, names, loss: backpropagated(x, y, theta, names, loss if loss in LOSS_SLOPES else SQUARED),
    "recognises the loss by the last activation and never looks at its name": by_the_last_activation,
}, "GRAD-COLLAPSE": {
    "passes a linear layer over on the way back: takes a square W for the identity":
        with_inputs(lambda dz, W: dz if square(W) else dz @ W),
    "takes the network's input for that of the second layer where they have one shape":
        lambda x, *rest: with_parameters(lambda dz, h: outer_products(dz, x if x.shape == h.shape else h))(x, *rest),
}, "GRAD-VARIANCE": {
    "divides by the root of the number of examples": lambda x, *rest: each(lambda d: d * len(x) ** 0.5)(x, *rest),
    "gives the gradient of the last example of a batch": lambda x, y, *rest: backpropagated(x[-1:], y[-1:], *rest),
}, "GRAD-DTYPE": {
    "makes the examples an array of float64 whatever comes in":
        lambda x, *rest: backpropagated(np.array(x, np.float64), *rest),
}})

@wrong("GRAD-PURE", "moves the parameters by the gradient on the way")
def parameters_moved(x, y, theta, names, loss):
    gradients = backpropagated(x, y, theta, names, loss)
    for (W, b), (dW, db) in zip(theta, gradients, strict=True):
        W -= 0.1 * dW
        b -= 0.1 * db
    return gradients
