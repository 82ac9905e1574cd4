"""What descent steps and optimisers are checked on: parameters, their gradients, a state of any past, and rates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import ArrayLike

from tests.harness.drawing.strategies.arrays import Shape, one_of_each
from tests.harness.drawing.strategies.asked_lengths import Lengths, take_turns
from tests.harness.drawing.strategies.networks import Pool, in_dtype, large_integers, many_magnitudes, small_numbers
from tests.harness.drawing.strategies.palettes import Palette, palette
from tests.harness.drawing.strategies.recipes import recipe
from tests.harness.spec.dtypes import FLOAT64, FLOATS, INTEGERS, Draw, Drawing, drawn

Update = dict[str, Any]
"""All that a step of an optimiser takes, whatever its rule, and ``because``: why it is asked, if there is a reason."""

PARAMETERS = (
    ((2,),),
    ((2, 1), (2,)),
    ((3,), (3,), (3,)),
    ((2, 3), (2,), (1, 2), (1,)),
    ((2, 2), (2,), (2, 2), (2,)),
    ((1,), (4, 1), (1, 4), (4,)),
)
"""The shapes of sequences of parameters; where they are equal nothing but their order tells them apart."""
OTHER_PARAMETERS = (
    ((2, 1, 2, 1), (0,)),
    ((0,), (2, 1, 2)),
    ((2, 0), (3,)),
    ((), (2,)),
    ((2, 1, 3), (2,)),
    ((1, 2, 1, 2), (), (0,)),
)
"""Parameters without axes, without elements, and with more than two axes, beside others."""

TINY_EPS = 1e-30
"""So small that wherever a rule puts it, no gradient of everyday size shows it."""
_EPS = (1e-8, 0.01)

_LARGE = np.outer([5.5, 10, 47.3, 100, 999.9, 1000, 9876.5, 10000], [1, -1]).ravel()
_EVERYDAY = np.outer(np.arange(1, 33) / 10, [1, -1]).ravel()


@palette
def gradients(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Numbers from 0.1 to ten thousand in size: an eps does not show beside them, and a clip that nobody asked does."""
    return [(2, [1, -1, 2, -2, 3, -3]), (2, _EVERYDAY), (2, _LARGE)]


@palette
def gradients_or_none(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The same with 0, where the eps alone is left in a denominator."""
    return [(2, [0]), (2, _EVERYDAY), (1, _LARGE)]


@drawn
def descents(
    draw: Draw, dtypes: Sequence[str] = FLOAT64, parameters: Sequence[Sequence[Shape]] = PARAMETERS
) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    """theta, grad and alpha, as ``gradient_descent_step`` takes them."""
    shapes, alpha, dtype = draw(one_of_each(parameters, (1.0, 0.1, 0.01, 0.3, 2.5), draw.there(dtypes)))
    pool = Pool(draw)
    theta, grad = ([pool.array(one, dtype, shape) for shape in shapes] for one in (small_numbers, gradients_or_none))
    return theta, grad, alpha


@drawn
def integer_descents(draw: Draw) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    """The same with arrays of one integer dtype, and an alpha by which every dtype multiplies them exactly."""
    shapes, alpha, dtype = draw(one_of_each(PARAMETERS, (0.5, 0.25, 2.5), draw.there(INTEGERS)))
    pool = Pool(draw)
    theta, grad = ([pool.array(large_integers, dtype, shape) for shape in shapes] for _ in range(2))
    return theta, grad, alpha


@drawn
def updates(
    draw: Draw,
    dtypes: Sequence[str] = FLOAT64,
    numbers: Palette = gradients,
    parameters: Sequence[Sequence[Shape]] = PARAMETERS,
    eps: Sequence[float] = (TINY_EPS,),
) -> Update:
    """An update whose parameters are often 0: there the step alone is left, and no rounding of the sum hides it."""
    shapes, dtype, at_zero = draw(one_of_each(parameters, draw.there(dtypes), (True, False)))
    lr, momentum = draw(one_of_each((0.1, 1.0, 0.01, 0.3), (0.9, 0.0, 0.5)))
    betas, its_eps, step = draw(one_of_each(((0.9, 0.999), (0.5, 0.75), (0.0, 0.9)), eps, (0, 1, 2, 9, 200)))
    pool = Pool(draw)
    theta, grad, signed, squares = ([pool.array(numbers, dtype, shape) for shape in shapes] for _ in range(4))
    return {
        "because": "",
        "theta": [np.zeros_like(one) for one in theta] if at_zero else theta,
        "grad": grad,
        "signed": signed,
        "positive": [np.asarray(np.abs(one)) for one in squares],
        "step": step,
        "lr": lr,
        "momentum": momentum,
        "betas": betas,
        "eps": its_eps,
    }


def robust_updates(**options: Any) -> Drawing[Update]:
    """Updates of both dtypes in which an eps shows."""
    return updates(**{"dtypes": FLOATS, "numbers": gradients_or_none, "eps": _EPS, **options})


def updates_of_many_magnitudes() -> Drawing[Update]:
    """Updates whose gradients and states are of all sizes from 1e-30 to 3."""
    return robust_updates(numbers=many_magnitudes)


@drawn
def mixed_updates(draw: Draw) -> Update:
    """An update of parameters of different dtypes, each with gradients and a state of its own dtype."""
    update: Update = draw(robust_updates(dtypes=FLOAT64, parameters=PARAMETERS[1:]))
    first = draw(st.booleans())
    for key in ("theta", "grad", "signed", "positive"):
        update[key] = _alternating(update[key], first)
    return update


@drawn
def mixed_descents(draw: Draw) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    """Parameters of different dtypes, each with a gradient of its own dtype."""
    (theta, grad, alpha), first = draw(descents(parameters=PARAMETERS[1:])), draw(st.booleans())
    return _alternating(theta, first), _alternating(grad, first), alpha


def _alternating(arrays: Sequence[np.ndarray], first: bool) -> list[np.ndarray]:
    return [one.astype(FLOATS[(n + first) % 2]) for n, one in enumerate(arrays)]


@drawn
def paths(draw: Draw, **options: Any) -> Update:
    """What some steps from no state take: an update, and the gradients of each step in ``grads``."""
    update: Update = draw(updates(**options))
    count = draw(st.sampled_from((3, 1, 2, 5)))
    first, others = update["grad"], [update["signed"], update["positive"]]
    return update | {"grads": [first, *others, first, others[0]][:count]}


def robust_paths() -> Drawing[Update]:
    """The same in which an eps shows."""
    return paths(dtypes=FLOATS, numbers=gradients_or_none, eps=_EPS)


def runs() -> SearchStrategy[Update]:
    """The start of a run in two parameters, without any past; the minimum in place of the gradient."""
    start = {
        "theta": [np.array([[1.0, -2.0, 0.3]]), np.array([0.7])],
        "grad": [np.array([[0.5, 1.0, -1.5]]), np.array([0.25])],
        "signed": [np.zeros((1, 3)), np.zeros(1)],
        "positive": [np.zeros((1, 3)), np.zeros(1)],
        "step": 0,
        "lr": 0.1,
        "momentum": 0.9,
        "betas": (0.9, 0.999),
        "eps": TINY_EPS,
    }
    return st.just(start)


_STEPS: Mapping[str, Sequence[int]] = {
    "a step counter of eight bits ends": (255, 256),
    "a step counter in bfloat16 stands still (pytorch/ao#4915, DeepSpeed#8496)": (256, 257),
    "a step counter in float16 stands still (pytorch/pytorch#74424)": (2048, 2049),
    "a step counter in float16 overflows, one of sixteen bits ends": (65503, 65535),
    "a decay to the power of a large number of steps is 0": (10**6,),
}


def exceptional_updates() -> list[Update]:
    """Updates at numbers of steps where counters end, and one of forty parameters."""
    late = [_update(reason, step, [(2,)]) for reason, steps in _STEPS.items() for step in steps]
    many = "forty parameters: a launch takes a bounded number of arrays"
    return [*late, _update(many, 2, [((2,), (1, 3), (1,))[n % 3] for n in range(40)])]


def _update(because: str, step: int, shapes: Sequence[Shape]) -> Update:
    """An update of parameters that are 0, with other numbers for each element."""
    count = sum(int(np.prod(shape)) for shape in shapes)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def parts(numbers: np.ndarray) -> list[np.ndarray]:
        return [part.reshape(shape) for part, shape in zip(np.split(numbers, ends), shapes, strict=True)]

    counted = np.arange(1.0, count + 1)
    return {
        "because": because,
        "theta": parts(0 * counted),
        "grad": parts(counted),
        "signed": parts(1 - counted / 2),
        "positive": parts(counted**2 / 4),
        "step": step,
        "lr": 1.0,
        "momentum": 0.5,
        "betas": (0.9, 0.999),
        "eps": TINY_EPS,
    }


def update_of(size: int, scale: float) -> Update:
    """An update of two parameters, the first of so many elements; another scale has other numbers everywhere."""
    update = _update("", 3, [(size,), (2, 3)]) | {"eps": 0.01, "betas": (0.5, 0.75)}
    signed = {key: [scale * one for one in update[key]] for key in ("grad", "signed")}
    return update | signed | {"positive": [scale**2 * one for one in update["positive"]]}


def updates_in_layouts() -> list[Update]:
    """Updates to be asked in every layout: of small parameters, of large ones, and of both dtypes."""
    everyday = {"eps": 0.01, "betas": (0.5, 0.75)}
    # One and three: so many that with ALL_LAYOUTS a parameter in C order has a gradient, and a state, in Fortran order.
    large = {key: in_dtype(value, "float32") for key, value in _update("", 3, [(33, 65)]).items()}
    both = [_update("", 3, [(2, 3), (130,), (3,)]), large]
    return [update | everyday | {"theta": [2 - one for one in update["signed"]]} for update in both]


def descents_in_layouts() -> list[tuple[list[np.ndarray], list[np.ndarray], float]]:
    """The same for gradient descent."""
    return [_descent(one) for one in updates_in_layouts()]


def other_descents() -> list[tuple[list[np.ndarray], list[np.ndarray], float]]:
    """As ``other_updates``."""
    return [_descent(one) for one in other_updates()]


def _descent(update: Update) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    return list(update["theta"]), list(update["grad"]), 0.5


def other_updates() -> list[Update]:
    """An update of parameters with more than two axes, the last one without elements: nothing may stop at it."""
    return [_update("", 3, [(2, 1, 2, 1), (3,), (2, 3, 1), (0,)]) | {"eps": 0.01}]


def many_parameters() -> list[tuple[list[np.ndarray], list[np.ndarray], float]]:
    """A descent of forty parameters: a launch takes a bounded number of arrays."""
    return [([np.zeros(1 + n % 3) for n in range(40)], [np.full(1 + n % 3, n + 1.0) for n in range(40)], 0.5)]


_TOGETHER = 3
"""So few that all their elements together, as one buffer has them, leave over each number by a block of 32, too."""


def long_updates(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[Update]:
    """Updates of parameters that are 0, of each length that is asked and each dtype; the gradients of one all differ.

    Parameters of the lengths that take turns stand together in one call, the others alone.
    """
    in_turns = take_turns(lengths)
    alone = [(reason, [n]) for reason, n in lengths if n not in in_turns]
    others = [n for _, n in lengths if n in in_turns]
    together = [("lengths left over by blocks", others[at : at + _TOGETHER]) for at in range(0, len(others), _TOGETHER)]
    rates = {"step": 3, "lr": 1.0, "momentum": 0.5, "betas": (0.5, 0.75), "eps": 0.01}
    for dtype in dtypes:
        for because, sizes in [*alone, *together]:
            zeros, ones = [np.zeros(n, dtype) for n in sizes], [np.ones(n, dtype) for n in sizes]
            grad = [recipe(f"(np.arange(1.0, {n + 1}) / {n}).astype(np.{dtype})") for n in sizes]
            yield {"because": because, "theta": zeros, "grad": grad, "signed": ones, "positive": ones, **rates}
