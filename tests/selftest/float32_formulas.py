"""The lecture's formulas written plainly, as an implementation in float32 has them, and random arguments for each.

`FORMULAS[name](*args)` computes in the dtype of its arguments. Its exp, log and tanh are rounded correctly, so that its
arithmetic is `CORRECTLY_ROUNDED` and its errors are those of the formula. `arguments(name, rng)` gives float64
arguments of moderate size for the function of that name; most of them have few elements.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import reference
from reference import Arithmetic

CORRECTLY_ROUNDED = Arithmetic.of("float32", 0.5)


def _rounded(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], Any]:
    def in_the_dtype_of(x: Any) -> Any:
        return function(x.astype(np.float64)).astype(x.dtype)

    return in_the_dtype_of


exp, log, tanh = map(_rounded, (np.exp, np.log, np.tanh))


def sigmoid(z):
    return 1 / (1 + exp(-z))


def softmax(z):
    e = exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - log(exp(shifted).sum(axis=-1, keepdims=True))


def at(rows, labels):
    return rows[np.arange(len(rows)), labels]


ACTIVATIONS = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": softmax,
    "identity": lambda z: z,
}


def layers(x, theta, activations):
    """The input and the output of every layer."""
    outputs = [x]
    for (W, b), name in zip(theta, activations, strict=True):
        outputs.append(ACTIVATIONS[name](outputs[-1] @ W.T + b))
    return outputs


SLOPES = {
    "tanh": lambda t: 1 - t * t,
    "sigmoid": lambda s: s * (1 - s),
    "relu": lambda h: (h > 0).astype(h.dtype),
    "identity": np.ones_like,
}


def gradients(x, theta, activations, delta_of):
    """(dW_k, db_k) of each layer by backpropagation from dJ/dz_L = delta_of(h_L)."""
    outputs = layers(x, theta, activations)
    delta, found = delta_of(outputs[-1]), []
    for layer in range(len(theta) - 1, -1, -1):
        found.append((delta.T @ outputs[layer], delta.sum(axis=0)))
        if layer:
            delta = (delta @ theta[layer][0]) * SLOPES[activations[layer - 1]](outputs[layer])
    return found[::-1]


DELTAS = {
    "mean_squared_error": lambda h, y: (h - y) / np.float32(y.size),
    "binary_cross_entropy": lambda h, y: (h - y) / np.float32(y.size),
    "cross_entropy": lambda h, y: (h - y) / np.float32(len(y)),
    "cross_entropy_with_logits": lambda h, y: (softmax(h) - np.eye(h.shape[1], dtype=h.dtype)[y]) / np.float32(len(y)),
}
"""dJ/dz_L from the output of the network and the targets, for the last activation that goes with the loss."""


def mlp_gradients(x, y, theta, activations, loss):
    return gradients(x, theta, activations, lambda h: DELTAS[loss](h, y))


def _sgd(p, g, v, t):
    return [p - np.float32(1e-3) * g], {"momentum_buffer": [g]}


def _adagrad(p, g, s, t):
    s = s + g**2
    return [p - 1e-2 * g / (np.sqrt(s) + 1e-10)], {"sum": [s]}


def _rmsprop(p, g, v, t):
    v = 0.99 * v + (1 - 0.99) * g**2
    return [p - 1e-2 * g / (np.sqrt(v) + 1e-8)], {"square_avg": [v]}


def _adam(p, g, m, v, t):
    m, v = 0.9 * m + (1 - 0.9) * g, 0.999 * v + (1 - 0.999) * g**2
    moved = p - 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return [moved], {"step": t, "exp_avg": [m], "exp_avg_sq": [v]}


def _adamax(p, g, m, u, t):
    m, u = 0.9 * m + (1 - 0.9) * g, np.maximum(0.999 * u, np.abs(g) + 1e-8)
    return [p - 2e-3 / (1 - 0.9**t) * m / u], {"step": t, "exp_avg": [m], "exp_inf": [u]}


def _of_one_parameter(rule):
    """The rule, with the rates that `torch.optim` has where none are given, as a step of one parameter."""

    def step(theta, grad, state):
        entries = [entry[0] for key, entry in state.items() if key != "step"]
        return rule(theta[0], grad[0], *entries, state.get("step", 0) + 1)

    return step


def _fit(X, y, alpha, steps):
    theta = np.zeros(X.shape[1], X.dtype)
    for _ in range(steps):
        theta = theta - X.dtype.type(alpha) / X.dtype.type(len(X)) * (X.T @ (sigmoid(X @ theta) - y))
    return theta


FORMULAS: Mapping[str, Callable[..., Any]] = {
    **{name: ACTIVATIONS[name] for name in ("sigmoid", "tanh", "relu", "softmax")},
    "one_hot": lambda labels, k: (labels[..., None] == np.arange(k)).astype(np.float32),
    "binary_cross_entropy": lambda p, y: np.mean(-y * log(p) - (1 - y) * log(1 - p)),
    "cross_entropy": lambda p, y: np.mean(-(y * log(p)).sum(axis=-1)),
    "cross_entropy_with_logits": lambda z, labels: np.mean(-at(log_softmax(z), labels)),
    "mean_squared_error": lambda y_hat, y: np.mean((y_hat - y) ** 2) / 2,
    "linear": lambda x, W, b: x @ W.T + b,
    "neuron": lambda x, w, b: sigmoid(x @ w + np.float32(b)),
    "logistic_regression": lambda X, theta: sigmoid(X @ theta),
    "mlp": lambda x, theta, activations: layers(x, theta, activations)[-1],
    "collapse_linear": lambda W1, b1, W2, b2: (W2 @ W1, W2 @ b1 + b2),
    "gradient_descent_step": lambda theta, grad, alpha: [
        p - np.float32(alpha) * g for p, g in zip(theta, grad, strict=True)
    ],
    "mlp_gradients": mlp_gradients,
    "sgd_step": _of_one_parameter(_sgd),
    "adagrad_step": _of_one_parameter(_adagrad),
    "rmsprop_step": _of_one_parameter(_rmsprop),
    "adam_step": _of_one_parameter(_adam),
    "adamax_step": _of_one_parameter(_adamax),
    "network": lambda x, theta: layers(x, theta, reference.TASKS[reference.TASK][0])[-1],
    "network_gradients": lambda x, y, theta: mlp_gradients(x, y, theta, *reference.TASKS[reference.TASK]),
    "fit": _fit,
    "predict": lambda X, theta: (sigmoid(X @ theta) >= 0.5).astype(X.dtype),
}


def arguments(name: str, rng: np.random.Generator) -> tuple[Any, ...]:
    m, n, k = (int(2 ** rng.uniform(0, 3)) for _ in range(3))
    scale = 10.0 ** rng.uniform(-3, 2)
    z = scale * rng.normal(size=(m, k))
    p = rng.uniform(1e-6, 1, size=(m, k))
    labels = rng.integers(0, k, size=m)
    one_hot = reference.one_hot(labels, k)
    x, W, b = rng.normal(size=(m, n)), scale * rng.normal(size=(k, n)), rng.normal(size=k)
    theta = _theta(rng, [n, k, m, k][: rng.integers(2, 5)])
    two = _theta(rng, [n, m, k])
    activations = ["tanh", "sigmoid", "relu"][: len(theta) - 1]
    last = rng.integers(4)
    return {
        "one_hot": (labels, k),
        "binary_cross_entropy": (np.minimum(p, 1 - 2.0**-20), rng.integers(0, 2, size=(m, k)).astype(float)),
        "cross_entropy": (p, one_hot),
        "cross_entropy_with_logits": (z, labels),
        "mean_squared_error": (z, z + rng.normal(size=z.shape)),
        "linear": (x, W, b),
        "neuron": (x, W[0], float(b[0])),
        "logistic_regression": (x, W[0]),
        "mlp": (x, theta, [*activations, ["sigmoid", "tanh", "softmax", "identity"][last]]),
        "collapse_linear": (W, b, rng.normal(size=(m, k)), rng.normal(size=m)),
        "gradient_descent_step": ([W, b], [rng.normal(size=W.shape), b], 0.1),
        "mlp_gradients": (x, *_training(rng, x, theta, activations, last)),
        "sgd_step": ([0 * W], [W], {"momentum_buffer": [W]}),
        "adagrad_step": ([0 * W], [W], {"sum": [W**2]}),
        "rmsprop_step": ([0 * W], [W], {"square_avg": [W**2 / 2]}),
        "adam_step": ([0 * W], [W], {"step": m, "exp_avg": [-W], "exp_avg_sq": [W**2]}),
        "adamax_step": ([0 * W], [W], {"step": m, "exp_avg": [2 * W], "exp_inf": [np.abs(W)]}),
        "network": (x, two),
        "network_gradients": (x, labels, two),
        "fit": (x, rng.integers(0, 2, size=m).astype(float), 4.0 * m / np.linalg.norm(x.T @ x, 2), 1),
        "predict": (x, W[0]),
    }.get(name, (z,))


def _theta(rng: np.random.Generator, sizes: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(rng.normal(size=W), rng.normal(size=b)) for W, b in reference.parameter_shapes(sizes)]


def _training(
    rng: np.random.Generator, x: np.ndarray, theta: Any, activations: list[str], last: int
) -> tuple[Any, ...]:
    """Targets, parameters, activations and one of the losses."""
    k = len(theta[-1][1])
    labels = rng.integers(0, k, size=len(x))
    y, name, loss = [
        (rng.normal(size=(len(x), k)), "identity", "mean_squared_error"),
        (reference.one_hot(labels, k), "sigmoid", "binary_cross_entropy"),
        (reference.one_hot(labels, k), "softmax", "cross_entropy"),
        (labels, "identity", "cross_entropy_with_logits"),
    ][last]
    return y, theta, [*activations, name], loss
