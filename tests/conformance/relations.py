"""What the clauses of several functions share."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from impls.backends import COMPACT
from impls.nested import leaves, mapped
from reference import Band, gamma
from tests.harness import Subject, deferred, example, laid_out
from tests.harness.drawing import strategies as draw
from tests.harness.judging.comparison import has_shape
from tests.harness.judging.faults import Nonconformance


def each(**cases: Sequence[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Judge every one of a few cases of the arguments, combined, where drawing would leave some out."""

    def annotate(body: Callable[..., None]) -> Callable[..., None]:
        for values in reversed(list(product(*cases.values()))):
            body = example(**dict(zip(cases, values, strict=True)))(body)
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
    """The arrays in ``answer``, which have these shapes or fail the clause, as one vector of float64."""
    parts = list(leaves(answer))
    if len(parts) != len(shapes):
        raise Nonconformance(f"got {len(parts)} arrays, expected {len(shapes)}", answer)
    for part, shape in zip(parts, shapes, strict=True):
        has_shape(part, shape)
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float64)


def assert_pure(impl: Subject, f: str, args: Sequence[Any], other_args: Sequence[Any], **options: Any) -> None:
    """A call changes none of its arguments, and no later call, on the same or on other ones, changes its result."""
    impl[f](*args, **options)
    for _ in range(2):  # an implementation may take turns with two buffers
        impl[f](*other_args, **options)
    impl.pure()


def assert_same_beside_another_call(
    impl: Subject, f: str, ours: Sequence[Any], theirs: Sequence[Any], **options: Any
) -> None:
    """``f`` of our arguments is what it is alone, while another thread calls it on theirs."""
    ours, theirs = impl.cast(tuple(ours)), impl.cast(tuple(theirs))
    alone, bound = impl[f](*ours, **options), impl.bound[f](*ours, **options)
    impl.because("two threads call the function at the same time: a scratch buffer that all calls share")
    impl.within(impl.at_once[f](theirs, *ours, **options), alone, mapped(lambda one: one + one, bound))


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


def assert_same_in_every_layout(impl: Subject, f: str, mix: draw.Mix, *arguments: np.ndarray) -> None:
    """``f`` makes of arguments in any memory layout what it makes of the same values laid out contiguously.

    A layout that is not compact may be refused.
    """
    laid_out_views = list(draw.in_layouts(arguments, mix))
    contiguous = {}
    for constant, values in {_constant(layouts): values for values, _, layouts in laid_out_views}.items():
        answer, bound = impl[f](*values), impl.bound[f](*values)
        impl.shape(answer, np.shape(bound.bound))
        contiguous[constant] = answer, bound + bound
    for _, views, layouts in laid_out_views:
        if are_compact(layouts):
            impl.within(impl[f](*views), *contiguous[_constant(layouts)])
        else:
            impl.attempt[f](*views).refused_or_same(*contiguous[_constant(layouts)])


def are_compact(layouts: Sequence[str]) -> bool:
    """Whether no argument has gaps between its elements, or strides that a library need not have."""
    return {*layouts} <= {*COMPACT}


def _constant(layouts: Sequence[str]) -> tuple[bool, ...]:
    """Of which arguments all rows are the same, so that they can be broadcast."""
    return tuple(layout == "broadcast" for layout in layouts)


def assert_right_in_layouts(impl: Subject, f: str, mix: draw.Mix, arguments: Any, **options: Any) -> None:
    """``f`` is right at arguments, arrays nested in them, in the layouts of the mix; it may refuse those with gaps."""
    for views, layouts in draw.in_nested_layouts(arguments, mix):
        if are_compact(layouts):
            impl.check[f](*views, **options)
        else:
            impl.attempt[f](*views, **options).refused_or_right()


def assert_right_or_refused_without_axes(impl: Subject, f: str, arguments: Any, **options: Any) -> None:
    """``f`` is right at arguments, arrays nested in them; where one of these has no axis, it may refuse."""
    if all(leaf.ndim for leaf in leaves(arguments) if isinstance(leaf, np.ndarray)):
        impl.check[f](*arguments, **options)
    else:
        impl.attempt[f](*arguments, **options).refused_or_right()


def assert_takes_the_same_array_twice(impl: Subject, f: str, array: np.ndarray) -> None:
    """``f`` makes of one array of NumPy as both of its arguments what it makes of two equal ones."""
    if impl.kind.arrays == "numpy":
        impl.because("one array as both arguments: a product of a matrix with itself (OpenMathLib/OpenBLAS#5873)")
        both = laid_out(array, "contiguous")
        apart, bound = loss_of(impl, f, array, array), impl.bound[f](array, array)
        impl.within(impl[f](both, both), apart, bound + bound)


def assert_not_broadcast(impl: Subject, f: str, y_hat: np.ndarray, y: np.ndarray) -> None:
    """Unequal shapes are refused; an axis of length 1 that only one of the two has may also be left out."""
    loss = impl.attempt[f](y_hat, y)
    if np.squeeze(y_hat).shape == np.squeeze(y).shape:
        vectors = y_hat.ravel(), y.ravel()
        loss.refused_or_within(impl.exact[f](*vectors), impl.bound[f](*vectors))
    else:
        loss.refused("y of another shape than y_hat")


def assert_right_in(impl: Subject, f: str, dtype: str, *arguments: Any) -> None:
    """``f`` is right at the arguments, which are of the dtype or, in half precision, held by it; half is optional."""
    if dtype in draw.HALVES:
        impl.attempt[f](*draw.passed_in(arguments, dtype)).refused_or_right()
    else:
        impl.check[f](*arguments)


def dtypes_and_lengths(impl: Subject, drawn: draw.Drawn, sums: bool = True) -> Iterator[tuple[str, int]]:
    """The floating dtypes, each with the lengths that are asked in it; the reason is taken down.

    sums: the function adds up its elements, so that in half precision few lengths say something.
    """
    lengths = lengths_of(impl, drawn)
    in_half = draw.half_lengths(drawn, few=impl.kind.terms.compiles) if sums else lengths
    asked = [*draw.in_dtypes(lengths, floats_of(impl))]
    for reason, length, dtype in (*asked, *((*one, dtype) for dtype in halves_of(impl) for one in in_half)):
        impl.because(reason)
        yield dtype, length


def floats_of(impl: Subject) -> Sequence[str]:
    """Those of float64 and float32 that the implementation has."""
    return impl.kind.dtypes.there(draw.FLOATS)


def integers_of(impl: Subject) -> Sequence[str]:
    """The integer dtypes that the implementation has."""
    return impl.kind.dtypes.there(draw.INTEGERS)


def lengths_of(impl: Subject, drawn: draw.Drawn) -> draw.Lengths:
    """The lengths that are asked of the implementation: few where it compiles a program for each."""
    return draw.lengths(drawn, few=impl.kind.terms.compiles)


def halves_of(impl: Subject) -> list[str]:
    """The half-precision dtypes of the implementation's arrays."""
    return [dtype for dtype in draw.HALVES if dtype in impl.kind.dtypes.floats]


def assert_right_or_refused_in_half(impl: Subject, f: str, *arguments: Any) -> None:
    """``f`` refuses float16 and bfloat16, or is within the bound of that dtype; both hold the arguments exactly."""
    for passed in in_each_half(impl, arguments):
        impl.attempt[f](*passed).refused_or_right()


def in_each_half(impl: Subject, arguments: Any) -> Iterator[Any]:
    """The arguments in float16 and in bfloat16, as far as the implementation's arrays can be of these dtypes."""
    for dtype in halves_of(impl):
        yield draw.passed_in(arguments, dtype)


def assert_right_in_half_in_any_layout(impl: Subject, f: str, mix: draw.Mix, *arguments: Any) -> None:
    """As ``assert_right_or_refused_in_half``, contiguous and in the layouts of the mix."""
    assert_right_or_refused_in_half(impl, f, *arguments)
    for dtype in halves_of(impl):
        for views, _ in draw.in_nested_layouts(arguments, mix, dtype):
            impl.attempt[f](*views).refused_or_right()


def assert_half_is_as(impl: Subject, f: str, spoilt: Sequence[Any], whole: Sequence[Any]) -> None:
    """In half precision ``f`` refuses the spoilt arguments or has the formula's value, within the bound of the whole.

    Where NaN or an infinity stands among the arguments, the formula has no bound of its own.
    """
    expected = impl.exact[f](*spoilt)
    for passed, sound in zip(in_each_half(impl, spoilt), in_each_half(impl, whole), strict=True):
        impl.attempt[f](*passed).refused_or_within(expected, impl.bound[f](*sound))


def arguments_of_neuron(f: str, neuron: Sequence[Any]) -> Sequence[Any]:
    """Those of x, w and b that ``f`` takes: logistic regression has no bias, and takes batches alone."""
    x, w, b = neuron
    return (x, w, b) if f == "neuron" else (np.atleast_2d(x), w)


@deferred
def where_worst(answer: Any, z: np.ndarray, expected: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """The element of z, as a vector of one, at which ``answer`` is farthest from what is expected."""
    has_shape(answer, z.shape)
    ratio = np.where(answer == expected, 0, np.abs(answer - expected) / bound)
    at = int(np.argmax(np.where(np.isnan(ratio) & ~np.isnan(expected), np.inf, np.nan_to_num(ratio, nan=0.0))))
    return np.array(z[at : at + 1])


def assert_right_at_each_element(impl: Subject, f: str, z: np.ndarray) -> None:
    """``f`` is right at each element of a long vector; a failure shows the worst element where it fails alone."""
    answer = impl[f](z)
    impl.check[f](where_worst(answer, z, impl.exact[f](z), impl.bound[f](z).bound))
    impl.right(answer)


def assert_every_position_counts(
    impl: Subject,
    f: str,
    position: draw.Drawn,
    spiked: Callable[[int, str], np.ndarray],
    second: Callable[[str], np.ndarray],
) -> None:
    """The loss ``f`` is the same wherever the one element that costs anything stands.

    Where that is changes neither the exact loss nor its bound, which holds for any order of summation.
    spiked: makes the first argument of a position and a dtype; second: makes the second one of a dtype.
    """
    for dtype in floats_of(impl):
        other = impl.cast(second(dtype))
        expected, bound = impl.exact[f](spiked(0, dtype), other), impl.bound[f](spiked(0, dtype), other)
        for reason, at in draw.spike_positions(position):
            impl.because(reason)
            impl.within(impl[f](spiked(at, dtype), other), expected, bound)
