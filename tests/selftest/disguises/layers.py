"""Disguised mistakes in the linear layer, the neuron, logistic regression, its training and its classes."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in


def sig(z):
    return 1 / (1 + np.exp(-z))


@handed_in("linear", "the bias is missing")
def dense(x, W, b):
    return np.einsum("...i,ji->...j", x, W)


@handed_in("linear", "the bias is subtracted")
def threshold(x, W, b):
    return np.matmul(x, W.transpose()) - b


@handed_in("linear", "the bias is added for each input")
def loops(x, W, b):
    X = np.atleast_2d(x)
    z = np.zeros((X.shape[0], W.shape[0]))
    for i in range(X.shape[0]):
        for j in range(W.shape[0]):
            for k in range(X.shape[1]):
                z[i, j] += X[i, k] * W[j, k] + b[j]
    return z if x.ndim == 2 else z[0]


@handed_in("linear", "the last input is missing")
def off_by_one(x, W, b):
    X = np.atleast_2d(x)
    z = np.tile(b, (len(X), 1)).astype(float)
    for k in range(X.shape[1] - 1):
        z = z + X[:, k : k + 1] * W[:, k]
    return z.reshape(*x.shape[:-1], len(b))


@handed_in("linear", "the first bias for every neuron")
def one_bias(x, W, b):
    return x @ W.T + b[0]


@handed_in("linear", "an activation is applied")
def with_activation(x, W, b):
    z = x.dot(W.T) + b
    return z * (z > 0)


@handed_in("linear", "an activation is applied")
def sigmoid_layer(x, W, b):
    a = np.inner(x, W) + b
    return 1 / (1 + np.exp(-a))


@handed_in("linear", "neurons in the rows: transposed")
def columns(x, W, b):
    return W @ x.T + b[:, None] if x.ndim == 2 else W @ x + b


@handed_in("linear", "the bias twice")
def twice(x, W, b):
    z = b.copy()
    z = z + x @ W.T
    return z + b


@handed_in("linear", "the mean of the inputs instead of the sum")
def averaged(x, W, b):
    return np.stack([np.mean(x * w, axis=-1) for w in W], axis=-1) + b


@handed_in("linear", "the bias is multiplied")
def times(x, W, b):
    return (x @ W.T) * b


@handed_in("linear", "the bias is weighted, too: W (x + b) or (W + b) x")
def inside(x, W, b):
    return x @ (W + b.reshape(-1, 1)).T


@handed_in("linear", "the first example for all")
def first_row(x, W, b):
    X = np.atleast_2d(x)
    out = np.array([W @ X[0] + b for _ in X])
    return out if x.ndim == 2 else out[0]


@handed_in("neuron", "the bias is missing")
def without(x, w, b):
    return sig(np.inner(x, w))


@handed_in("neuron", "no sigmoid")
def linear_neuron(x, w, b):
    return (x * w).sum(axis=-1) + b


@handed_in("neuron", "the bias is subtracted")
def as_threshold(x, w, b):
    return 1 / (1 + np.exp(b - x @ w))


@handed_in("neuron", "the exponent has the wrong sign")
def wrong_exponent(x, w, b):
    return 1 / (1 + np.exp(x @ w + b))


@handed_in("neuron", "the class instead of the probability")
def perceptron(x, w, b):
    return np.heaviside(x @ w + b, 1.0)


@handed_in("neuron", "tanh instead of the sigmoid")
def hyperbolic(x, w, b):
    return np.tanh(np.sum(np.multiply(x, w), axis=-1) + b)


@handed_in("neuron", "ReLU instead of the sigmoid")
def rectified(x, w, b):
    s = np.dot(x, w) + b
    return np.where(s < 0, 0, s)


@handed_in("neuron", "the bias is added for each input")
def in_the_sum(x, w, b):
    z = 0
    for i in range(len(w)):
        z = z + (x[..., i] * w[i] + b)
    return sig(z)


@handed_in("neuron", "the bias is added after the sigmoid")
def outside(x, w, b):
    return sig(x @ w) + b


@handed_in("neuron", "the mean of the inputs instead of the sum")
def mean_neuron(x, w, b):
    return sig(np.mean(x * w, axis=-1) + b)


@handed_in("neuron", "the sigmoid twice")
def double(x, w, b):
    h = sig(x @ w + b)
    return sig(h)


@handed_in("logistic_regression", "no sigmoid")
def scores(X, theta):
    return np.array([sum(a * t for a, t in zip(row, theta, strict=True)) for row in X])


@handed_in("logistic_regression", "the class instead of the probability")
def classes(X, theta):
    return (sig(X @ theta) >= 0.5).astype(float)


@handed_in("logistic_regression", "the exponent has the wrong sign")
def falling(X, theta):
    return np.array([1 / (1 + math.exp(row @ theta)) for row in X])


@handed_in("logistic_regression", "the first parameter is taken as a bias")
def intercept(X, theta):
    return sig(theta[0] + X[:, 1:] @ theta[1:])


@handed_in("logistic_regression", "the last input is missing")
def shorter(X, theta):
    z = np.zeros(len(X))
    for j in range(len(theta) - 1):
        z += theta[j] * X[:, j]
    return sig(z)


@handed_in("logistic_regression", "softmax over the examples instead of the sigmoid")
def competing(X, theta):
    z = X @ theta
    e = np.exp(z - z.max())
    return e / e.sum()


@handed_in("logistic_regression", "the mean of the inputs instead of the sum")
def divided(X, theta):
    n = X.shape[1]
    return sig(np.matmul(X, theta) / n)


@handed_in("logistic_regression", "tanh instead of the sigmoid")
def through_tanh(X, theta):
    e = np.exp(2 * X.dot(theta))
    return 1 - 2 / (e + 1)


@handed_in("collapse_linear", "the second bias is missing")
def no_b2(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1


@handed_in("collapse_linear", "the first bias is missing")
def no_b1(W1, b1, W2, b2):
    return np.einsum("ij,jk->ik", W2, W1), b2.copy()


@handed_in("collapse_linear", "bias and weights in the other order")
def other_order(W1, b1, W2, b2):
    W = np.matmul(W2, W1)
    b = np.matmul(W2, b1) + b2
    return b, W


@handed_in("collapse_linear", "the product is transposed")
def transposed(W1, b1, W2, b2):
    return W1.T @ W2.T, b1 @ W2.T + b2


@handed_in("collapse_linear", "the second bias is subtracted")
def minus(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1 - b2


@handed_in("collapse_linear", "the second bias twice")
def b2_twice(W1, b1, W2, b2):
    W = W2 @ W1
    b = b2 + (W2 @ b1 + b2)
    return W, b


@handed_in("fit", "1/m is missing")
def training(X, y, lr, n_iter):
    w = np.zeros(X.shape[1])
    for _ in range(n_iter):
        for_all = np.zeros_like(w)
        h = sig(X @ w)
        for i in range(len(y)):
            for_all += (h[i] - y[i]) * X[i]
        w -= lr * for_all
    return w


@handed_in("fit", "climbs: the sign of the step")
def ascent(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    while steps > 0:
        theta = theta + alpha * X.T.dot(sig(X.dot(theta)) - y) / X.shape[0]
        steps -= 1
    return theta


@handed_in("fit", "a step too few")
def one_less(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(1, steps):
        theta -= alpha * np.mean((sig(X @ theta) - y)[:, None] * X, axis=0)
    return theta


@handed_in("fit", "a step too many")
def one_more(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps + 1):
        theta -= alpha * X.T @ (sig(X @ theta) - y) / len(y)
    return theta


@handed_in("fit", "linear regression: no sigmoid")
def least_squares(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        residual = X @ theta - y
        theta -= alpha * (X.T @ residual) / len(residual)
    return theta


@handed_in("fit", "divided by m twice")
def m_twice(X, y, alpha, steps):
    m, n = X.shape
    theta = np.zeros(n)
    for _ in range(steps):
        grad = X.T @ (sig(X @ theta) - y) / m
        theta -= alpha / m * grad
    return theta


@handed_in("fit", "the gradient of the squared error")
def squared(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        h = sig(X @ theta)
        theta -= alpha * X.T @ ((h - y) * h * (1 - h)) / len(X)
    return theta


@handed_in("fit", "the classes instead of the probabilities: the perceptron's rule")
def perceptron_rule(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        predicted = np.round(sig(X @ theta))
        theta -= alpha * X.T @ (predicted - y) / len(X)
    return theta


@handed_in("fit", "starts elsewhere than at 0")
def from_ones(X, y, alpha, steps):
    theta = np.ones(X.shape[1])
    for _ in range(steps):
        theta -= alpha * X.T @ (sig(X @ theta) - y) / len(X)
    return theta


@handed_in("fit", "a step for each example")
def stochastic(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        for row, target in zip(X, y, strict=True):
            theta = theta - alpha * (sig(row @ theta) - target) * row
    return theta


@handed_in("fit", "half the gradient: 1/(2m)")
def half_gradient(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta -= alpha / (2 * len(y)) * X.T @ (sig(X @ theta) - y)
    return theta


@handed_in("fit", "a single step: return inside the loop")
def returns_early(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta = theta - alpha * X.T @ (sig(X @ theta) - y) / len(y)
        return theta
    return theta


@handed_in("fit", "the learning rate is missing")
def no_rate(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta -= X.T @ (sig(X @ theta) - y) / len(y)
    return theta


@handed_in("fit", "the error is not computed again")
def error_once(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    error = sig(X @ theta) - y
    for _ in range(steps):
        theta = theta - alpha * X.T @ error / len(y)
    return theta


@handed_in("predict", "the probability instead of the class")
def probability(X, theta):
    return np.exp(X @ theta) / (1 + np.exp(X @ theta))


@handed_in("predict", "the classes are exchanged")
def reversed_classes(X, theta):
    return [0 if sig(row @ theta) > 0.5 else 1 for row in X]


@handed_in("predict", "the threshold 1/2 on the logit")
def threshold_on_score(X, theta):
    return np.where(X @ theta >= 0.5, 1, 0)


@handed_in("predict", "-1 and 1 instead of 0 and 1")
def signs(X, theta):
    return np.where(X @ theta > 0, 1, -1)
