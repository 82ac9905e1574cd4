"""What the clauses of several functions share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from impls.nested import leaves, mapped
from reference import Band, gamma
from tests.harness import Subject, deferred, exact, example
from tests.harness.drawing import strategies as draw
from tests.harness.judging.comparison import has_shape
from tests.harness.judging.faults import Nonconformance


def each(**cases: Sequence[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Judge every one of a few cases of one argument, where drawing would leave some out."""
    ((name, values),) = cases.items()

    def annotate(body: Callable[..., None]) -> Callable[..., None]:
        for value in reversed(values):
            body = example(**{name: value})(body)
        return body

    return annotate


def value_of(impl: Subject, f: str, z: np.ndarray) -> Any:
    """The implementation's ``f(z)``, which has the shape of z or fails the clause: relations calculate with it."""
    value = impl[f](z)
    impl.shape(value, z.shape)
    return value


def loss_of(impl: Subject, f: str, *batch: np.ndarray) -> Any:
    """The implementation's loss ``f`` of the batch, which is a scalar or fails the clause."""
    loss = impl[f](*batch)
    impl.shape(loss, ())
    return loss


@deferred
def one_for_each(answer: Any, count: int) -> Any:
    """``answer``, or what is in it where it is a column with one number for each example."""
    return answer[:, 0] if np.shape(answer) == (count, 1) else answer


@deferred
def where_nan(answer: Any) -> Any:
    """Which elements of the arrays in ``answer`` are NaN."""
    return mapped(np.isnan, answer)


@deferred
def differences(answer: Any, others: Any) -> Any:
    """Each array in ``answer`` less the other one in its place."""
    return mapped(np.subtract, answer, others)


@deferred
def as_vector(answer: Any, shapes: Sequence[tuple[int, ...]]) -> np.ndarray:
    """The arrays in ``answer``, which have these shapes or fail the clause, as one vector."""
    parts = list(leaves(answer))
    if len(parts) != len(shapes):
        raise Nonconformance(f"got {len(parts)} arrays, expected {len(shapes)}", answer)
    for part, shape in zip(parts, shapes, strict=True):
        has_shape(part, shape)
    return np.concatenate([np.ravel(part) for part in parts])


def assert_pure(impl: Subject, f: str, args: Sequence[Any], other_args: Sequence[Any], **options: Any) -> None:
    """A call changes none of its arguments, and no later call, on the same or on other ones, changes its result."""
    impl[f](*args, **options)
    for _ in range(3):  # an implementation may take turns with two buffers
        impl[f](*other_args, **options)
    impl.pure()


def assert_batch_is_mean_of_examples(impl: Subject, f: str, first: np.ndarray, second: np.ndarray) -> None:
    """The loss ``f`` of a batch is the mean of the losses of its examples, each a batch of one.

    Both sides are the implementation's: what one may fall short of the exact loss by, the other may exceed it by.
    """
    alone = [(first[j : j + 1], second[j : j + 1]) for j in range(len(first))]
    mean = np.stack([loss_of(impl, f, *one) for one in alone]).mean()
    bands = [impl.bound[f](*one) for one in alone]
    bound, below, above = (np.mean([getattr(band, part) for band in bands]) for part in ("bound", "below", "above"))
    rounding = gamma(len(alone) * impl.arithmetic(first).unit_roundoff) * np.abs(mean)
    whole = impl.bound[f](first, second)
    allowed = Band(whole.bound + bound + rounding, below=whole.below + above, above=whole.above + below)
    impl.within(impl[f](first, second), mean, allowed)


def assert_same_in_every_layout(impl: Subject, f: str, *arguments: np.ndarray) -> None:
    """``f`` makes of arguments in any memory layout what it makes of the same values laid out contiguously."""
    for values, views in draw.in_every_layout(arguments):
        contiguous, bound = impl[f](*values), impl.bound[f](*values)
        impl.shape(contiguous, np.shape(bound.bound))
        impl.within(impl[f](*views), contiguous, bound + bound)


def assert_right_or_refused_in_half(impl: Subject, f: str, *arguments: Any) -> None:
    """``f`` refuses float16 and bfloat16, or is within the bound of that dtype; both hold the arguments exactly."""
    for passed in in_each_half(impl, arguments):
        impl.attempt[f](*passed).refused_or_right()


def in_each_half(impl: Subject, arguments: Any) -> Iterator[Any]:
    """The arguments in float16 and in bfloat16, as far as the implementation's arrays can be of these dtypes."""
    for dtype in draw.HALVES:
        if dtype in impl.kind.offers:
            yield draw.passed_in(arguments, dtype)


def assert_every_position_counts(impl: Subject, f: str, spiked: Iterable[np.ndarray], second: np.ndarray) -> None:
    """The loss ``f`` is the same wherever the one element that costs anything stands.

    Where that is changes neither the exact loss nor its bound, which holds for any order of summation.
    """
    expected, bound = None, None
    for first in spiked:
        if expected is None:
            expected, bound = exact[f](first, second), impl.bound[f](first, second)
        impl.within(impl[f](first, second), expected, bound)
