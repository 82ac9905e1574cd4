"""Rows of logits at the ends of what a dtype holds: masked by -inf in long runs, the largest and the lowest numbers.

Out come recipes, each with the reason it is asked for; every floating dtype holds their numbers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st

from tests.harness.drawing.strategies.recipes import numpy_dtype, recipe
from tests.harness.spec.dtypes import Draw, drawn

Row = tuple[str, np.ndarray]
"""The reason why a row of logits is asked for, and the row."""


EXTREMES = ([-1, -1], [-1, -1, -1], [1, 1], [1, -1], [-1, 0], [1, 0], [0.5, 1], [-0.5, -1], [-1])
"""Rows of logits, as multiples of the largest finite number, where a maximum that starts too high is wrong."""

_LARGEST_FINITE = {"float16": "65504.0", "bfloat16": "float.fromhex('0x1.fep127')"}


def extreme_row(multiples: Sequence[float], dtype: str) -> np.ndarray:
    """A batch of one such row of the dtype; of half precision, in an array of float64."""
    largest = _LARGEST_FINITE.get(dtype, f"float(np.finfo(np.{dtype}).max)")
    return recipe(f"(np.array([{multiples}]) * {largest}).astype(np.{numpy_dtype(dtype)})")


_MASKS: Mapping[str, str] = {
    "-inf before: the first blocks hold nothing else (Dao-AILab/flash-attention#1930)": "np.arange({k}) >= {k} - 5",
    "-inf after, as padding does: the last blocks hold nothing else": "np.arange({k}) < 5",
    "-inf in every other block of 16 (flashinfer-ai/flashinfer#1178)": "np.arange({k}) // 16 % 2 == 1",
    "-inf in every other block of 64": "np.arange({k}) // 64 % 2 == 1",
    "-inf everywhere but at one position in the middle": "np.arange({k}) == {k} // 2",
    "-inf everywhere but at the last position": "np.arange({k}) == {k} - 1",
}


def masked_rows() -> list[Row]:
    """Rows of logits with long runs of -inf, the others numbers that every floating dtype holds."""
    alone = [
        (reason, _masked(k, mask.format(k=k))) for k in (65, 130, 200, 520, 1100) for reason, mask in _MASKS.items()
    ]
    # Each row has another mask, and two of them none: the first and one in the middle.
    every = ["np.arange({k}) >= 0", *_MASKS.values()]
    every.insert(4, every[0])
    batch = "np.stack([" + ", ".join(every) + "])"
    together = "each row of a batch with a mask of its own"
    return [*alone, *((together, _masked(k, batch.format(k=k))) for k in (65, 130, 520))]


@drawn
def further_masked_rows(draw: Draw) -> Row:
    """As ``masked_rows``, with the number of logits and the run of finite ones drawn."""
    k = draw(st.integers(65, 1100))
    start = draw(st.integers(0, k - 1))
    stop = draw(st.integers(start + 1, k))
    finite = f"({start} <= np.arange({k})) & (np.arange({k}) < {stop})"
    if not draw(st.booleans()):
        return "-inf before and after", _masked(k, finite)
    rows = f"np.stack([np.arange({k}) % 3 == 0, {finite}, np.arange({k}) < {stop}])"
    return "-inf before and after in one row of a batch", _masked(k, rows)


def _masked(k: int, finite: str) -> np.ndarray:
    return recipe(f"np.where({finite}, np.arange({k}) % 5 / 4, -np.inf)")


def last_finite(z: np.ndarray) -> np.ndarray:
    """For each row the label of its last finite logit."""
    return z.shape[-1] - 1 - np.isfinite(z)[..., ::-1].argmax(axis=-1)
