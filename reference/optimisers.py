"""The update rules of the variants of stochastic gradient descent, and their forward error bounds.

Slide "Training an MLP - The SGD algorithm" names them and `torch.optim`; equations, names and the place of every eps
are those of `torch.optim`, the papers are cited. Each is one step: what it remembers from the steps before comes as
`state`, a dictionary of lists with one array for each parameter (all 0 before the first step) and, where the rule
counts them, the number of steps taken so far. Parameters, gradients and state are left as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

import numpy as np

from reference._validation import check_shape, float64_inside, real_array, real_number, whole_number
from reference.error_bounds import Arithmetic, gamma

__all__ = [
    "AdaGradState",
    "AdamState",
    "AdamaxState",
    "RMSpropState",
    "SGDState",
    "adagrad_step",
    "adagrad_step_bound",
    "adam_step",
    "adam_step_bound",
    "adamax_step",
    "adamax_step_bound",
    "rmsprop_step",
    "rmsprop_step_bound",
    "sgd_step",
    "sgd_step_bound",
]

FUNCTIONS = ("sgd_step", "adagrad_step", "rmsprop_step", "adam_step", "adamax_step")

Arrays = Sequence[np.ndarray]


class SGDState(TypedDict):
    """The velocity of each parameter."""

    momentum_buffer: list[np.ndarray]


class AdaGradState(TypedDict):
    """The sum of the squared gradients of each parameter."""

    sum: list[np.ndarray]


class RMSpropState(TypedDict):
    """The running mean of the squared gradients of each parameter."""

    square_avg: list[np.ndarray]


class AdamState(TypedDict):
    """The number of steps taken, and the running means of the gradients and of their squares."""

    step: int
    exp_avg: list[np.ndarray]
    exp_avg_sq: list[np.ndarray]


class AdamaxState(TypedDict):
    """The number of steps taken, the running mean of the gradients, and their decaying maximum."""

    step: int
    exp_avg: list[np.ndarray]
    exp_inf: list[np.ndarray]


@float64_inside
def sgd_step(
    theta: Arrays, grad: Arrays, state: SGDState, *, lr: float = 1e-3, momentum: float = 0.0
) -> tuple[list[np.ndarray], SGDState]:
    r"""Stochastic gradient descent with momentum: :math:`v' = \mu v + g,\; \theta' = \theta - lr\, v'`.

    theta, grad: arrays of any shapes, as many and of the same shapes; state: {"momentum_buffer": v, an array for each
    parameter}; lr: the learning rate; momentum: mu, 0 for plain descent. Returns the new parameters and the new state.
    Source: `torch.optim.SGD` with dampening 0 (Sutskever et al., *On the importance of initialization and momentum in
    deep learning*, 2013, whose v contains the learning rate).
    Raises ValueError for unequal numbers of arrays, unequal shapes, a key of state that is missing, and
    hyper-parameters out of their range.
    """
    lr, momentum = _not_negative("lr", lr), _not_negative("momentum", momentum)
    new_theta, new_v = [], []
    for p, g, v in _parameters(theta, grad, state, "momentum_buffer"):
        new_v.append(momentum * v + g)
        new_theta.append(p - lr * new_v[-1])
    return new_theta, {"momentum_buffer": new_v}


@float64_inside
def adagrad_step(
    theta: Arrays, grad: Arrays, state: AdaGradState, *, lr: float = 1e-2, eps: float = 1e-10
) -> tuple[list[np.ndarray], AdaGradState]:
    r"""AdaGrad: :math:`s' = s + g^2,\; \theta' = \theta - lr\, g / (\sqrt{s'} + \epsilon)`.

    state: {"sum": s, an array for each parameter}; eps > 0 stands outside the root; else as `sgd_step`.
    Source: `torch.optim.Adagrad` (Duchi, Hazan, Singer, *Adaptive subgradient methods*, JMLR 12, 2011).
    """
    lr, eps = _not_negative("lr", lr), _not_negative("eps", eps)
    new_theta, new_s = [], []
    for p, g, s in _parameters(theta, grad, state, "sum"):
        new_s.append(s + g**2)
        new_theta.append(p - lr * g / (np.sqrt(new_s[-1]) + eps))
    return new_theta, {"sum": new_s}


@float64_inside
def rmsprop_step(
    theta: Arrays, grad: Arrays, state: RMSpropState, *, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8
) -> tuple[list[np.ndarray], RMSpropState]:
    r"""RMSprop: :math:`v' = \alpha v + (1 - \alpha) g^2,\; \theta' = \theta - lr\, g / (\sqrt{v'} + \epsilon)`.

    state: {"square_avg": v, an array for each parameter}; alpha in [0, 1), what is kept of v; eps > 0 stands outside
    the root; else as `sgd_step`.
    Source: `torch.optim.RMSprop`, neither centred nor with momentum (Hinton, *Neural networks for machine learning*,
    lecture 6, 2012).
    """
    lr, alpha, eps = _not_negative("lr", lr), _decay("alpha", alpha), _not_negative("eps", eps)
    new_theta, new_v = [], []
    for p, g, v in _parameters(theta, grad, state, "square_avg"):
        new_v.append(alpha * v + (1 - alpha) * g**2)
        new_theta.append(p - lr * g / (np.sqrt(new_v[-1]) + eps))
    return new_theta, {"square_avg": new_v}


@float64_inside
def adam_step(
    theta: Arrays,
    grad: Arrays,
    state: AdamState,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[list[np.ndarray], AdamState]:
    r"""Adam: :math:`m' = \beta_1 m + (1 - \beta_1) g,\; v' = \beta_2 v + (1 - \beta_2) g^2,\; \theta' = \theta - lr
    \frac{m' / (1 - \beta_1^t)}{\sqrt{v' / (1 - \beta_2^t)} + \epsilon}` for the step number t = step + 1.

    state: {"step": the number of steps taken so far, "exp_avg": m, "exp_avg_sq": v, an array for each parameter};
    betas in [0, 1); eps > 0 stands outside the root; else as `sgd_step`. The new state's step is t.
    Source: `torch.optim.Adam` (Kingma, Ba, *Adam: a method for stochastic optimization*, 2015, algorithm 1).
    """
    lr, (beta1, beta2), eps = _not_negative("lr", lr), _two_decays(betas), _not_negative("eps", eps)
    t = whole_number("state['step']", _entry(state, "step"), 0) + 1
    new_theta, new_m, new_v = [], [], []
    for p, g, m, v in _parameters(theta, grad, state, "exp_avg", "exp_avg_sq"):
        new_m.append(beta1 * m + (1 - beta1) * g)
        new_v.append(beta2 * v + (1 - beta2) * g**2)
        m_hat, v_hat = new_m[-1] / (1 - beta1**t), new_v[-1] / (1 - beta2**t)
        new_theta.append(p - lr * m_hat / (np.sqrt(v_hat) + eps))
    return new_theta, {"step": t, "exp_avg": new_m, "exp_avg_sq": new_v}


@float64_inside
def adamax_step(
    theta: Arrays,
    grad: Arrays,
    state: AdamaxState,
    *,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[list[np.ndarray], AdamaxState]:
    r"""Adamax: :math:`m' = \beta_1 m + (1 - \beta_1) g,\; u' = \max(\beta_2 u, |g| + \epsilon),\; \theta' = \theta -
    \frac{lr}{1 - \beta_1^t} \frac{m'}{u'}` for the step number t = step + 1.

    state: {"step": the number of steps taken so far, "exp_avg": m, "exp_inf": u, an array for each parameter}; betas
    in [0, 1); eps > 0 is added to |g|; else as `sgd_step`. The new state's step is t.
    Source: `torch.optim.Adamax` (Kingma, Ba, *Adam: a method for stochastic optimization*, 2015, algorithm 2, which has
    no eps).
    """
    lr, (beta1, beta2), eps = _not_negative("lr", lr), _two_decays(betas), _not_negative("eps", eps)
    t = whole_number("state['step']", _entry(state, "step"), 0) + 1
    new_theta, new_m, new_u = [], [], []
    for p, g, m, u in _parameters(theta, grad, state, "exp_avg", "exp_inf"):
        new_m.append(beta1 * m + (1 - beta1) * g)
        new_u.append(np.maximum(beta2 * u, np.abs(g) + eps))
        new_theta.append(p - lr / (1 - beta1**t) * new_m[-1] / new_u[-1])
    return new_theta, {"step": t, "exp_avg": new_m, "exp_inf": new_u}


def _parameters(theta: Arrays, grad: Arrays, state: Mapping[str, Any], *keys: str) -> Iterable[tuple[np.ndarray, ...]]:
    """Each parameter with its gradient and its entries of the state, checked before the first is given."""
    beside = {"grad": grad} | {f"state[{key!r}]": _entry(state, key) for key in keys}
    for name, arrays in beside.items():
        if len(arrays) != len(theta):
            raise ValueError(f"{name}: got {len(arrays)} arrays, needs {len(theta)} (one for each of theta)")
    rows = []
    for i, parameter in enumerate(theta):
        row = [real_array(f"theta[{i}]", parameter)]
        for name, arrays in beside.items():
            row.append(real_array(f"{name}[{i}]", arrays[i]))
            check_shape(f"{name}[{i}]", row[-1], row[0].shape, f"the shape of theta[{i}]")
        rows.append(tuple(row))
    return rows


def _entry(state: Mapping[str, Any], key: str) -> Any:
    if key not in state:
        raise ValueError(f"state: got the keys {sorted(state)}, needs {key!r}")
    return state[key]


def _not_negative(name: str, value: object) -> float:
    number = real_number(name, value)
    if not number >= 0:
        raise ValueError(f"{name}: got {number}, needs a number of at least 0")
    return number


def _decay(name: str, value: object) -> float:
    number = real_number(name, value)
    if not 0 <= number < 1:
        raise ValueError(f"{name}: got {number}, needs a number in [0, 1)")
    return number


def _two_decays(betas: Sequence[float]) -> tuple[float, float]:
    if not isinstance(betas, (list, tuple)) or len(betas) != 2:
        raise ValueError(f"betas: got {betas!r}, needs two numbers")
    return _decay("betas[0]", betas[0]), _decay("betas[1]", betas[1])


class _Uncertain(NamedTuple):
    """An exact value and how far a computed one may be off."""

    value: np.ndarray
    error: np.ndarray

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
) -> tuple[list[np.ndarray], SGDState]:
    """v' is in error by gamma(2u)|mu v| + u|v'|; the step lr v' by lr times that and gamma(2u)|step|.

    Without momentum the velocity goes unused, and nothing is said of it.
    """
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    bounds, buffers = [], []
    for p, g, v in zip(theta, grad, state["momentum_buffer"], strict=True):
        exact = momentum * v + g
        error = gamma(2 * u) * np.abs(momentum * v) + momentum * arithmetic.flushed(v) + arithmetic.flushed(g) + 2 * w
        velocity = _Uncertain(exact, error + u * (np.abs(exact) + error))
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
) -> tuple[list[np.ndarray], AdaGradState]:
    """s' is in error by gamma(2u)s'; then as `_quotient_step`."""
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    bounds, sums = [], []
    for p, g, s in zip(theta, grad, state["sum"], strict=True):
        exact = s + g**2
        total = _Uncertain(exact, gamma(2 * u) * exact + arithmetic.flushed(s) + 2 * w)
        root = _root_plus_eps(total, 1.0, 0.0, eps, arithmetic)
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
) -> tuple[list[np.ndarray], RMSpropState]:
    """v' is in error as `_running_mean` says of the squares; then as `_quotient_step`."""
    bounds, means = [], []
    for p, g, v in zip(theta, grad, state["square_avg"], strict=True):
        mean = _running_mean(alpha, v, g, arithmetic, squared=True)
        root = _root_plus_eps(mean, 1.0, 0.0, eps, arithmetic)
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
) -> tuple[list[np.ndarray], AdamState]:
    """m' and v' are in error as `_running_mean` says, the bias corrections as `_correction`; then `_quotient_step`."""
    t = state["step"] + 1
    (c1, k1), (c2, k2) = (_correction(beta, t) for beta in betas)
    bounds, means, squares = [], [], []
    for p, g, m, v in zip(theta, grad, state["exp_avg"], state["exp_avg_sq"], strict=True):
        mean = _running_mean(betas[0], m, g, arithmetic)
        square = _running_mean(betas[1], v, g, arithmetic, squared=True)
        root = _root_plus_eps(square, c2, k2, eps, arithmetic)
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
) -> tuple[list[np.ndarray], AdamaxState]:
    """m' is in error as `_running_mean` says, u' by gamma(2u)u' + 3w; the rest as in `adam_step_bound`."""
    c1, k1 = _correction(betas[0], state["step"] + 1)
    bounds, means, maxima = [], [], []
    for p, g, m, u in zip(theta, grad, state["exp_avg"], state["exp_inf"], strict=True):
        mean = _running_mean(betas[0], m, g, arithmetic)
        exact = np.maximum(betas[1] * u, np.abs(g) + eps)
        flushed = np.maximum(arithmetic.flushed(u), arithmetic.flushed(g))
        maximum = _Uncertain(exact, gamma(2 * arithmetic.unit_roundoff) * exact + flushed + 3 * arithmetic.smallest)
        step = _quotient_step(lr / c1, k1, mean, maximum, arithmetic)
        bounds.append(_subtracted(p, step, maximum.most, arithmetic))
        means.append(mean.error)
        maxima.append(arithmetic.within_range(exact, maximum.error))
    return bounds, {"step": 0, "exp_avg": means, "exp_inf": maxima}


def _running_mean(
    beta: float, mean: np.ndarray, g: np.ndarray, arithmetic: Arithmetic, squared: bool = False
) -> _Uncertain:
    """gamma(3u)(beta|m| + (1 - beta)(|x| + |m|)) + u|m'| + 3w, for x = g, however it is put together.

    As beta m + (1 - beta) x there are two roundings in each product and one in the sum; m + (1 - beta)(x - m) has
    three in the second term, whose magnitude is the larger one. For x = g^2 one rounding more, and (1 - beta) g may
    underflow before it meets the second g.
    """
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    x, roundings, lost = (g**2, 4, (5 + np.abs(g)) * w) if squared else (g, 3, 3 * w + arithmetic.flushed(g))
    exact = beta * mean + (1 - beta) * x
    magnitude = beta * np.abs(mean) + (1 - beta) * (np.abs(x) + np.abs(mean))
    error = gamma(roundings * u) * magnitude + arithmetic.flushed(mean) + lost
    return _Uncertain(exact, error + u * (np.abs(exact) + error))


def _correction(beta: float, t: int) -> tuple[float, float]:
    """1 - beta^t, and its relative error beside its own rounding: max(t - 1, 2) beta^t 2^-53/(1 - beta^t) from t = 2.

    The power is one of Python's floats whatever the arrays' dtype, good to an ulp, or the product of t factors.
    """
    power = beta**t
    return 1 - power, max(t - 1, 2) * power * 2.0**-53 / (1 - power) if t > 1 else 0.0


def _root_plus_eps(square: _Uncertain, c: float, k: float, eps: float, arithmetic: Arithmetic) -> _Uncertain:
    """sqrt(v/c) + eps for v within E: E/(sqrt v + sqrt(v - E)) from the argument, at most sqrt E; then the roundings.

    Those of sqrt(v)/sqrt(c) sum to 3.5u + k/2 (root, conversion of c, its root, quotient), of sqrt(v/c) to less.
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
    """scale n/d for n within E_n and d within E_d: scale (E_n + |n| E_d/d)/(d - E_d), and the roundings.

    These sum to 5u + k: of the learning rate and the bias correction (k beside its rounding), their quotient, the
    product and the quotient by d. Any of the intermediate results may underflow.
    """
    n, d = numerator, denominator
    least = np.maximum(d.value - d.error, 0.0)
    inherited = scale * (n.error + np.abs(n.value) * d.error / d.value) / least
    rounding = gamma(5 * arithmetic.unit_roundoff + k) * scale * n.most / least
    underflow = (1 + scale + (1 + scale) / least) * arithmetic.smallest
    return _Uncertain(scale * n.value / d.value, inherited + rounding + underflow)


def _subtracted(p: np.ndarray, step: _Uncertain, intermediate: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """E + u(|theta| + |step| + E) + 2w: the bound of theta - step; infinite where an intermediate result overflows."""
    magnitude = np.abs(p) + step.most
    bound = step.error + arithmetic.unit_roundoff * magnitude + 2 * arithmetic.smallest + arithmetic.flushed(p)
    return arithmetic.within_range(np.maximum(magnitude, intermediate), bound)
