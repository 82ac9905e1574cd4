"""Disguised mistakes in backpropagation, as students write them."""

import numpy as np

from tests.selftest.disguises.registry import handed_in


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Net:
    """A network that a student writes; each subclass makes one slip."""

    def activation(self, name, z):
        if name == "sigmoid":
            return 1 / (1 + np.exp(-z))
        if name == "tanh":
            return np.tanh(z)
        if name == "relu":
            return np.maximum(0, z)
        return softmax(z) if name == "softmax" else z

    def back(self, name, z, a, da):
        """dz of da."""
        if name == "sigmoid":
            return da * a * (1 - a)
        if name == "tanh":
            return da * (1 - a**2)
        if name == "relu":
            return da * (z > 0)
        if name == "softmax":
            return np.stack([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(a, da, strict=True)])
        return da

    def loss(self, name, a, y):
        """da of the loss."""
        m = len(a)
        if name == "mean_squared_error":
            return (a - y) / a.size
        if name == "binary_cross_entropy":
            return (a - y) / (a * (1 - a)) / a.size
        if name == "cross_entropy":
            return -y / a / m
        p = softmax(a)
        p[np.arange(m), y] -= 1
        return p / m

    def carried(self, dz, da, theta, k):
        return dz @ theta[k][0]

    def weights(self, dz, da, before, z_before):
        return dz.T @ before

    def biases(self, dz, da):
        return dz.sum(axis=0)

    def hidden(self, name, z, a, da):
        return self.back(name, z, a, da)

    def output(self, name, z, a, da):
        return self.back(name, z, a, da)

    def __call__(self, x, y, theta, activations, loss):
        x = np.atleast_2d(x)
        y = np.atleast_1d(y) if loss == "cross_entropy_with_logits" else np.reshape(y, (len(x), -1))
        a, cache = x, []
        z = x
        for (W, b), g in zip(theta, activations, strict=True):
            before, z_before = a, z
            z = a @ W.T + b
            a = self.activation(g, z)
            cache.append((before, z_before, z, a))
        da, grads = self.loss(loss, a, y), []
        for k in reversed(range(len(theta))):
            before, z_before, z, a = cache[k]
            dz = (self.output if k == len(theta) - 1 else self.hidden)(activations[k], z, a, da)
            grads.insert(0, (self.weights(dz, da, before, z_before), self.biases(dz, da)))
            da = self.carried(dz, da, theta, k)
        return grads


def slip(mistake, **methods):
    def add(cls):
        handed_in("mlp_gradients", mistake, name=cls.__name__)(cls())
        return cls

    return add


@slip("y_hat - y for every loss")
class DifferenceForAll(Net):
    def loss(self, name, a, y):
        if name == "cross_entropy_with_logits":
            return super().loss(name, a, y)
        return (a - y) / len(a)

    def output(self, name, z, a, da):
        return da


@slip("no derivative at the output")
class NoOutputDerivative(Net):
    def output(self, name, z, a, da):
        return da


@slip("1/m is missing")
class NoMean(Net):
    def loss(self, name, a, y):
        return super().loss(name, a, y) * a.shape[0]


@slip("the bias gradient is not summed over the batch")
class BiasNotSummed(Net):
    def biases(self, dz, da):
        return dz


@slip("the mean instead of the sum in the bias gradient: divided by m twice")
class BiasMean(Net):
    def biases(self, dz, da):
        return dz.mean(axis=0)


@slip("no derivative in the hidden layers")
class NoHiddenDerivative(Net):
    def hidden(self, name, z, a, da):
        return da


@slip("the derivative at the activation instead of z")
class DerivativeOfActivated(Net):
    def hidden(self, name, z, a, da):
        return self.back(name, a, self.activation(name, a), da)

    output = hidden


@slip("the bias gradient before the derivative of the activation")
class BiasFromA(Net):
    def biases(self, dz, da):
        return np.add.reduce(da)


@slip("the derivative is not carried on to the earlier layers")
class NotCarried(Net):
    def carried(self, dz, da, theta, k):
        return da @ theta[k][0]


@slip("the upstream gradient is lost at ReLU")
class ReluAlone(Net):
    def hidden(self, name, z, a, da):
        if name == "relu":
            return (z > 0).astype(float)
        return self.back(name, z, a, da)


@slip("the sign: y - y_hat")
class Climbs(Net):
    def loss(self, name, a, y):
        return -super().loss(name, a, y)


@slip("the weight gradient is transposed")
class Transposed(Net):
    def weights(self, dz, da, before, z_before):
        return before.T @ dz


@slip("tanh' = 1 - a")
class TanhWithoutSquare(Net):
    def back(self, name, z, a, da):
        return da * (1 - a) if name == "tanh" else super().back(name, z, a, da)


@slip("the layers in reversed order")
class LastFirst(Net):
    def __call__(self, *arguments):
        return super().__call__(*arguments)[::-1]


@slip("1/m is missing in the bias gradients")
class BiasWithoutMean(Net):
    def biases(self, dz, da):
        return np.sum(dz * len(dz), axis=0)


@slip("divided by m in each layer")
class MeanInEachLayer(Net):
    def weights(self, dz, da, before, z_before):
        return dz.T @ before / len(dz)

    def biases(self, dz, da):
        return dz.sum(axis=0) / len(dz)


@slip("the squared error's gradient twice as large")
class TwiceTheError(Net):
    def loss(self, name, a, y):
        return super().loss(name, a, y) * (2 if name == "mean_squared_error" else 1)


@slip("the bias gradients are 0")
class NoBiasGradient(Net):
    def biases(self, dz, da):
        return np.zeros(dz.shape[1])


@slip("the weighted sum instead of the activation of the layer before")
class FromZ(Net):
    def weights(self, dz, da, before, z_before):
        return np.einsum("mi,mj->ij", dz, z_before)


@slip("divided by the number of rows")
class RowsOnly(Net):
    def loss(self, name, a, y):
        scale = a.shape[1] if name in ("mean_squared_error", "binary_cross_entropy") else 1
        return super().loss(name, a, y) * scale


@slip("the softmax's derivative p(1 - p)")
class DiagonalSoftmax(Net):
    def back(self, name, z, a, da):
        return da * a * (1 - a) if name == "softmax" else super().back(name, z, a, da)


@slip("a penalty on the weights is added")
class Decayed(Net):
    def __call__(self, x, y, theta, activations, loss):
        grads = super().__call__(x, y, theta, activations, loss)
        return [(dW + 0.01 * W, db) for (dW, db), (W, _) in zip(grads, theta, strict=True)]


@slip("the last example instead of all")
class LastExample(Net):
    def __call__(self, x, y, theta, activations, loss):
        return super().__call__(x[-1:], y[-1:], theta, activations, loss)


@slip("ReLU' = ReLU")
class ReluAsDerivative(Net):
    def back(self, name, z, a, da):
        return da * np.maximum(z, 0) if name == "relu" else super().back(name, z, a, da)


@slip("only the last layer gets a gradient")
class LastLayerOnly(Net):
    def __call__(self, x, y, theta, activations, loss):
        grads = super().__call__(x, y, theta, activations, loss)
        return [(np.zeros_like(W), np.zeros_like(b)) for W, b in grads[:-1]] + grads[-1:]


@slip("sigmoid' = a")
class SigmoidHalf(Net):
    def back(self, name, z, a, da):
        return da * a if name == "sigmoid" else super().back(name, z, a, da)


def of_logits(x, y, theta, change):
    (W1, b1), (W2, b2) = theta
    z1 = x @ W1.T + b1
    a1 = np.where(z1 > 0, z1, 0)
    p = softmax(a1 @ W2.T + b2)
    d2 = change.get("d2", lambda p, Y: (p - Y) / len(p))(p, np.eye(p.shape[1])[y])
    d1 = change.get("d1", lambda e, z: e * (z > 0))(d2 @ W2, z1)
    return [(d1.T @ x, d1.sum(0)), (d2.T @ a1, d2.sum(0))]


for name, mistake, change in (
    ("logits_sum", "1/m is missing", {"d2": lambda p, Y: p - Y}),
    ("logits_no_relu", "no derivative in the hidden layer", {"d1": lambda e, z: e}),
    ("logits_sign", "the sign: y - y_hat", {"d2": lambda p, Y: (Y - p) / len(p)}),
    ("logits_all", "divided by m k", {"d2": lambda p, Y: (p - Y) / p.size}),
    ("logits_softmax_back", "the softmax's derivative once more", {"d2": lambda p, Y: (p - Y) * p * (1 - p) / len(p)}),
):
    handed_in("network_gradients", mistake, task="multiclass", name=name)(
        lambda x, y, theta, change=change: of_logits(x, y, theta, change)
    )


@handed_in("network_gradients", "a derivative of the sigmoid too many", task="binary")
def one_factor_too_many(x, y, theta):
    (W1, b1), (W2, b2) = theta
    h1 = np.maximum(x @ W1.T + b1, 0)
    h2 = 1 / (1 + np.exp(-(h1 @ W2.T + b2)))
    d2 = (h2 - y.reshape(h2.shape)) * h2 * (1 - h2) / h2.size
    d1 = d2 @ W2 * (h1 > 0)
    return [(d1.T @ x, d1.sum(axis=0)), (d2.T @ h1, d2.sum(axis=0))]


@handed_in("network_gradients", "the error without the half: twice as large", task="regression")
def twice(x, y, theta):
    (W1, b1), (W2, b2) = theta
    h1 = np.maximum(x @ W1.T + b1, 0)
    d2 = 2 * (h1 @ W2.T + b2 - y) / y.size
    d1 = d2 @ W2 * (h1 > 0)
    return [(d1.T @ x, d1.sum(axis=0)), (d2.T @ h1, d2.sum(axis=0))]
