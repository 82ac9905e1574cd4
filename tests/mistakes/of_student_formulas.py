"""Known mistakes that students make in activations, softmax, one-hot targets and layers.

Each is a table entry like any other; where students write one mistake in several ways (another constant, another shift
against overflow), all ways have one name.
"""

import numpy as np

import reference
from tests.mistakes.networks import ACTIVATIONS, mlp, sigmoid, softmax
from tests.mistakes.registry import forms, record

# fmt: off
exp, log = np.exp, np.log

def over(divisor, shift=lambda z: 0.0):
    """e^(z - shift) over a divisor made of these exponentials, of a vector or a matrix."""
    return lambda z: (e := exp(z - shift(z))) / divisor(e)

def of_row(reduce):
    return lambda e: reduce(e, axis=-1, keepdims=True)

SHIFTS = (of_row(np.max), lambda z: np.max(z, axis=0), np.max)
"""What students subtract against overflow; it changes nothing where the divisor is the sum of the same numbers."""

def shifted(divisor):
    return forms(over(divisor), *(over(divisor, shift) for shift in SHIFTS))

record({
"SIGMOID-VALUE": {
    "is the tanh": np.tanh,
    "gives the logarithm of the sigmoid": lambda z: -np.logaddexp(0, -z),
    "gives e^z, without a denominator": exp,
    "gives e^-z, without the quotient": lambda z: exp(-z),
    "gives the argument back, without the sigmoid": lambda z: z.copy(),
    "is the ReLU": lambda z: np.maximum(z, 0),
    "takes a rounded number for e": forms(*(lambda z, e=e: 1 / (1 + e**-z) for e in (2.7, 2.71, 2.718, 2.72, 3))),
    "clips z, where the curve is not flat yet":
        forms(*(lambda z, c=c: sigmoid(np.clip(z, -c, c)) for c in (5, 1, 2, 3, 4, 6, 8, 10, 15))),
    "divides z by 2: the sigmoid of z/2": lambda z: sigmoid(z / 2),
    "stretches the sigmoid to 2 sigmoid(z) - 1, which is the tanh of z/2": lambda z: np.tanh(z / 2),
    "computes with e^(-z^2)": lambda z: 1 / (1 + exp(-(z**2))),
    "is the softmax of the row": softmax,
    "divides by the sum over the whole array, as a softmax does": lambda z: exp(z - z.max()) / exp(z - z.max()).sum(),
}, "TANH-VALUE": {
    "is the sigmoid": sigmoid,
    "is the arctangent": np.arctan,
    "is the inverse hyperbolic sine": np.arcsinh,
    "gives the sign of z": np.sign,
    "doubles the sigmoid of 2z and forgets the 1": lambda z: 2 * sigmoid(2 * z),
    "gives the denominator, the hyperbolic cosine": np.cosh,
    "leaves out the brackets, and so divides the second exponential alone":
        lambda z: exp(z) - exp(-z) / (exp(z) + exp(-z)),
    "gives the argument back, without the tanh": lambda z: z.copy(),
    "doubles its argument: the tanh of 2z": lambda z: np.tanh(2 * z),
    "is the quotient of cosh by sinh, upside down": lambda z: (exp(z) + exp(-z)) / (exp(z) - exp(-z)),
}, "RELU-VALUE": {
    "gives the argument back, negative numbers too": lambda z: z.copy(),
    "is the sigmoid": sigmoid,
    "is the tanh": np.tanh,
    "lets a share of the negative part through, as a leaky ReLU":
        forms(*(lambda z, a=a: np.where(z > 0, z, a * z) for a in (0.1, 0.001, 0.02, 0.05, 0.2, 0.25, 0.3, 0.5))),
    "clips the positive part":
        forms(*(lambda z, c=c: np.clip(z, 0, c) for c in (1, 2, 5, 10, 20, 50, 100, 255))),
    "is the square of the positive part": lambda z: np.maximum(z, 0) ** 2,
    "gives 1 for negative numbers": lambda z: np.where(z > 0, z, 1.0),
    "counts up to the largest number of the row": lambda z: z * (z == z.max(axis=-1, keepdims=True)),
}, "SOFTMAX-VALUE": {
    "sums over the examples: each column sums to 1, and not each row": forms(
        over(lambda e: e.sum(axis=0), SHIFTS[0]),
        lambda z: exp(z - z.max()) / exp(z - z.max()).sum(axis=0),
        lambda z: softmax(z.T).T,
        lambda z: np.ones_like(z) if z.ndim == 1 else softmax(z.T).T,
    ),
    "sums over the whole matrix": forms(over(np.sum, SHIFTS[0]), over(np.sum, SHIFTS[1])),
    "does not divide by the sum: gives e^(z - max), the exponentials over the largest": shifted(of_row(np.max)),
    "divides by the length of the exponentials, the root of the sum of their squares":
        shifted(lambda e: np.linalg.norm(e, axis=-1, keepdims=True)),
    "subtracts the largest logit in the numerator only":
        forms(
            lambda z: exp(z - z.max(axis=-1, keepdims=True)) / exp(z).sum(axis=-1, keepdims=True),
            lambda z: exp(z - z.max()) / exp(z).sum(axis=-1, keepdims=True)),
    "subtracts the largest logit in the denominator only":
        lambda z: exp(z) / exp(z - z.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True),
    "leaves a class's own exponential out of the sum":
        forms(
            lambda z: (e := exp(z - z.max(axis=-1, keepdims=True))) / (e.sum(axis=-1, keepdims=True) - e),
            lambda z: (e := exp(z)) / (e.sum(axis=-1, keepdims=True) - e)),
    "gives the derivative, p (1 - p)": lambda z: (p := softmax(z)) * (1 - p),
    "divides by the sum of the logits, not of the exponentials": lambda z: exp(z) / z.sum(axis=-1, keepdims=True),
    "divides the logits by the sum of the exponentials": lambda z: z / exp(z).sum(axis=-1, keepdims=True),
    "takes the absolute values of the logits": lambda z: softmax(np.abs(z)),
    "divides the squares of the logits by their sum": lambda z: z**2 / (z**2).sum(axis=-1, keepdims=True),
    "subtracts the mean or the largest logit and takes no exponential": forms(
        lambda z: z - z.max(axis=-1, keepdims=True), lambda z: z - z.mean(axis=-1, keepdims=True)),
    "gives the largest probability of each row alone": lambda z: softmax(z).max(axis=-1),
    "gives the class and no probabilities": lambda z: np.argmax(z, axis=-1),
    "takes 10 or a rounded number for e": forms(
        *(lambda z, e=e: softmax(z * np.log(e)) for e in (10, 2.7, 2.71, 2.718, 2.72, 3))),
    "standardises the logits first": forms(
        *(lambda z, a=a: softmax((z - z.mean(axis=a, keepdims=True)) / (z.std(axis=a, keepdims=True) + 1e-8))
          for a in (-1, 0, None))),
    "gives 1 - p": lambda z: 1 - softmax(z),
}, "ONEHOT-VALUE": {
    "puts the label itself where the 1 belongs": lambda labels, k: np.eye(k)[labels] * labels[..., None],
    "puts the 1 one class too far": lambda labels, k: np.eye(k)[(labels + 1) % k],
    "puts the label plus 1 where the 1 belongs": lambda labels, k: np.eye(k)[labels] * (labels[..., None] + 1),
    "gives ones everywhere": lambda labels, k: np.ones((*labels.shape, k)),
    "gives the labels back": lambda labels, k: labels.copy(),
    "encodes the first label only and gives its row": lambda labels, k: np.eye(k)[labels[0]],
    "sets all classes from the label on to 1": lambda labels, k: (np.arange(k) >= labels[..., None]) * 1.0,
    "gives a softmax or an average in the place of the 1": lambda labels, k: np.eye(k)[labels] / k,
}, "LINEAR-VALUE": {
    "leaves out the last input": lambda x, W, b: x[..., :-1] @ W[:, :-1].T + b,
    "leaves out the first input": lambda x, W, b: x[..., 1:] @ W[:, 1:].T + b,
    "applies an activation as well":
        forms(*(lambda x, W, b, g=g: g(x @ W.T + b) for name, g in ACTIVATIONS.items() if name != "identity")),
    "multiplies by the bias": lambda x, W, b: (x @ W.T) * b,
    "adds the bias to the weights": lambda x, W, b: x @ (W + b[:, None]).T,
    "adds the bias to the inputs": lambda x, W, b: (x + b[: x.shape[-1]]) @ W.T,
    "gives the biases alone": lambda x, W, b: np.zeros((*x.shape[:-1], 1)) + b,
    "adds the sum of all biases to each neuron": lambda x, W, b: x @ W.T + b.sum(),
    "adds the mean of all biases to each neuron": lambda x, W, b: x @ W.T + b.mean(),
    "adds the biases in reversed order": lambda x, W, b: x @ W.T + b[::-1],
    "adds the neurons up": lambda x, W, b: (x @ W.T + b).sum(axis=-1),
    "takes the sizes of the weighted inputs": lambda x, W, b: np.abs(x) @ np.abs(W).T + b,
    "takes the largest weighted input in place of the sum": lambda x, W, b: (x[..., None, :] * W).max(axis=-1) + b,
    "normalises its inputs first": lambda x, W, b: x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-12) @ W.T + b,
}, "NEURON-VALUE": {
    "leaves the bias out": lambda x, w, b: sigmoid(x @ w),
    "takes the ReLU for the sigmoid": lambda x, w, b: np.maximum(x @ w + b, 0),
    "applies the sigmoid twice": lambda x, w, b: sigmoid(sigmoid(x @ w + b)),
    "applies the sigmoid to the weighted inputs, before the sum": lambda x, w, b: sigmoid(x * w).sum(axis=-1) + b,
    "applies the sigmoid to the inputs first": lambda x, w, b: sigmoid(sigmoid(x) @ w + b),
    "multiplies by the bias": lambda x, w, b: sigmoid((x @ w) * b),
    "gives the sigmoid's derivative": lambda x, w, b: (s := sigmoid(x @ w + b)) * (1 - s),
    "leaves out the last input": lambda x, w, b: sigmoid(x[..., :-1] @ w[:-1] + b),
    "leaves the weights out": lambda x, w, b: sigmoid(x.sum(axis=-1) + b),
    "gives the sigmoid of each weighted input, without the sum": lambda x, w, b: sigmoid(x * w + b),
    "normalises over the batch, as a softmax does": lambda x, w, b: softmax(np.atleast_1d(x @ w + b)),
}, "LOGREG-VALUE": {
    "gives the class, 0 or 1, where the probability is due": forms(
        lambda X, theta: np.heaviside(X @ theta, 1.0), lambda X, theta: np.heaviside(X @ theta, 0.0)),
    "leaves out the last feature": lambda X, theta: sigmoid(X[:, :-1] @ theta[:-1]),
    "leaves out the first feature": lambda X, theta: sigmoid(X[:, 1:] @ theta[1:]),
    "normalises over the examples, as a softmax does": lambda X, theta: softmax(X @ theta),
    "takes the mean of the weighted features instead of the sum": lambda X, theta: sigmoid((X * theta).mean(axis=-1)),
    "takes the last parameter for a bias": lambda X, theta: sigmoid(X[:, :-1] @ theta[:-1] + theta[-1]),
    "applies the sigmoid to the features first": lambda X, theta: sigmoid(X) @ theta,
    "applies the sigmoid twice": lambda X, theta: sigmoid(sigmoid(X @ theta)),
    "gives the sigmoid of each weighted feature, without the sum": lambda X, theta: sigmoid(X * theta),
    "gives the sigmoid's derivative": lambda X, theta: (s := sigmoid(X @ theta)) * (1 - s),
    "gives the logarithm of the probability": lambda X, theta: -np.logaddexp(0, -(X @ theta)),
    "takes the ReLU for the sigmoid": lambda X, theta: np.maximum(X @ theta, 0),
    "leaves the minus sign of the exponent and the 1 out: gives e^(X theta)": lambda X, theta: exp(X @ theta),
}, "COLLAPSE-VALUE": {
    "gives the bias first and the weights second":
        lambda W1, b1, W2, b2: reference.collapse_linear(W1, b1, W2, b2)[::-1],
    "adds the second bias twice": lambda W1, b1, W2, b2: (W2 @ W1, W2 @ b1 + 2 * b2),
    "gives the product of the weights and nothing for the biases: 0": lambda W1, b1, W2, b2: (W2 @ W1, 0 * b2),
    "takes W_1 and W_2 in the other order and transposes them": lambda W1, b1, W2, b2: (W1.T @ W2.T, W2 @ b1 + b2),
    "adds the sum of the first biases": lambda W1, b1, W2, b2: (W2 @ W1, b1.sum() + b2),
}})

def everywhere(name):
    """The same activation in each layer."""
    return lambda x, theta, names: mlp(x, theta, [name] * len(theta))

def in_hidden_layers(name):
    return lambda x, theta, names: mlp(x, theta, [name] * (len(theta) - 1) + list(names[-1:]))

def layers_of(change):
    return lambda x, theta, names: mlp(x, [change(k, W, b) for k, (W, b) in enumerate(theta)], names)

def each_activation(change):
    return lambda x, theta, names: mlp(x, theta, names, functions={g: change(f) for g, f in ACTIVATIONS.items()})

record({
"MLP-VALUE": {
    "applies no activations": everywhere("identity"),
    "applies the first activation in every layer": lambda x, theta, names: mlp(x, theta, [names[0]] * len(theta)),
    "applies the last activation in every layer": lambda x, theta, names: mlp(x, theta, [names[-1]] * len(theta)),
    "applies the sigmoid in every layer, whatever is asked for": everywhere("sigmoid"),
    "applies ReLU in every layer, whatever is asked for": everywhere("relu"),
    "applies the tanh in every layer, whatever is asked for": everywhere("tanh"),
    "applies ReLU in every hidden layer, whatever is asked for": in_hidden_layers("relu"),
    "applies the sigmoid in every hidden layer, whatever is asked for": in_hidden_layers("sigmoid"),
    "applies the tanh in every hidden layer, whatever is asked for": in_hidden_layers("tanh"),
    "applies no activation in the hidden layers": in_hidden_layers("identity"),
    "puts a softmax on its output": lambda x, theta, names: mlp(x, theta, [*names[:-1], "softmax"]),
    "puts a sigmoid on its output": lambda x, theta, names: mlp(x, theta, [*names[:-1], "sigmoid"]),
    "puts ReLU on its output": lambda x, theta, names: mlp(x, theta, [*names[:-1], "relu"]),
    "puts a tanh on its output": lambda x, theta, names: mlp(x, theta, [*names[:-1], "tanh"]),
    "subtracts the biases": layers_of(lambda k, W, b: (W, -b)),
    "leaves out the bias of the first layer": layers_of(lambda k, W, b: (W, b if k else 0 * b)),
    "applies each activation twice": each_activation(lambda f: lambda z: f(f(z))),
    "gives the class with the largest output": lambda x, theta, names: mlp(x, theta, names).argmax(axis=-1),
    "applies the first activation to the inputs as well":
        lambda x, theta, names: mlp(ACTIVATIONS[names[0]](x), theta, names),
    "leaves out the bias of the last layer":
        lambda x, theta, names: mlp(x, [*theta[:-1], (theta[-1][0], 0 * theta[-1][1])], names),
    "adds each bias twice": layers_of(lambda k, W, b: (W, 2 * b)),
}})
