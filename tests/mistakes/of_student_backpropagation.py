"""Known mistakes that students make in backpropagation.

A slip is a subclass of ``Backward``: backpropagation in its steps, each of which can go wrong by itself, and each of
which knows whether it stands at the output or in a hidden layer.
"""

from collections.abc import Callable

import numpy as np

from tests.mistakes.networks import ACTIVATIONS, BACKWARD, LOSS_SLOPES, linear, sigmoid, softmax
from tests.mistakes.registry import forms, record

# fmt: off

class Backward:
    """The gradients, one step a method. z, h: sums and activations of each layer, hs[0] the inputs."""

    def __call__(self, x, y, theta, names, loss):
        self.theta, self.names, self.loss, self.y = theta, names, loss, y
        self.zs, self.hs = [], [x]
        for (W, b), g in zip(theta, names, strict=True):
            self.zs.append(linear(self.hs[-1], W, b))
            self.hs.append(ACTIVATIONS[g](self.zs[-1]))
        self.last = len(theta) - 1
        dh, found = self.slope(self.hs[-1], y), []
        for k in reversed(range(len(theta))):
            dz = self.sums(k, dh)
            found.append((self.weights(k, dz, dh), self.biases(k, dz, dh)))
            dh = self.inputs(k, dz, dh)
        return found[::-1]

    def slope(self, h, y):
        """dJ/dh at the output."""
        return LOSS_SLOPES[self.loss](h, y)

    def sums(self, k, dh):
        """dJ/dz of layer k."""
        return self.output(k, dh) if k == self.last else self.hidden(k, dh)

    def activation(self, k, dh, name=None):
        return BACKWARD[name or self.names[k]](dh, self.zs[k], self.hs[k + 1])

    def output(self, k, dh):
        return self.activation(k, dh)

    def hidden(self, k, dh):
        return self.activation(k, dh)

    def weights(self, k, dz, dh):
        return dz.T @ self.hs[k]

    def biases(self, k, dz, dh):
        return dz.sum(axis=0)

    def inputs(self, k, dz, dh):
        """dJ/dh of the layer before."""
        return dz @ self.theta[k][0]


def slip(**methods: Callable[..., object]) -> Callable[..., object]:
    """Backpropagation with these steps written otherwise."""
    made = type("Slip", (Backward,), methods)
    return lambda *training: made()(*training)


def derivative(**wrong):
    """Backpropagation with another derivative of the named activations; each is made of (z, h)."""
    def activation(self, k, dh, name=None):
        name = name or self.names[k]
        return dh * wrong[name](self.zs[k], self.hs[k + 1]) if name in wrong else Backward.activation(self, k, dh, name)
    return slip(activation=activation)


def at_its_value(self, k, dh):
    h = self.hs[k + 1]
    return BACKWARD[self.names[k]](dh, h, ACTIVATIONS[self.names[k]](h))


AT_ITS_VALUE = {
    "sigmoid": lambda z, h: sigmoid(h) * (1 - sigmoid(h)),
    "tanh": lambda z, h: 1 - np.tanh(h) ** 2,
}


def difference(divisor):
    """y_hat - y at the output, whatever the loss; labels are taken one-hot."""
    def slope(self, h, y):
        if self.loss == "cross_entropy_with_logits":
            return LOSS_SLOPES[self.loss](h, y)
        return (h - y) / divisor(y)
    return slope


def at_the_output(self, k, dh):
    h = self.hs[-1]
    return BACKWARD[self.names[k]](dh, self.zs[-1], h if h.shape in (dh.shape, (len(dh), 1)) else self.hs[k + 1])


def of_hidden(name):
    """The gradients of the network with that activation in every hidden layer."""
    return lambda x, y, theta, names, loss: Backward()(x, y, theta, [name] * (len(theta) - 1) + [names[-1]], loss)


def given_on(self, k, dh):
    return dh


def with_weights(weight):
    def weights(self, k, dz, dh):
        return dz.T @ self.hs[k] + weight(len(dz)) * self.theta[k][0]
    return slip(weights=weights)


def of_examples(chosen):
    return lambda x, y, *network: Backward()(x[chosen], y[chosen], *network)


def layers(change):
    """``change`` is made of all layers' gradients."""
    return lambda *training: change(Backward()(*training))


record({
"GRAD-MSE": {
    "takes y_hat - y for the derivative of every loss, without 1/m": forms(
        slip(slope=difference(lambda y: 1)), slip(slope=difference(lambda y: 1), output=given_on)),
    "leaves out the derivatives in the hidden layers": slip(hidden=given_on),
    "leaves out all derivatives of activations": slip(sums=given_on),
    "evaluates the derivatives at the activation h instead of at z": forms(
        slip(sums=at_its_value), slip(hidden=at_its_value),
        *(derivative(**{name: AT_ITS_VALUE[name] for name in names})
          for names in (("sigmoid", "tanh"), ("sigmoid",), ("tanh",)))),
    "carries the error on without the derivative of the activation":
        slip(inputs=lambda self, k, dz, dh: dh @ self.theta[k][0]),
    "does not sum the biases' gradients over the batch": slip(biases=lambda self, k, dz, dh: dz),
    "sums the biases' gradients along the wrong axis": slip(biases=lambda self, k, dz, dh: dz.sum(axis=1)),
    "takes the biases' gradient of the first example only": slip(biases=lambda self, k, dz, dh: dz[0]),
    "leaves 1/m out of the biases' gradients": slip(biases=lambda self, k, dz, dh: dz.sum(axis=0) * len(dz)),
    "leaves 1/m out of the weights' gradients": slip(weights=lambda self, k, dz, dh: dz.T @ self.hs[k] * len(dz)),
    "divides the weights' gradients by m once more": slip(weights=lambda self, k, dz, dh: dz.T @ self.hs[k] / len(dz)),
    "divides by m once more in each layer on the way back":
        slip(inputs=lambda self, k, dz, dh: dz @ self.theta[k][0] / len(dz)),
    "gives the weights' gradients transposed": slip(weights=lambda self, k, dz, dh: self.hs[k].T @ dz),
    "takes the sums z of the layer before in place of its activations":
        slip(weights=lambda self, k, dz, dh: dz.T @ (self.zs[k - 1] if k else self.hs[0])),
    "takes the derivative of the last activation in every layer":
        slip(hidden=lambda self, k, dh: self.activation(k, dh, self.names[-1])),
    "takes the derivative of the first activation in every layer":
        slip(sums=lambda self, k, dh: self.activation(k, dh, self.names[0])),
    "takes the weights' gradients before the activation's derivative":
        slip(weights=lambda self, k, dz, dh: dh.T @ self.hs[k]),
    "takes the gradients of weights and biases before the activation's derivative": slip(
        weights=lambda self, k, dz, dh: dh.T @ self.hs[k], biases=lambda self, k, dz, dh: dh.sum(axis=0)),
    **{f"gives the gradients of a network with {words} in its hidden layers": of_hidden(name)
       for name, words in (("relu", "ReLU"), ("sigmoid", "a sigmoid"), ("tanh", "a tanh"), ("identity", "nothing"))},
    "evaluates the hidden layers' derivatives at the network's output": slip(hidden=at_the_output),
    "adds a penalty on the weights": forms(
        *(with_weights(lambda m, c=c: c) for c in (0.01, 0.1, 1.0, 0.001, 0.0001)),
        *(with_weights(lambda m, c=c: c / m) for c in (0.01, 0.1, 1.0))),
    "takes ReLU itself for its derivative": derivative(relu=lambda z, h: h),
    "takes ReLU's derivative alone in the hidden layers, without the error from above": slip(
        hidden=lambda self, k, dh: (self.zs[k] > 0) * 1.0 if self.names[k] == "relu" else self.activation(k, dh)),
    "takes z for ReLU's derivative": derivative(relu=lambda z, h: z),
    "takes h for the sigmoid's derivative": derivative(sigmoid=lambda z, h: h),
    "takes h (1 + h) for the sigmoid's derivative": derivative(sigmoid=lambda z, h: h * (1 + h)),
    "takes h (1 - h)^2 or h^2 (1 - h) for the sigmoid's derivative": forms(
        derivative(sigmoid=lambda z, h: h * (1 - h) ** 2), derivative(sigmoid=lambda z, h: h**2 * (1 - h))),
    "takes the derivative of the sigmoid for that of the tanh": derivative(tanh=lambda z, h: h * (1 - h)),
    "takes the derivative of the tanh for that of the sigmoid": derivative(sigmoid=lambda z, h: 1 - h**2),
    "takes 1 - z^2 for the tanh's derivative": derivative(tanh=lambda z, h: 1 - z**2),
    "takes 1 + h^2 for the tanh's derivative": derivative(tanh=lambda z, h: 1 + h**2),
    "takes h for the tanh's derivative": derivative(tanh=lambda z, h: h),
    "takes 1 for the softmax's derivative": derivative(softmax=lambda z, h: 1.0),
    "takes the last example instead of all": of_examples(slice(-1, None)),
    "gives the gradients from the last layer to the first": layers(lambda found: found[::-1]),
    "gives the biases no gradient: 0": layers(lambda found: [(dW, 0 * db) for dW, db in found]),
    "adds the errors of all neurons up for each bias, as a sum without its axis": forms(
        *(slip(biases=lambda self, k, dz, dh, f=f: f(dz.sum(), dz.shape[1]))
          for f in (lambda total, n: np.full(n, total), lambda total, n: total, lambda total, n: np.full(1, total)))),
    "gives the biases before the weights": layers(lambda found: [(db, dW) for dW, db in found]),
    "gives the last layer alone a gradient":
        layers(lambda found: [(0 * dW, 0 * db) for dW, db in found[:-1]] + found[-1:]),
    "gives the first layer alone a gradient":
        layers(lambda found: found[:1] + [(0 * dW, 0 * db) for dW, db in found[1:]]),
    "gives the first layer no gradient":
        layers(lambda found: [(0 * dW, 0 * db) for dW, db in found[:1]] + found[1:]),
    "lets the error of a hidden layer pass in place of the error times the weights":
        slip(inputs=lambda self, k, dz, dh: dz.sum(axis=1, keepdims=True) * np.ones((1, self.theta[k][0].shape[1]))),
    "takes the absolute values of the error": slip(slope=lambda self, h, y: np.abs(LOSS_SLOPES[self.loss](h, y))),
    "takes the sizes of the weights on the way back":
        slip(inputs=lambda self, k, dz, dh: dz @ np.abs(self.theta[k][0])),
}, "GRAD-BCE": {
    "leaves out the derivative of the last activation, whatever the loss": slip(output=given_on),
    "takes y_hat - y over m for the derivative of every loss": forms(
        slip(slope=difference(len)), slip(slope=difference(np.size))),
}, "GRAD-LOGITS": {
    "multiplies by the softmax's derivative p (1 - p) once more": slip(
        slope=lambda self, h, y: LOSS_SLOPES[self.loss](h, y)
        * ((p := softmax(h)) * (1 - p) if self.loss == "cross_entropy_with_logits" else 1)),
    "takes a sigmoid of each logit for the softmax": slip(
        slope=lambda self, h, y: (sigmoid(h) - np.eye(h.shape[1])[y]) / len(h)
        if self.loss == "cross_entropy_with_logits" else LOSS_SLOPES[self.loss](h, y)),
    "gives the probabilities minus 1 in every class": slip(
        slope=lambda self, h, y: (softmax(h) - 1) / len(h)
        if self.loss == "cross_entropy_with_logits" else LOSS_SLOPES[self.loss](h, y)),
}, "GRAD-CE": {
    "divides by the number k of classes, where m is the number of examples": slip(
        slope=lambda self, h, y: LOSS_SLOPES[self.loss](h, y) * len(y) / y.shape[-1]),
    "lets the label's class learn alone, and not the others": slip(
        output=lambda self, k, dh: self.activation(k, dh) * (self.y if self.y.shape == dh.shape else 1)),
}})
