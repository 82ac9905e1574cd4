"""Right steps of gradient descent."""

import importlib.util

import numpy as np

from tests.mistakes.networks import floating, refuse_unless
from tests.selftest.right_variants.registry import variant, variants


@variant("gradient_descent_step", "textbook")
def loop(theta, grad, alpha):
    stepped = []
    for i in range(len(theta)):
        stepped.append(theta[i] - alpha * grad[i])
    return stepped


@variant("gradient_descent_step", "textbook")
def tuple_of_arrays(theta, grad, alpha):
    return tuple(p - g * alpha for p, g in zip(theta, grad, strict=True))


@variant("gradient_descent_step", "textbook")
def copies_moved_in_place(theta, grad, alpha):
    stepped = [p.copy() for p in theta]
    for p, g in zip(stepped, grad, strict=True):
        p -= alpha * g
    return stepped


@variant("gradient_descent_step", "textbook")
def minus_alpha_added(theta, grad, alpha):
    return [p + -alpha * g for p, g in zip(theta, grad, strict=True)]


@variant("gradient_descent_step", "textbook")
def negative_product_added(theta, grad, alpha):
    return [-(alpha * g - p) for p, g in zip(theta, grad, strict=True)]


@variant("gradient_descent_step", "textbook")
def all_parameters_in_one_vector(theta, grad, alpha):
    flat = np.concatenate([p.ravel() for p in theta]) - alpha * np.concatenate([g.ravel() for g in grad])
    parts = np.split(flat, np.cumsum([p.size for p in theta])[:-1])
    return [part.reshape(p.shape) for part, p in zip(parts, theta, strict=True)]


@variant("gradient_descent_step", "textbook")
def element_by_element(theta, grad, alpha):
    stepped = [np.empty_like(p) for p in theta]
    for p, g, new in zip(theta, grad, stepped, strict=True):
        for index in np.ndindex(p.shape):
            new[index] = p[index] - alpha * g[index]
    return stepped


def _checked(move):
    """A step by ``move`` of parameters and gradients that fit, integers promoted."""

    def step(theta, grad, alpha):
        refuse_unless([p.shape for p in theta] == [g.shape for g in grad])
        return [move(*floating(p, g), alpha) for p, g in zip(theta, grad, strict=True)]

    return {"gradient_descent_step": step}


def _fused(p, g, alpha):
    """The product and the difference rounded together, as a fused multiply-add rounds them."""
    return (p.astype(np.longdouble) - alpha * g.astype(np.longdouble)).astype(p.dtype)


MOVES = {
    "checked": lambda p, g, alpha: p - alpha * g,
    "alpha in the parameters' dtype": lambda p, g, alpha: p - p.dtype.type(alpha) * g,
    "into a fresh buffer": lambda p, g, alpha: np.subtract(p, np.multiply(g, alpha), out=np.empty_like(p)),
    "in float64 whatever the dtype": lambda p, g, alpha: (p.astype(np.float64) - alpha * g).astype(p.dtype),
    "a fused multiply-add": _fused,
}
for _name, _move in MOVES.items():
    variants(f"gradient_descent_step: {_name}", "robust", lambda move=_move: _checked(move))


@variant("gradient_descent_step", "robust")
def refuses_nan(theta, grad, alpha):
    refuse_unless([p.shape for p in theta] == [g.shape for g in grad] and not any(np.isnan(g).any() for g in grad))
    return [p - alpha * g for p, g in (floating(p, g) for p, g in zip(theta, grad, strict=True))]


if importlib.util.find_spec("sklearn"):

    @variant("gradient_descent_step", "textbook")
    def scikit_learn(theta, grad, alpha):
        from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

        stepped = [p.copy() for p in theta]
        SGDOptimizer(stepped, learning_rate_init=alpha, momentum=0.0, nesterov=False).update_params(stepped, grad)
        return stepped
