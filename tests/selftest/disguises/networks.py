"""Disguised mistakes in networks: mlp, and the declared network."""

import numpy as np

from tests.selftest.disguises.registry import handed_in


def softmax(a):
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


G = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "softmax": softmax,
    "identity": lambda a: a,
}


@handed_in("mlp", "no activation at the output")
def last_is_linear(x, theta, activations):
    a = x
    for k, (W, b) in enumerate(theta):
        z = np.matmul(a, W.T) + b
        a = z if k == len(theta) - 1 else G[activations[k]](z)
    return a


@handed_in("mlp", "no activation in the hidden layers")
def only_the_output(x, theta, activations):
    for W, b in theta:
        x = np.einsum("...i,ji->...j", x, W) + b
    return G[activations[-1]](x)


@handed_in("mlp", "no activations")
def linear_only(x, theta, activations):
    for W, b in theta:
        x = x @ W.T + b
    return x


@handed_in("mlp", "the first activation in every layer")
def one_for_all(x, theta, activations):
    g = G[activations[0]]
    for W, b in theta:
        x = g(x @ W.T + b)
    return x


@handed_in("mlp", "the last activation in every layer")
def last_for_all(x, theta, activations):
    for name in activations:
        g = G[name]
    for W, b in theta:
        x = g(x @ W.T + b)
    return x


@handed_in("mlp", "the activations in reversed order")
def popped(x, theta, activations):
    todo = list(activations)
    for W, b in theta:
        x = G[todo.pop()](x @ W.T + b)
    return x


@handed_in("mlp", "the biases are missing")
def no_bias(x, theta, activations):
    for (W, _), name in zip(theta, activations, strict=True):
        x = G[name](x @ W.T)
    return x


@handed_in("mlp", "always the sigmoid")
def sigmoid_network(x, theta, activations):
    out = np.array(x)
    for weights, bias in theta:
        out = 1.0 / (1.0 + np.exp(-(out.dot(weights.T) + bias)))
    return out


@handed_in("mlp", "always ReLU")
def relu_network(x, theta, activations):
    for W, b in theta:
        x = x @ W.T + b
        x = x * (x > 0)
    return x


@handed_in("mlp", "ReLU in the hidden layers, whatever the list says")
def relu_inside(x, theta, activations):
    *hidden, last = theta
    for W, b in hidden:
        x = np.maximum(0, x @ W.T + b)
    W, b = last
    return G[activations[-1]](x @ W.T + b)


@handed_in("mlp", "the bias after the activation")
def bias_outside(x, theta, activations):
    for (W, b), name in zip(theta, activations, strict=True):
        x = G[name](x @ W.T) + b
    return x


@handed_in("mlp", "the softmax over the examples")
def softmax_axis(x, theta, activations):
    def over_examples(a):
        return np.exp(a - a.max(axis=0)) / np.exp(a - a.max(axis=0)).sum(axis=0)

    for (W, b), name in zip(theta, activations, strict=True):
        x = (over_examples if name == "softmax" else G[name])(x @ W.T + b)
    return x


@handed_in("mlp", "the biases are subtracted")
def minus_bias(x, theta, activations):
    for (W, b), name in zip(theta, activations, strict=True):
        x = G[name](x @ W.T - b)
    return x


@handed_in("mlp", "the activation twice")
def activated_twice(x, theta, activations):
    for (W, b), name in zip(theta, activations, strict=True):
        a = G[name](x @ W.T + b)
        x = G[name](a)
    return x


@handed_in("network", "a softmax at the output", task="multiclass")
def probabilities(x, theta):
    (W1, b1), (W2, b2) = theta
    hidden = np.maximum(x @ W1.T + b1, 0)
    return softmax(hidden @ W2.T + b2)


@handed_in("network", "a log-softmax at the output", task="multiclass")
def log_probabilities(x, theta):
    (W1, b1), (W2, b2) = theta
    z = np.maximum(x @ W1.T + b1, 0) @ W2.T + b2
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True)


@handed_in("network", "a sigmoid at the output", task="multiclass")
def sigmoids(x, theta):
    a = x
    for k, (W, b) in enumerate(theta):
        z = a @ W.T + b
        a = z * (z > 0) if k == 0 else 1 / (1 + np.exp(-z))
    return a


@handed_in("network", "a sigmoid at the output", task="regression")
def squashed_price(x, theta):
    (W1, b1), (W2, b2) = theta
    return 1 / (1 + np.exp(-(np.where(x @ W1.T + b1 > 0, x @ W1.T + b1, 0) @ W2.T + b2)))


@handed_in("network", "no sigmoid at the output", task="binary")
def logits(x, theta):
    (W1, b1), (W2, b2) = theta
    return np.maximum(x @ W1.T + b1, 0) @ W2.T + b2


@handed_in("network", "no activation in the hidden layer", task="multiclass")
def two_linear(x, theta):
    for W, b in theta:
        x = x @ W.T + b
    return x


@handed_in("network", "tanh in the hidden layer", task="multiclass")
def with_tanh(x, theta):
    (W1, b1), (W2, b2) = theta
    return np.tanh(x @ W1.T + b1) @ W2.T + b2


@handed_in("network", "a sigmoid in the hidden layer", task="binary")
def with_sigmoid(x, theta):
    for W, b in theta:
        x = 1 / (1 + np.exp(-(x @ W.T + b)))
    return x


@handed_in("network", "ReLU at the output, too", task="multiclass")
def relu_everywhere(x, theta):
    for W, b in theta:
        x = np.clip(x @ W.T + b, 0, None)
    return x


@handed_in("network", "the biases are missing", task="regression")
def forgotten_bias(x, theta):
    (W1, _), (W2, _) = theta
    return np.maximum(x @ W1.T, 0) @ W2.T


@handed_in("network", "the bias of the first layer is missing", task="binary")
def forgotten_first_bias(x, theta):
    (W1, _), (W2, b2) = theta
    return 1 / (1 + np.exp(-(np.maximum(x @ W1.T, 0) @ W2.T + b2)))


@handed_in("network", "the class instead of the logits", task="multiclass")
def predicted(x, theta):
    (W1, b1), (W2, b2) = theta
    return np.argmax(np.maximum(x @ W1.T + b1, 0) @ W2.T + b2, axis=1)


@handed_in("network", "a softmax at the output", task="binary")
def softmax_of_one(x, theta):
    (W1, b1), (W2, b2) = theta
    return softmax(np.maximum(x @ W1.T + b1, 0) @ W2.T + b2)


@handed_in("network", "the class instead of the probability", task="binary")
def class_of_two(x, theta):
    (W1, b1), (W2, b2) = theta
    z = np.maximum(x @ W1.T + b1, 0) @ W2.T + b2
    return (z > 0).astype(float)
