"""The forward error bounds of the optimisers' steps: of the new parameters and of each entry of the new state.

A bound NAME_bound takes the arguments of the step NAME and an `Arithmetic`, and has the structure of the step's result;
the step number, an integer, has the bound 0. error: how far theta and state may be off themselves, in the same
structure, where they are results of earlier steps.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reference.arithmetic import Arithmetic, gamma
from reference.optimisers import AdaGradState, AdamaxState, AdamState, Arrays, RMSpropState, SGDState

__all__ = ["adagrad_step_bound", "adam_step_bound", "adamax_step_bound", "rmsprop_step_bound", "sgd_step_bound"]


class _Uncertain(NamedTuple):
    """An exact value and the largest error of a computed one."""

    value: np.ndarray
    error: Any

    @property
    def most(self) -> np.ndarray:
        return np.abs(self.value) + self.error


@np.errstate(all="ignore")
def sgd_step_bound(
    theta: Arrays,
    grad: Arrays,
    state: SGDState,
    arithmetic: Arithmetic,
    *,
    lr: float = 1e-3,
    momentum: float = 0.0,
    error: Any = None,
) -> tuple[list[np.ndarray], SGDState]:
    """v' has the error gamma(2u)|mu v| + u|v'|, and the step lr v' has lr times that error plus gamma(2u)|step|.

    Without momentum the velocity is not used, and its bound is infinite.
    """
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    bounds, buffers = [], []
    for p, g, v in _with_errors(theta, grad, state, error, "momentum_buffer"):
        exact = momentum * v.value + g
        before = gamma(2 * u) * momentum * v.most + momentum * arithmetic.flushed(v.value) + arithmetic.flushed(g)
        before += 2 * w + (momentum * v.error if momentum else 0.0)
        velocity = _Uncertain(exact, before + u * (np.abs(exact) + before))
        step = _Uncertain(lr * exact, lr * velocity.error + gamma(2 * u) * lr * velocity.most + w)
        bounds.append(_subtracted(p, step, velocity.most, arithmetic))
        unused = np.full_like(exact, np.inf)
        buffers.append(arithmetic.within_range(np.abs(exact), velocity.error) if momentum else unused)
    return bounds, {"momentum_buffer": buffers}


@np.errstate(all="ignore")
def adagrad_step_bound(
    theta: Arrays,
    grad: Arrays,
    state: AdaGradState,
    arithmetic: Arithmetic,
    *,
    lr: float = 1e-2,
    eps: float = 1e-10,
    eps_place: str = "outside",
    error: Any = None,
) -> tuple[list[np.ndarray], AdaGradState]:
    """s' has the error gamma(2u)s'; `_quotient_step` gives the error of the step."""
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    bounds, sums = [], []
    for p, g, s in _with_errors(theta, grad, state, error, "sum"):
        exact = s.value + g**2
        inherited = s.error + arithmetic.flushed(s.value) + 2 * w
        total = _Uncertain(exact, gamma(2 * u) * (exact + s.error) + inherited)
        root = _root_with_eps(total, 1.0, 0.0, eps, eps_place, arithmetic)
        step = _quotient_step(lr, 0.0, _Uncertain(g, arithmetic.flushed(g)), root, arithmetic)
        bounds.append(_subtracted(p, step, total.most, arithmetic))
        sums.append(arithmetic.within_range(exact, total.error))
    return bounds, {"sum": sums}


@np.errstate(all="ignore")
def rmsprop_step_bound(
    theta: Arrays,
    grad: Arrays,
    state: RMSpropState,
    arithmetic: Arithmetic,
    *,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    eps_place: str = "outside",
    error: Any = None,
) -> tuple[list[np.ndarray], RMSpropState]:
    """`_running_mean` gives the error of v', `_quotient_step` the error of the step."""
    bounds, means = [], []
    for p, g, v in _with_errors(theta, grad, state, error, "square_avg"):
        mean = _running_mean(alpha, v, g, arithmetic, squared=True)
        root = _root_with_eps(mean, 1.0, 0.0, eps, eps_place, arithmetic)
        step = _quotient_step(lr, 0.0, _Uncertain(g, arithmetic.flushed(g)), root, arithmetic)
        bounds.append(_subtracted(p, step, g**2 + mean.most, arithmetic))
        means.append(arithmetic.within_range(g**2 + mean.value, mean.error))
    return bounds, {"square_avg": means}


@np.errstate(all="ignore")
def adam_step_bound(
    theta: Arrays,
    grad: Arrays,
    state: AdamState,
    arithmetic: Arithmetic,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    eps_place: str = "outside",
    error: Any = None,
) -> tuple[list[np.ndarray], AdamState]:
    """The errors of m' and v' by `_running_mean`, of the bias corrections by `_correction`, of the step by
    `_quotient_step`.
    """
    t = state["step"] + 1
    (c1, k1), (c2, k2) = (_correction(beta, t, arithmetic) for beta in betas)
    if eps_place == "uncorrected":
        eps = eps / np.sqrt(c2)
    bounds, means, squares = [], [], []
    for p, g, m, v in _with_errors(theta, grad, state, error, "exp_avg", "exp_avg_sq"):
        mean = _running_mean(betas[0], m, g, arithmetic)
        square = _running_mean(betas[1], v, g, arithmetic, squared=True)
        root = _root_with_eps(square, c2, k2, eps, eps_place, arithmetic)
        step = _quotient_step(lr / c1, k1, mean, root, arithmetic)
        bounds.append(_subtracted(p, step, g**2 + square.most / c2, arithmetic))
        means.append(mean.error)
        squares.append(arithmetic.within_range(g**2 + square.value, square.error))
    return bounds, {"step": 0, "exp_avg": means, "exp_avg_sq": squares}


@np.errstate(all="ignore")
def adamax_step_bound(
    theta: Arrays,
    grad: Arrays,
    state: AdamaxState,
    arithmetic: Arithmetic,
    *,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    eps_place: str = "inside",
    error: Any = None,
) -> tuple[list[np.ndarray], AdamaxState]:
    """The error of m' by `_running_mean`, gamma(2u)u' + 3w for u', u(u' + 2 eps) more for an eps beside it; the rest as
    in `adam_step_bound`.
    """
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    beside_g, beside_u = (eps if eps_place == where else 0.0 for where in ("inside", "outside"))
    c1, k1 = _correction(betas[0], state["step"] + 1, arithmetic)
    bounds, means, maxima = [], [], []
    for p, g, m, old in _with_errors(theta, grad, state, error, "exp_avg", "exp_inf"):
        mean = _running_mean(betas[0], m, g, arithmetic)
        exact = np.maximum(betas[1] * old.value, np.abs(g) + beside_g)
        inherited = np.maximum(arithmetic.flushed(old.value), arithmetic.flushed(g)) + betas[1] * old.error
        maximum = _Uncertain(exact, gamma(2 * u) * (exact + old.error) + inherited + 3 * w)
        below = exact + beside_u, maximum.error + bool(beside_u) * (u * (exact + maximum.error + 2 * beside_u) + w)
        step = _quotient_step(lr / c1, k1, mean, _Uncertain(*below), arithmetic)
        bounds.append(_subtracted(p, step, maximum.most, arithmetic))
        means.append(mean.error)
        maxima.append(arithmetic.within_range(exact, maximum.error))
    return bounds, {"step": 0, "exp_avg": means, "exp_inf": maxima}


def _with_errors(theta: Arrays, grad: Arrays, state: Any, error: Any, *keys: str) -> Iterator[Any]:
    """Each parameter, its gradient and its entries of the state, which are off by the errors, or by nothing."""
    off, of_state = error if error is not None else ([0.0] * len(theta), {key: [0.0] * len(theta) for key in keys})
    for i, (p, g) in enumerate(zip(theta, grad, strict=True)):
        yield _Uncertain(p, off[i]), g, *(_Uncertain(state[key][i], of_state[key][i]) for key in keys)


def _running_mean(
    beta: float, mean: _Uncertain, g: np.ndarray, arithmetic: Arithmetic, squared: bool = False
) -> _Uncertain:
    """beta E_m + gamma(3u)(beta|m| + (1 - beta)(|x| + |m|)) + u|m'| + 3w for x = g, in both usual forms.

    beta m + (1 - beta) x has two roundings in each product and one in the sum; m + (1 - beta)(x - m) has three in the
    second term, which is the larger one. x = g^2 has one more rounding, and (1 - beta) g may underflow before it is
    multiplied by the second g. Where beta is rounded to the dtype, the two weights are off by u beta.
    """
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    x, roundings, lost = (g**2, 4, (5 + np.abs(g)) * w) if squared else (g, 3, 3 * w + arithmetic.flushed(g))
    exact = beta * mean.value + (1 - beta) * x
    magnitude = beta * mean.most + (1 - beta) * (np.abs(x) + mean.most)
    error = beta * mean.error + gamma(roundings * u) * magnitude + arithmetic.flushed(mean.value) + lost
    error += _rounding_of_constants(arithmetic) * beta * (np.abs(x) + mean.most)
    return _Uncertain(exact, error + u * (np.abs(exact) + error))


def _correction(beta: float, t: int, arithmetic: Arithmetic) -> tuple[float, float]:
    """1 - beta^t, and its relative error beside its own rounding: max(t - 1, 2) beta^t 2^-53/(1 - beta^t) from t = 2.

    The power is a Python float for arrays of any dtype: accurate to an ulp, or a product of t factors. Where beta is
    rounded to the dtype, t roundings of it and max(t - 1, 2) of the power are of the dtype.
    """
    power, u = beta**t, _rounding_of_constants(arithmetic)
    in_double = max(t - 1, 2) * 2.0**-53 if t > 1 else 0.0
    return 1 - power, float(gamma(min(in_double + (t + max(t - 1, 2)) * u, 0.5)) * power / (1 - power))


def _rounding_of_constants(arithmetic: Arithmetic) -> float:
    """The unit roundoff of the numbers that are made of a decay: of float64, which counts as nothing here.

    At the textbook level the formula may be written plainly in a narrower dtype, decays and all; beyond it 1 - beta is
    to be as accurate as the gradients are.
    """
    u = arithmetic.unit_roundoff
    return u if arithmetic.eps and u > 2.0**-53 else 0.0


def _root_with_eps(
    square: _Uncertain, c: float, k: float, eps: float, place: str, arithmetic: Arithmetic
) -> _Uncertain:
    """The denominator: `_root_plus_eps` with eps beside the root, or nowhere.

    Inside it stands v/c + eps, of the error E/c + gamma(2u + k)(v + E)/c + u eps + u(v/c + eps) + 2w: the quotient, the
    conversion of c, its own error, the conversion of eps, the sum.
    """
    if place != "inside":
        return _root_plus_eps(square, c, k, 0.0 if place == "none" else eps, arithmetic)
    u = arithmetic.unit_roundoff
    exact = square.value / c + eps
    before = (square.error + gamma(2 * u + k) * square.most) / c + u * eps + 2 * arithmetic.smallest
    return _root_plus_eps(_Uncertain(exact, before + u * (exact + before)), 1.0, 0.0, 0.0, arithmetic)


def _root_plus_eps(square: _Uncertain, c: float, k: float, eps: float, arithmetic: Arithmetic) -> _Uncertain:
    """sqrt(v/c) + eps for v with the error E: E/(sqrt v + sqrt(v - E)), at most sqrt E, plus the roundings.

    The roundings of sqrt(v)/sqrt(c) sum to 3.5u + k/2 (root, conversion of c, its root, quotient); sqrt(v/c) has fewer.
    """
    u, (v, error) = arithmetic.unit_roundoff, square
    root = np.sqrt(v)
    inherited = np.where(v > error, error / (root + np.sqrt(np.maximum(v - error, 0))), np.sqrt(error))
    scaled = (inherited + gamma(3.5 * u + k / 2) * (root + inherited)) / np.sqrt(c)
    exact = root / np.sqrt(c) + eps
    before = scaled + u * eps + 2 * arithmetic.smallest
    return _Uncertain(exact, before + u * (exact + before))


def _quotient_step(
    scale: float, k: float, numerator: _Uncertain, denominator: _Uncertain, arithmetic: Arithmetic
) -> _Uncertain:
    """scale n/d for n with the error E_n and d with the error E_d: scale (E_n + |n| E_d/d)/(d - E_d), plus roundings.

    The roundings sum to 5u + k: the learning rate, the bias correction (and its error k), their quotient, the product,
    and the quotient by d. Each intermediate result may underflow.
    """
    n, d = numerator, denominator
    least = np.maximum(d.value - d.error, 0.0)
    inherited = scale * (n.error + np.abs(n.value) * d.error / d.value) / least
    rounding = gamma(5 * arithmetic.unit_roundoff + k) * scale * n.most / least
    underflow = (1 + scale + (1 + scale) / least) * arithmetic.smallest
    return _Uncertain(scale * n.value / d.value, inherited + rounding + underflow)


def _subtracted(p: _Uncertain, step: _Uncertain, intermediate: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """E + u(|theta| + |step| + E) + 2w, the bound of theta - step; infinite where an intermediate result overflows.

    Infinite as well where nothing is sure: a denominator that may be 0.
    """
    magnitude = p.most + step.most
    lost = 2 * arithmetic.smallest + arithmetic.flushed(p.value)
    bound = p.error + step.error + arithmetic.unit_roundoff * magnitude + lost
    magnitude, bound = (np.where(np.isnan(one), np.inf, one) for one in (magnitude, bound))
    return arithmetic.within_range(np.maximum(magnitude, intermediate), bound)
