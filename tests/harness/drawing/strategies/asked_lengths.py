"""Lengths, and positions in a batch, that are asked on purpose, each as data with the reason it exists.

How many of them a run asks is decided here, in `asked`, by the Hypothesis profile in force; conformance.md says the
same in words.
"""

from collections.abc import Iterator, Mapping, Sequence

import hypothesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

LONGEST = 4099


def _beside(*numbers: int) -> list[int]:
    return [n + off for n in numbers for off in (-1, 0, 1)]


def _from(*numbers: int) -> list[int]:
    return [n + off for n in numbers for off in (0, 1)]


_BY_REASON: Mapping[str, Sequence[int]] = {
    "each number of lanes and of elements left over": range(1, 67),
    "at a power of two, the size of most buffers": _beside(128, 256, 512, 1024, 2048, 4096),
    "at a multiple of 64, two warps of a GPU": _from(192, 320, 384, 448),
    "at a multiple of 96 or 100, blocks that are no power of two": _from(100, 200, 288, 300, 500, 768, 1000),
    "at a multiple of 128 or 256, a block of a reduction": _from(640, 1280, 3072, 3840),
    "a prime beyond all blocks": (1031, 2053, 4099),
}

_LEFT_OVER: Mapping[str, Sequence[int]] = {
    "each number of elements left over by two warps of a GPU": range(67, 131),
    # A prime step: as many lengths in a row as a block has elements leave over each number of elements by that block,
    # unless 17 divides its size.
    "each number left over by a block, at every size (pytorch/pytorch#143644)": range(67, 2227, 17),
}

_ASKED = {**_BY_REASON, **_LEFT_OVER}

LENGTHS = tuple(sorted({*range(1, 1026), *(n for lengths in _ASKED.values() for n in lengths)}))
"""Every number of lanes, blocks and leftover elements that vectorised code divides an array into."""

_POSITIONS: Mapping[str, Sequence[int]] = {
    "in the first lanes and blocks": range(66),
    "at the edge of a block": [n for block in range(96, 1031, 32) for n in (block - 1, block)],
    "the last elements, those left over": range(1014, 1031),
}

SPIKED = 1031
"""How many elements a batch with a spike has: a prime."""

_HALF_LENGTHS: Mapping[str, Sequence[int]] = {
    "each number of lanes and of elements left over in half precision": (*range(1, 18), *_beside(20, 24, 32, 64, 100))
}


Drawn = tuple[()] | tuple[int]
"""A drawn number, or nothing: then those of the list are asked. Nothing is the smaller example, and shown first."""


def asked(few: Sequence[int], all_of_them: Sequence[int]) -> Sequence[int]:
    """What this run asks: ``few`` under the profile quick, all of them under every other one."""
    return few if hypothesis.settings().max_examples < 100 else all_of_them


_FEW_LENGTHS = sorted([*range(1, 10), *_beside(16, 32, 64, 128, 256, 512, 1024), 100, 1000, 1031, 2049, 4099])
"""For implementations that compile a program for each length."""

Lengths = Sequence[tuple[str, int]]
"""Lengths, each with the reason it is asked for."""


def lengths(drawn: Drawn = (), few: bool = False) -> Lengths:
    """The lengths that are asked; a drawn one stands alone. few: some of them, and the nearest for a drawn one."""
    if few:
        asked_now = (min(_FEW_LENGTHS, key=lambda n: abs(n - drawn[0])),) if drawn else _FEW_LENGTHS
        return [("one of few lengths, since each is compiled", n) for n in asked_now]
    return list(_asked_by_reason(_ASKED, LENGTHS, drawn))


def in_dtypes(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """The lengths with the dtypes in which they are asked: in each, but one by turns where ``take_turns`` says so.

    The turns are such that the lengths from 67 to 130 leave over each number of elements by a block of 32 in both of
    two dtypes, and all that take turns each number by a block of 64.
    """
    in_turns = take_turns(lengths)
    for number, dtype in enumerate(dtypes):
        for reason, n in lengths:
            if n not in in_turns or ((n - 3) // 32 + (n - 3) // 64) % len(dtypes) == number:
                yield reason, n, dtype


def take_turns(lengths: Lengths) -> frozenset[int]:
    """Those that are asked for what blocks leave over, and for nothing else: many, and each stands for others."""
    if len(lengths) == 1:
        return frozenset()
    alone = {n for lengths in _LEFT_OVER.values() for n in lengths}
    return frozenset(asked(sorted(alone.difference(*_BY_REASON.values())), ()))


def half_lengths(drawn: Drawn = (), few: bool = False) -> Lengths:
    """Lengths for half precision, whose bounds say nothing of long sums: none beside a drawn one."""
    if drawn:
        return []
    every = _asked_by_reason(_HALF_LENGTHS, range(1, 130), ())
    return [(reason, n) for reason, n in every if not few or n in _FEW_LENGTHS]


def further_lengths() -> SearchStrategy[Drawn]:
    """The share of the lengths that the seed draws."""
    return st.tuples(st.integers(131, LONGEST))


def spike_positions(drawn: Drawn = ()) -> Iterator[tuple[str, int]]:
    """Positions in a batch of SPIKED elements in ascending order, each with its reason; or the drawn one alone."""
    return _asked_by_reason(_POSITIONS, range(SPIKED), drawn)


def further_positions() -> SearchStrategy[Drawn]:
    """The share of the positions of a spike that the seed draws."""
    return st.tuples(st.integers(66, SPIKED - 1))


def _asked_by_reason(
    by_reason: Mapping[str, Sequence[int]], every: Sequence[int], drawn: Drawn
) -> Iterator[tuple[str, int]]:
    if drawn:
        yield "drawn by the seed", drawn[0]
        return
    reasons = {number: reason for reason, numbers in reversed(list(by_reason.items())) for number in numbers}
    for number in asked(sorted(reasons), every):
        yield reasons.get(number, "each one, as the profile asks"), number
