"""CuPy's special functions with what they get wrong, which its sources show and no GPU has confirmed.

softmax subtracts the largest logit before integers become floating point; log_softmax adds up the exponentials in the
dtype of the logits, float16 too, and subtracts nothing beside +inf. A float16 sigmoid or x log y is float64.
"""

import cupy
import numpy as np


def _widened(function):
    """Arguments of which one is float16 or an integer give float64."""

    def widened(*values):
        as_they_are = all(getattr(one, "dtype", np.float64) in (np.float32, np.float64) for one in values)
        return function(*(one if as_they_are else np.asarray(one, np.float64) for one in values))

    return cupy.elementwise(widened)


expit = _widened(lambda z: 1 / (1 + np.exp(-z)))
xlogy = _widened(lambda x, y: np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y)))
xlog1py = _widened(lambda x, y: np.where((x == 0) & ~np.isnan(y), 0, x * np.log1p(y)))


def softmax(z, axis=None):
    exponentials = cupy.exp(z - z.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def log_softmax(z, axis=None):
    largest = z.max(axis=axis, keepdims=True)
    shifted = z - cupy.where(cupy.isfinite(largest), largest, cupy.zeros_like(largest))
    if shifted.dtype.kind in "iu":
        shifted = shifted.astype(next(dtype for dtype in ("f2", "f4", "f8") if np.can_cast(shifted.dtype, dtype)))
    exponentials = cupy.exp(shifted)
    if exponentials.dtype != np.float16:
        return shifted - cupy.log(exponentials.sum(axis=axis, keepdims=True))
    values = exponentials.get()
    total = np.zeros_like(values.sum(axis=axis, keepdims=True))
    for part in np.split(values, values.shape[axis], axis=axis):
        total = total + part  # rounded to float16 each time
    return shifted - cupy.log(cupy.array(total))
