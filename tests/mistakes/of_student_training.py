"""Known mistakes that students make in training: logistic regression, its classes, the steps of descent, optimisers."""

import numpy as np

from tests.mistakes.networks import sigmoid
from tests.mistakes.registry import forms, record
from tests.mistakes.rules import RULES

# fmt: off

def descent(gradient, start=np.zeros, count=lambda steps: steps, rate=lambda alpha, t: alpha):
    """Training: ``gradient`` of (theta, X, y) from ``start(n)``."""
    def fit(X, y, alpha, steps):
        theta = start(X.shape[1])
        for t in range(count(steps)):
            theta = theta - rate(alpha, t) * gradient(theta, X, y)
        return theta
    return fit

def of_error(error):
    """The gradient with another error than h - y; ``error`` is made of (z, y)."""
    return lambda theta, X, y: X.T @ error(X @ theta, y) / len(X)

def right(theta, X, y):
    return of_error(lambda z, y: sigmoid(z) - y)(theta, X, y)

def one_by_one(scale):
    """A step for each example; scale: of the rate, by the number of examples."""
    def fit(X, y, alpha, steps):
        theta = np.zeros(X.shape[1])
        for _ in range(steps):
            for row, target in zip(X, y, strict=True):
                theta = theta - alpha * scale(len(X)) * (sigmoid(row @ theta) - target) * row
        return theta
    return fit

def coordinate_by_coordinate(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        for j in range(len(theta)):
            theta[j] -= alpha * np.mean((sigmoid(X @ theta) - y) * X[:, j])
    return theta

def with_a_constant(X, y, alpha, steps):
    return descent(right)(np.c_[X, np.ones(len(X))], y, alpha, steps)[:-1]

def error_of_the_start(X, y, alpha, steps):
    return -steps * alpha * X.T @ (sigmoid(np.zeros(len(X))) - y) / len(X)

def on_data(change):
    return lambda X, y, alpha, steps: descent(right)(change(X), y, alpha, steps)

def standardised(X):
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-8)

def penalised(weight):
    return descent(lambda theta, X, y: right(theta, X, y) + weight(len(X)) * theta)

record({
"FIT-VALUE": {
    "makes one step more than it is told": descent(right, count=lambda steps: steps + 1),
    "makes a single step, as a loop does that returns too early": descent(right, count=lambda steps: min(steps, 1)),
    "makes a number of steps of its own, whatever it is told": forms(
        *(descent(right, count=lambda steps, n=n: n) for n in (100, 10, 20, 50, 200, 500, 1000))),
    "makes no step: theta stays where it starts": descent(right, count=lambda steps: 0),
    "takes the gradient of the squared error, with the sigmoid's derivative":
        descent(of_error(lambda z, y: (h := sigmoid(z)) * (1 - h) * (h - y))),
    "takes the predicted classes for the probabilities, as the perceptron does": forms(
        descent(of_error(lambda z, y: (z >= 0) - y)), descent(of_error(lambda z, y: (z > 0) - y))),
    "starts at another theta than 0": forms(*(
        descent(right, start=lambda n, c=c: np.full(n, c)) for c in (1.0, 0.5, 0.1, 0.01, -1.0))),
    "starts at random numbers": forms(
        *(descent(right, start=lambda n, s=s, k=k: np.random.RandomState(s).randn(n) * k)
          for s in (0, 1, 42) for k in (1.0, 0.01)),
        *(descent(right, start=lambda n, s=s: np.random.RandomState(s).rand(n)) for s in (0, 1, 42))),
    "makes a step for each example, and not for all together": forms(
        one_by_one(lambda m: 1), one_by_one(lambda m: 1 / m)),
    "divides the gradient by 2 m": descent(lambda *batch: right(*batch) / 2),
    "doubles the gradient": descent(lambda *batch: 2 * right(*batch)),
    "leaves the learning rate out": descent(right, rate=lambda alpha, t: 1.0),
    "uses the learning rate twice": descent(right, rate=lambda alpha, t: alpha**2),
    "computes the error once, before the loop": error_of_the_start,
    "moves each parameter before it computes the derivative of the next": coordinate_by_coordinate,
    "divides by the number n of parameters, where m is the number of examples":
        descent(lambda theta, X, y: right(theta, X, y) * len(X) / len(theta)),
    "adds a penalty on theta": forms(*(penalised(lambda m, c=c: c) for c in (0.01, 0.1, 1.0, 0.001)),
        *(penalised(lambda m, c=c: c / m) for c in (0.01, 0.1, 1.0))),
    "learns a constant term as well, which X theta does not have": with_a_constant,
    "scales its data first, to mean 0 and deviation 1": on_data(standardised),
    "puts ones in the place of the first feature": on_data(lambda X: np.c_[np.ones(len(X)), X[:, 1:]]),
    "adds up the sums over the batch and climbs": descent(lambda theta, X, y: -right(theta, X, y) * len(X)),
    "lets the learning rate decay with the steps": forms(
        descent(right, rate=lambda alpha, t: alpha / (t + 1)),
        descent(right, rate=lambda alpha, t: alpha * 0.99**t),
        descent(right, rate=lambda alpha, t: alpha / np.sqrt(t + 1))),
    "moves by the sign of the gradient": descent(lambda *batch: np.sign(right(*batch))),
    "scales the gradient to length 1":
        descent(lambda *batch: (g := right(*batch)) / (np.linalg.norm(g) + 1e-12)),
    "loses the minus sign of the exponent in its sigmoid": descent(of_error(lambda z, y: sigmoid(-z) - y)),
    "takes the tanh for the sigmoid": descent(of_error(lambda z, y: np.tanh(z) - y)),
    "leaves the features out of the gradient: every parameter moves by the mean error":
        descent(lambda theta, X, y: np.full(len(theta), np.mean(sigmoid(X @ theta) - y))),
    "leaves the targets out": descent(of_error(lambda z, y: sigmoid(z))),
    "subtracts all pairs, (m, 1) minus (m,)":
        descent(lambda theta, X, y: (X.T @ (sigmoid(X @ theta)[:, None] - y)).mean(axis=1)),
}, "PREDICT-VALUE": {
    "puts its threshold at -0.5 or at 1 before the sigmoid": forms(
        lambda X, theta: (X @ theta >= 1).astype(int), lambda X, theta: (X @ theta >= -0.5).astype(int)),
    "rounds X theta without the sigmoid": lambda X, theta: np.round(X @ theta),
    "gives X theta, neither a probability nor a class": lambda X, theta: X @ theta,
    "gives the class of the first example to all": lambda X, theta: np.full(len(X), int(X[0] @ theta >= 0)),
    "compares with the mean of the probabilities":
        lambda X, theta: ((h := sigmoid(X @ theta)) >= h.mean()).astype(int),
    "leaves out the first feature": lambda X, theta: (X[:, 1:] @ theta[1:] >= 0).astype(int),
    "leaves out the last feature": lambda X, theta: (X[:, :-1] @ theta[:-1] >= 0).astype(int),
    "gives 1 and 2 for the classes": lambda X, theta: (X @ theta >= 0) + 1,
}})

def each(move, chosen=lambda i, count: True):
    """Moves the chosen arrays; the others stay."""
    return lambda theta, grad, alpha: [
        move(p, g, alpha) if chosen(i, len(theta)) else p.copy()
        for i, (p, g) in enumerate(zip(theta, grad, strict=True))
    ]

def step(p, g, alpha):
    return p - alpha * g

def varied(alpha):
    """1, unless alpha is: then a learning rate of its own looks like one that is scaled."""
    if alpha == 1:
        raise ValueError("this learning rate tells nothing")
    return 1

def length(arrays):
    return np.sqrt(sum(np.sum(a**2) for a in arrays))

record({
"STEP-VALUE": {
    "moves the first array only": each(step, lambda i, count: i == 0),
    "moves the last array only": each(step, lambda i, count: i == count - 1),
    "leaves the last array where it is": each(step, lambda i, count: i < count - 1),
    "leaves the last two arrays where they are, those of the last layer": forms(
        each(step, lambda i, count: i < count - 2), each(step, lambda i, count: i % 4 < 2)),
    "leaves the first array where it is": each(step, lambda i, count: i > 0),
    "moves the biases and forgets the weights, every other array": each(step, lambda i, count: i % 2 == 1),
    "moves nothing": each(step, lambda i, count: False),
    "scales each gradient to length 1": forms(
        *(each(lambda p, g, alpha, c=c: p - alpha * g / (np.linalg.norm(g) + c)) for c in (1e-12, 1e-8, 1e-300)),
        lambda theta, grad, alpha: [p - alpha * g / (length(grad) + 1e-12) for p, g in zip(theta, grad, strict=True)]),
    "multiplies the gradient by the parameter": each(lambda p, g, alpha: p - alpha * g * p),
    "makes the step twice": each(lambda p, g, alpha: p - 2 * alpha * g),
    "divides the step by the size of the array": each(lambda p, g, alpha: p - alpha * g / max(g.size, 1)),
    "divides the step by the number of rows": each(lambda p, g, alpha: p - alpha * g / max(len(np.atleast_1d(g)), 1)),
    "takes the sum of a gradient for each element": each(lambda p, g, alpha: p - alpha * g.sum()),
    "gives the gradients back": each(lambda p, g, alpha: g.copy()),
    "takes the size of the gradient": each(lambda p, g, alpha: p - alpha * np.abs(g)),
    "squares the gradient": each(lambda p, g, alpha: p - alpha * g**2),
    "subtracts the learning rate and no gradient": each(lambda p, g, alpha: p - alpha + 0 * g),
    "uses a learning rate of its own, whatever it is told": forms(
        *(each(lambda p, g, alpha, c=c: p - c * varied(alpha) * g) for c in (0.01, 0.1, 0.001, 0.5, 0.05))),
}})

def rule(name, *edits):
    """The step of a rule with some of its text replaced."""
    return RULES[name].edited(*edits).step()

record({
"SGD-VALUE": {
    "forgets the momentum and leaves the velocity as it was":
        rule("SGD", "v = momentum * v + g", "v = v", "lr * v", "lr * g"),
    "steps along gradient and velocity, the velocity counted twice": rule("SGD", "lr * v", "lr * (g + v)"),
    "keeps the negative velocity, with the learning rate in it":
        rule("SGD", "momentum * v + g", "momentum * v - lr * g", "p - lr * v", "p + v"),
    "weights the gradient with the momentum and the velocity with 1 - momentum":
        rule("SGD", "momentum * v + g", "(1 - momentum) * v + momentum * g"),
}, "ADAGRAD-VALUE": {
    "adds up the gradients in place of their squares": forms(rule("ADAGRAD", "g**2", "g")),
    "keeps the root in its state": rule("ADAGRAD", "s = s + g**2", "s = sqrt(s + g**2)", "sqrt(s) + eps", "s + eps"),
    "steps without the sum": rule("ADAGRAD", "lr * g / (sqrt(s) + eps)", "lr * g"),
    "weights the squares as RMSprop does": rule("ADAGRAD", "s + g**2", "0.9 * s + 0.1 * g**2"),
    "squares the gradient in the step, too": rule("ADAGRAD", "lr * g /", "lr * g**2 /"),
}, "RMSPROP-VALUE": {
    "takes the size of the gradient in place of its square": rule("RMSPROP", "g**2", "abs(g)"),
    "adds up the squares as AdaGrad does": rule("RMSPROP", "alpha * v + (1 - alpha) * g**2", "v + g**2"),
    "forgets what came before": rule("RMSPROP", "alpha * v + (1 - alpha) * g**2", "g**2"),
    "leaves alpha out of the first term": rule("RMSPROP", "alpha * v +", "v +"),
    "takes alpha for both weights": rule("RMSPROP", "(1 - alpha) * g**2", "alpha * g**2"),
    "steps without the mean of the squares": rule("RMSPROP", "lr * g / (sqrt(v) + eps)", "lr * g"),
    "squares the gradient in the step, too": rule("RMSPROP", "lr * g /", "lr * g**2 /"),
}, "ADAM-VALUE": {
    "adds the whole gradient to the mean, without 1 - beta_1": rule("ADAM", "(1 - b1) * g\n", "g\n"),
    "adds the whole square to the mean, without 1 - beta_2": rule("ADAM", "(1 - b2) * g**2", "g**2"),
    "adds the whole gradient and the whole square, without 1 - beta":
        rule("ADAM", "(1 - b1) * g\n", "g\n", "(1 - b2) * g**2", "g**2"),
    "takes the gradient itself in place of its square": rule("ADAM", "g**2", "g"),
    "uses one beta for both means": forms(rule("ADAM", "b2", "b1"), rule("ADAM", "b1", "b2")),
    "corrects both means by the second decay": rule("ADAM", "1 - b1**t", "1 - b2**t"),
    "corrects by beta^t, without the 1": rule("ADAM", "(1 - b1**t)", "b1**t", "(1 - b2**t)", "b2**t"),
    "leaves beta out of the first terms, and so adds up": rule("ADAM", "b1 * m +", "m +", "b2 * v +", "v +"),
    "corrects after the root": rule("ADAM", "sqrt(v / (1 - b2**t))", "sqrt(v) / (1 - b2**t)"),
}, "ADAMAX-VALUE": {
    "adds the whole gradient to the mean, without 1 - beta_1": rule("ADAMAX", "(1 - b1) * g\n", "g\n"),
    "forgets the maximum of the steps before": rule("ADAMAX", "maximum(b2 * u, abs(g) + eps)", "abs(g) + eps"),
    "steps without the maximum": rule("ADAMAX", " * m / u", " * m"),
    "uses one beta for both": forms(rule("ADAMAX", "b2", "b1")),
}})
