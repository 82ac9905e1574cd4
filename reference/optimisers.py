"""The update rules of the variants of stochastic gradient descent; their bounds are in `optimiser_bounds`.

Slide "Training an MLP - The SGD algorithm" names the rules and `torch.optim`. Equations, names and, unless `eps_place`
says otherwise, the place of every eps are those of `torch.optim`; the docstrings cite the papers. `EPS_PLACES` says who
puts eps elsewhere. A function computes one step. Its `state` is what the
earlier steps leave behind: a dictionary of lists with one array for each parameter (all 0 before the first step), and
the number of steps taken so far if the rule counts them. A step does not change parameters, gradients or state.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from reference._validation import check_shape, each_in_its_dtype, real_array, real_number, whole_number

__all__ = [
    "EPS_PLACES",
    "AdaGradState",
    "AdamState",
    "AdamaxState",
    "RMSpropState",
    "SGDState",
    "adagrad_step",
    "adam_step",
    "adamax_step",
    "rmsprop_step",
    "sgd_step",
]

EPS_PLACES = {
    "adagrad_step": ("outside", "inside", "none"),
    "rmsprop_step": ("outside", "inside", "none"),
    "adam_step": ("outside", "inside", "uncorrected"),
    "adamax_step": ("inside", "outside", "none"),
}
"""Where a rule's eps may stand; the first one is the place in `torch.optim`.

AdaGrad and RMSprop, s the (mean) sum of squares: "outside" is g / (sqrt(s) + eps), as in `torch.optim`; "inside" is
g / sqrt(s + eps), as in Keras 3 (`adagrad.py`, `rmsprop.py`) and optax (`scale_by_rss`, `scale_by_rms` with
`eps_in_sqrt`); "none" is g / sqrt(s).
Adam: "outside" is m^ / (sqrt(v^) + eps), as in `torch.optim`, optax's `eps` and the paper's algorithm 1; "inside" is
m^ / sqrt(v^ + eps), optax's `eps_root`; "uncorrected" is eps beside the root of the v that is not corrected, the form
at the end of the paper's section 2 and in Keras 3 (`adam.py`): m^ / (sqrt(v^) + eps / sqrt(1 - beta_2^t)).
Adamax: "inside" is u' = max(beta_2 u, |g| + eps), as in `torch.optim` and optax; "outside" is m / (u + eps), as in
Keras 3 (`adamax.py`); "none" is m / u, the paper's algorithm 2.
"""

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


@each_in_its_dtype
def sgd_step(
    theta: Arrays, grad: Arrays, state: SGDState, *, lr: float = 1e-3, momentum: float = 0.0
) -> tuple[list[np.ndarray], SGDState]:
    r"""Stochastic gradient descent with momentum: :math:`v' = \mu v + g,\; \theta' = \theta - lr\, v'`.

    theta: the parameters, arrays of any shapes; grad: as many arrays of the same shapes; state: {"momentum_buffer": v},
    an array for each parameter; lr: the learning rate; momentum: mu, 0 for plain descent. Returns the new parameters
    and the new state.
    Source: `torch.optim.SGD` with dampening 0 (Sutskever et al., *On the importance of initialization and momentum in
    deep learning*, 2013, whose v contains the learning rate).
    Raises ValueError for unequal numbers of arrays, unequal shapes, a missing key of state, and hyper-parameters out of
    their range.

    >>> sgd_step([np.array([1.0])], [np.array([2.0])], {"momentum_buffer": [np.array([4.0])]}, lr=0.5, momentum=0.5)
    ([array([-1.])], {'momentum_buffer': [array([4.])]})
    """
    lr, momentum = _not_negative("lr", lr), _not_negative("momentum", momentum)
    new_theta, new_v = [], []
    for p, g, v in _parameters(theta, grad, state, "momentum_buffer"):
        new_v.append(momentum * v + g)
        new_theta.append(p - lr * new_v[-1])
    return new_theta, {"momentum_buffer": new_v}


@each_in_its_dtype
def adagrad_step(
    theta: Arrays,
    grad: Arrays,
    state: AdaGradState,
    *,
    lr: float = 1e-2,
    eps: float = 1e-10,
    eps_place: str = "outside",
) -> tuple[list[np.ndarray], AdaGradState]:
    r"""AdaGrad: :math:`s' = s + g^2,\; \theta' = \theta - lr\, g / (\sqrt{s'} + \epsilon)`.

    state: {"sum": s}, an array for each parameter; eps > 0 stands outside the root, or where eps_place says; else as
    `sgd_step`.
    Source: `torch.optim.Adagrad` (Duchi, Hazan, Singer, *Adaptive subgradient methods*, JMLR 12, 2011).

    >>> adagrad_step([np.array([1.0])], [np.array([3.0])], {"sum": [np.array([16.0])]}, lr=0.5, eps=0.0)
    ([array([0.7])], {'sum': [array([25.])]})
    """
    lr, eps, place = _not_negative("lr", lr), _not_negative("eps", eps), _place("adagrad_step", eps_place)
    new_theta, new_s = [], []
    for p, g, s in _parameters(theta, grad, state, "sum"):
        new_s.append(s + g**2)
        new_theta.append(p - lr * g / _root(new_s[-1], eps, place))
    return new_theta, {"sum": new_s}


@each_in_its_dtype
def rmsprop_step(
    theta: Arrays,
    grad: Arrays,
    state: RMSpropState,
    *,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    eps_place: str = "outside",
) -> tuple[list[np.ndarray], RMSpropState]:
    r"""RMSprop: :math:`v' = \alpha v + (1 - \alpha) g^2,\; \theta' = \theta - lr\, g / (\sqrt{v'} + \epsilon)`.

    state: {"square_avg": v}, an array for each parameter; alpha in [0, 1): the share of v that is kept; eps > 0 stands
    outside the root, or where eps_place says; else as `sgd_step`.
    Source: `torch.optim.RMSprop`, not centred and without momentum (Hinton, *Neural networks for machine learning*,
    lecture 6, 2012).

    >>> state = {"square_avg": [np.array([0.0])]}
    >>> rmsprop_step([np.array([1.0])], [np.array([4.0])], state, lr=0.5, alpha=0.75, eps=0.0)
    ([array([0.])], {'square_avg': [array([4.])]})
    """
    lr, alpha, eps = _not_negative("lr", lr), _decay("alpha", alpha), _not_negative("eps", eps)
    place = _place("rmsprop_step", eps_place)
    new_theta, new_v = [], []
    for p, g, v in _parameters(theta, grad, state, "square_avg"):
        new_v.append(alpha * v + (1 - alpha) * g**2)
        new_theta.append(p - lr * g / _root(new_v[-1], eps, place))
    return new_theta, {"square_avg": new_v}


@each_in_its_dtype
def adam_step(
    theta: Arrays,
    grad: Arrays,
    state: AdamState,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    eps_place: str = "outside",
) -> tuple[list[np.ndarray], AdamState]:
    r"""Adam: :math:`m' = \beta_1 m + (1 - \beta_1) g,\; v' = \beta_2 v + (1 - \beta_2) g^2,\; \theta' = \theta - lr
    \frac{m' / (1 - \beta_1^t)}{\sqrt{v' / (1 - \beta_2^t)} + \epsilon}` for the step number t = step + 1.

    state: {"step": the number of steps taken so far, "exp_avg": m, "exp_avg_sq": v}, m and v an array for each
    parameter; betas in [0, 1); eps > 0 stands outside the root, or where eps_place says; else as `sgd_step`. The step
    of the new state is t.
    Source: `torch.optim.Adam` (Kingma, Ba, *Adam: a method for stochastic optimization*, 2015, algorithm 1).

    >>> state = {"step": 0, "exp_avg": [np.array([0.0])], "exp_avg_sq": [np.array([0.0])]}
    >>> adam_step([np.array([1.0])], [np.array([4.0])], state, lr=0.5, betas=(0.5, 0.75), eps=0.0)
    ([array([0.5])], {'step': 1, 'exp_avg': [array([2.])], 'exp_avg_sq': [array([4.])]})
    """
    lr, (beta1, beta2), eps = _not_negative("lr", lr), _two_decays(betas), _not_negative("eps", eps)
    t, place = whole_number("state['step']", _entry(state, "step"), 0) + 1, _place("adam_step", eps_place)
    if place == "uncorrected":
        eps = eps / np.sqrt(1 - beta2**t)
    new_theta, new_m, new_v = [], [], []
    for p, g, m, v in _parameters(theta, grad, state, "exp_avg", "exp_avg_sq"):
        new_m.append(beta1 * m + (1 - beta1) * g)
        new_v.append(beta2 * v + (1 - beta2) * g**2)
        m_hat, v_hat = new_m[-1] / (1 - beta1**t), new_v[-1] / (1 - beta2**t)
        new_theta.append(p - lr * m_hat / _root(v_hat, eps, place))
    return new_theta, {"step": t, "exp_avg": new_m, "exp_avg_sq": new_v}


@each_in_its_dtype
def adamax_step(
    theta: Arrays,
    grad: Arrays,
    state: AdamaxState,
    *,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    eps_place: str = "inside",
) -> tuple[list[np.ndarray], AdamaxState]:
    r"""Adamax: :math:`m' = \beta_1 m + (1 - \beta_1) g,\; u' = \max(\beta_2 u, |g| + \epsilon),\; \theta' = \theta -
    \frac{lr}{1 - \beta_1^t} \frac{m'}{u'}` for the step number t = step + 1.

    state: {"step": the number of steps taken so far, "exp_avg": m, "exp_inf": u}, m and u an array for each parameter;
    betas in [0, 1); eps > 0 is added to |g|, or stands where eps_place says; else as `sgd_step`. The step of the new
    state is t.
    Source: `torch.optim.Adamax` (Kingma, Ba, *Adam: a method for stochastic optimization*, 2015, algorithm 2, which has
    no eps).

    >>> state = {"step": 0, "exp_avg": [np.array([0.0])], "exp_inf": [np.array([8.0])]}
    >>> adamax_step([np.array([1.0])], [np.array([3.0])], state, lr=0.5, betas=(0.5, 0.5), eps=0.0)
    ([array([0.625])], {'step': 1, 'exp_avg': [array([1.5])], 'exp_inf': [array([4.])]})
    """
    lr, (beta1, beta2), eps = _not_negative("lr", lr), _two_decays(betas), _not_negative("eps", eps)
    t, place = whole_number("state['step']", _entry(state, "step"), 0) + 1, _place("adamax_step", eps_place)
    beside_g, beside_u = (eps if place == where else 0.0 for where in ("inside", "outside"))
    new_theta, new_m, new_u = [], [], []
    for p, g, m, u in _parameters(theta, grad, state, "exp_avg", "exp_inf"):
        new_m.append(beta1 * m + (1 - beta1) * g)
        new_u.append(np.maximum(beta2 * u, np.abs(g) + beside_g))
        new_theta.append(p - lr / (1 - beta1**t) * new_m[-1] / (new_u[-1] + beside_u))
    return new_theta, {"step": t, "exp_avg": new_m, "exp_inf": new_u}


def _root(square: np.ndarray, eps: float, place: str) -> np.ndarray:
    """The denominator: eps inside the root, or beside it, or nowhere."""
    if place == "inside":
        return np.asarray(np.sqrt(square + eps))
    return np.asarray(np.sqrt(square) + (0.0 if place == "none" else eps))


def _place(rule: str, place: object) -> str:
    if place not in EPS_PLACES[rule]:
        raise ValueError(f"eps_place: got {place!r}, needs one of {', '.join(EPS_PLACES[rule])}")
    return str(place)


def _parameters(theta: Arrays, grad: Arrays, state: Mapping[str, Any], *keys: str) -> Iterable[tuple[np.ndarray, ...]]:
    """Each parameter with its gradient and its entries of the state, all checked."""
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
