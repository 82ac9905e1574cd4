"""JAX as it ships: jax.nn and jax.numpy in float32, losses and optimisers of optax, gradients by jax.grad.

JAX and optax have no cross-entropy of probabilities; what they have is called as it is. XLA makes subnormal numbers 0.
"""

from functools import partial
from importlib.metadata import version

import jax
import jax.numpy as jnp
import optax

ARRAYS = "jax"
DTYPES = ("float32", "float16", "bfloat16", "int32", "int16", "int8", "uint32", "uint16", "uint8")
FLUSHES_TO_ZERO = True
COMPILES = True
VERSIONS = {name: version(name) for name in ("jax", "jaxlib", "optax")}
OPTIMISER_EPS = {"adagrad_step": "inside", "adamax_step": "inside"}

ACTIVATION_FUNCTIONS = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jax.nn.tanh,
    "relu": jax.nn.relu,
    "softmax": jax.nn.softmax,
    "identity": jax.nn.identity,
}


def sigmoid(z):
    return jax.nn.sigmoid(z)


def tanh(z):
    return jax.nn.tanh(z)


def relu(z):
    return jax.nn.relu(z)


def softmax(z):
    return jax.nn.softmax(z, axis=-1)


def one_hot(labels, k):
    return jax.nn.one_hot(labels, k)


def cross_entropy_with_logits(z, labels):
    return optax.softmax_cross_entropy_with_integer_labels(z, labels).mean()


def mean_squared_error(y_hat, y):
    return optax.l2_loss(y_hat, y).mean()


def linear(x, W, b):
    return _floating(x) @ _floating(W).T + b


def neuron(x, w, b):
    return jax.nn.sigmoid(_floating(x) @ _floating(w) + b)


def logistic_regression(X, theta):
    return jax.nn.sigmoid(_floating(X) @ _floating(theta))


def mlp(x, theta, activations):
    for (W, b), name in zip(theta, activations, strict=True):
        x = ACTIVATION_FUNCTIONS[name](x @ W.T + b)
    return x


def collapse_linear(W1, b1, W2, b2):
    return _floating(W2) @ _floating(W1), linear(b1, W2, b2)


def mlp_gradients(x, y, theta, activations, loss):
    """By jax.grad; a sigmoid or softmax under its own loss is left to the loss of optax that contains it."""
    return _gradients(list(theta), x, y, tuple(activations), loss)


@partial(jax.jit, static_argnums=(3, 4))
@jax.grad
def _gradients(theta, x, y, activations, loss):
    *hidden, last = activations
    of_logits = {
        ("sigmoid", "binary_cross_entropy"): optax.sigmoid_binary_cross_entropy,
        ("softmax", "cross_entropy"): optax.softmax_cross_entropy,
        ("identity", "cross_entropy_with_logits"): optax.softmax_cross_entropy_with_integer_labels,
    }
    if loss == "mean_squared_error":
        return mean_squared_error(mlp(x, theta, activations), y)
    return of_logits[last, loss](mlp(x, theta, [*hidden, "identity"]), y).mean()


def gradient_descent_step(theta, grad, alpha):
    return _step(optax.sgd(alpha), theta, grad)[0]


def sgd_step(theta, grad, state, lr, momentum):
    stepped, after = _step(optax.sgd(lr, momentum=momentum), theta, grad, trace=state["momentum_buffer"])
    return stepped, {"momentum_buffer": optax.tree.get(after, "trace")}


def adagrad_step(theta, grad, state, lr, eps):
    stepped, after = _step(optax.adagrad(lr, eps=eps), theta, grad, sum_of_squares=state["sum"])
    return stepped, {"sum": optax.tree.get(after, "sum_of_squares")}


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    optimiser = optax.rmsprop(lr, decay=alpha, eps=eps, eps_in_sqrt=False)
    stepped, after = _step(optimiser, theta, grad, nu=state["square_avg"])
    return stepped, {"square_avg": optax.tree.get(after, "nu")}


def adam_step(theta, grad, state, lr, betas, eps):
    optimiser = optax.adam(lr, b1=betas[0], b2=betas[1], eps=eps)
    return _with_moments(optimiser, theta, grad, state, "exp_avg_sq")


def adamax_step(theta, grad, state, lr, betas, eps):
    optimiser = optax.adamax(lr, b1=betas[0], b2=betas[1], eps=eps)
    return _with_moments(optimiser, theta, grad, state, "exp_inf")


def _floating(array):
    """jax.numpy multiplies integers in their own dtype, as NumPy does."""
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(jnp.result_type(float))


def _with_moments(optimiser, theta, grad, state, second):
    count = jnp.asarray(state["step"], jnp.int32)
    stepped, after = _step(optimiser, theta, grad, mu=state["exp_avg"], nu=state[second], count=count)
    moments = {"exp_avg": optax.tree.get(after, "mu"), second: optax.tree.get(after, "nu")}
    return stepped, {"step": int(optax.tree.get(after, "count")), **moments}


def _step(optimiser, theta, grad, **state):
    """One step of an optimiser of optax whose state has these entries."""
    before = optimiser.init(theta)
    updates, after = optimiser.update(grad, optax.tree.set(before, **state) if state else before, theta)
    return optax.apply_updates(theta, updates), after
