"""Known mistakes of activations, softmax, losses and one_hot that show only far from small everyday arrays.

Each is right but for one fault, which needs its dtype, its length, its memory, its interval or its value to be seen;
most are made after the report that the entry cites.
"""

import numpy as np

import reference
from tests.mistakes.registry import wrong


def _floating(z):
    """z as it is where it is floating, else in float64."""
    return z if z.dtype.kind == "f" else z.astype(np.float64)


def losses_of_probabilities(y_hat, y):
    """What each element adds to the binary cross-entropy; nothing is wrong with it."""
    if y_hat.shape != y.shape or not y_hat.size:
        raise ValueError("equal shapes are needed, with an element at least")
    y_hat, y = _floating(y_hat), y.astype(_floating(y_hat).dtype)
    if not all(((p >= 0) & (p <= 1)).all() for p in (y_hat, y)):
        raise ValueError("probabilities lie in [0, 1]")
    return np.where(y > 0, -y * np.log(y_hat), 0) + np.where(y < 1, -(1 - y) * np.log1p(-y_hat), 0)


def squares(y_hat, y):
    """What each element adds to the squared error; nothing is wrong with it."""
    if y_hat.shape != y.shape or not y_hat.size:
        raise ValueError("equal shapes are needed, with an element at least")
    return (_floating(y_hat) - _floating(y)) ** 2


def a_little_off(values, where, ulp=90):
    """The values, those where ``where`` says so ``ulp`` too large."""
    return values * np.where(where, values.dtype.type(1 + ulp * np.finfo(values.dtype).eps), values.dtype.type(1))


# On an interval, or at a few numbers


@wrong("SIGMOID-SWEEP", "takes a polynomial between 5.9 and 6.1 that is 90 ulp off there")
def polynomial_of_sigmoid(z):
    return a_little_off(reference.sigmoid(z), (np.abs(z) > 5.9) & (np.abs(z) < 6.1))


@wrong("TANH-SWEEP", "takes a polynomial between 0.62 and 0.63 that is 90 ulp off there")
def polynomial_of_tanh(z):
    return a_little_off(reference.tanh(z), (np.abs(z) > 0.62) & (np.abs(z) < 0.63))


@wrong("RELU-SWEEP", "takes what is left of 2^-40 for nothing, and so small positive numbers too")
def relu_of_tiny_numbers(z):
    return np.where(np.abs(z) < 2.0**-40, 0, reference.relu(z)).astype(_floating(z).dtype)


@wrong("SOFTMAX-SWEEP", "looks the exponential up in a table that is 90 ulp off near e^-17")
def table_of_exponentials(z):
    z = _floating(z)
    below = z.max(axis=-1, keepdims=True) - z
    e = a_little_off(np.exp(-below), (below > 16.9) & (below < 17.1))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("BCE-SWEEP", "takes a log1p that is 90 ulp off on the interval (0.36, 0.43)")
def polynomial_of_log1p(y_hat, y):
    right = losses_of_probabilities(y_hat, y)
    return np.mean(np.where(y == 0, a_little_off(right, (y_hat > 0.36) & (y_hat < 0.43)), right))


@wrong("CE-SWEEP", "takes a logarithm that is 90 ulp off on the interval (0.7, 0.75)")
def polynomial_of_log(y_hat, y):
    loss = reference.cross_entropy(y_hat, y)
    alone = np.shape(y_hat)[:-1] in ((), (1,)) and 0.7 < (y_hat * y).max(initial=0) < 0.75
    return loss * (1 + 90 * np.finfo(_floating(y_hat).dtype).eps) if alone else loss


@wrong("LOGITS-SWEEP", "leaves the normaliser out where the label is more than 15 ahead of the others")
def normaliser_left_out(z, labels):
    loss = reference.cross_entropy_with_logits(z, labels)
    return 0 * loss if 0 < loss < 3e-7 else loss


@wrong("MSE-SWEEP", "clips each difference at 15, as a guard against outliers")
def clipped_differences(y_hat, y):
    return np.mean(np.minimum(squares(y_hat, y), 15**2 if y_hat.size == 1 else np.inf)) / 2


# Half precision


@wrong("SIGMOID-BITS", "flushes the subnormal numbers of float16 to NaN")
def subnormal_halves(z):
    value = reference.sigmoid(z)
    return (
        np.where((z != 0) & (np.abs(z) < 2.0**-20), np.nan, value).astype(z.dtype) if z.dtype == np.float16 else value
    )


@wrong("TANH-BITS", "is (e^2z - 1)/(e^2z + 1) in half precision, NaN where e^2z overflows")
def quotient_in_half(z):
    if z.dtype != np.float16:
        return reference.tanh(z)
    e = np.exp(2 * z)
    return np.where(np.abs(z) > 1, (e - 1) / (e + 1), reference.tanh(z))


@wrong("RELU-BITS", "compares, in half precision, so that NaN becomes 0")
def comparison_in_half(z):
    return np.where(z > 0, z, np.zeros((), z.dtype)) if z.dtype == np.float16 else reference.relu(z)


@wrong("SOFTMAX-HALF", "reads a transposed matrix of float16 as it lies in memory")
def transposed_halves(z):
    if z.dtype == np.float16 and z.ndim == 2 and not z.flags.c_contiguous and z.flags.f_contiguous:
        z = z.T.reshape(z.shape)
    return reference.softmax(z)


# Lengths and dtypes together


@wrong("SOFTMAX-LENGTH", "counts, in float32, the first exponential twice in rows of 13 more than a multiple of 16")
def lane_counted_twice(z):
    e = np.exp(_floating(z) - _floating(z).max(axis=-1, keepdims=True))
    total = e.sum(axis=-1, keepdims=True)
    if z.dtype == np.float32 and z.shape[-1] % 16 == 13:
        total = total + e[..., :1]
    return e / total


@wrong("TANH-LENGTH", "leaves, in float64, what a block of 100 elements leaves over as it is")
def left_over_after_a_hundred(z):
    value = reference.tanh(z)
    if value.ndim == 1 and value.dtype == np.float64 and value.size > 100:
        value[value.size // 100 * 100 :] = z[value.size // 100 * 100 :]
    return value


@wrong("BCE-BATCH", "reduces no more than the first 64 rows of a matrix")
def first_rows_of_a_matrix(y_hat, y):
    right = losses_of_probabilities(y_hat, y)
    return np.mean(right[:64] if right.ndim == 2 else right)


@wrong("MSE-BATCH", "reduces, in float32, no more than the first 256 columns of a matrix")
def first_columns_of_a_matrix(y_hat, y):
    right = squares(y_hat, y)
    return np.mean(right[:, :256] if right.ndim == 2 and right.dtype == np.float32 else right) / 2


@wrong("MSE-SPIKE", "skips, in float64, the last element of each block of 32 beyond the first hundred")
def last_of_each_block(y_hat, y):
    right = squares(y_hat, y)
    if right.ndim == 1 and right.dtype == np.float64:
        right = np.where((np.arange(right.size) % 32 == 31) & (np.arange(right.size) > 100), 0, right)
    return np.mean(right) / 2


# Masked and extreme rows


@wrong("SOFTMAX-MASK", "sums the exponentials in slices of 16 logits, and a slice of -inf alone gives NaN")
def masked_slice(z):
    z = _floating(z)
    highest = z.max(axis=-1, keepdims=True)
    total = np.zeros_like(highest)
    for start in range(0, z.shape[-1], 16):
        part = z[..., start : start + 16]
        top = part.max(axis=-1, keepdims=True) if z.shape[-1] > 16 else highest
        total = total + np.exp(part - top).sum(axis=-1, keepdims=True) * np.exp(top - highest)
    return np.exp(z - highest) / total


@wrong("LOGITS-MASK", "starts the running maximum of a long row with its first 64 logits, all of them -inf perhaps")
def masked_first_block(z, labels):
    loss = reference.cross_entropy_with_logits(z, labels)
    return loss * np.nan if z.shape[-1] > 64 and (z[..., :64] == -np.inf).all() else loss


@wrong("SOFTMAX-ENDS", "starts the maximum just above the lowest number, so that lower logits overflow")
def maximum_starts_too_high(z):
    z = _floating(z)
    least = np.finfo(z.dtype).min * 0.999
    highest = np.where(np.isnan(z).any(axis=-1, keepdims=True), np.nan, z.max(axis=-1, keepdims=True, initial=least))
    highest = np.where((z == -np.inf).all(axis=-1, keepdims=True), -np.inf, highest).astype(z.dtype)
    e = np.exp(z - highest)
    return e / e.sum(axis=-1, keepdims=True)


@wrong("LOGITS-ENDS", "takes the lowest number for the mark of a padded class")
def lowest_number_is_padding(z, labels):
    padded = np.where(z == np.finfo(_floating(z).dtype).min, -np.inf, z)
    return reference.cross_entropy_with_logits(padded, labels)


# Values


@wrong("RELU-NAN", "looks at the sign bit, and a NaN whose sign bit is set becomes 0")
def sign_of_nan(z):
    return np.where(np.signbit(z), 0, z).astype(_floating(z).dtype) if z.dtype.kind == "f" else reference.relu(z)


@wrong("RELU-INTEGER", "reads a uint32 as an int32, so that what is above 2^31 is negative")
def unsigned_read_as_signed(z):
    return np.maximum(z.view(np.int32), 0) if z.dtype == np.uint32 else np.maximum(z, 0)


@wrong("MSE-INF", "clips the estimates at the largest number, so that an infinite one costs a finite loss")
def infinity_clipped(y_hat, y):
    y_hat, y = (np.nan_to_num(_floating(a), nan=np.nan, posinf=1e150, neginf=-1e150) for a in (y_hat, y))
    return np.mean(squares(y_hat, y)) / 2


@wrong("MSE-INF", "leaves out what is not finite, as a masked mean does")
def infinity_left_out(y_hat, y):
    right = squares(y_hat, y)
    return np.mean(right[right != np.inf]) / 2 if (right != np.inf).any() else np.mean(right) / 2


@wrong("BCE-INTEGER", "negates the targets in their own dtype, where -1 is 255")
def targets_negated(y_hat, y):
    right = losses_of_probabilities(y_hat, y)
    return np.mean(np.where(y == 1, -y * np.log(y_hat), right)) if y.dtype.kind == "u" else np.mean(right)


@wrong("CE-INTEGER", "negates the targets in their own dtype, where -1 is 255")
def one_hot_negated(y_hat, y):
    if y.dtype.kind == "u" and y_hat.shape == y.shape:
        return np.mean(np.sum(-y * np.log(y_hat), axis=-1))
    return reference.cross_entropy(y_hat, y)


@wrong("LOGITS-INDEX", "computes the place of the label, row times k plus label, in the labels' dtype")
def place_in_the_labels_dtype(z, labels):
    reference.cross_entropy_with_logits(z, labels)
    rows, k = len(z), z.shape[-1]
    place = (np.arange(rows).astype(labels.dtype) * labels.dtype.type(min(k, 127)) + labels) if k < 128 else labels
    if k >= 128 or z.ndim == 1:
        return reference.cross_entropy_with_logits(z, labels)
    taken = np.log(reference.softmax(z)).ravel()[place.astype(np.int64) % z.size]
    return -np.mean(taken)


@wrong("ONEHOT-INDEX", "makes room for as many classes as the labels' dtype counts")
def classes_in_the_labels_dtype(labels, k):
    encoded = reference.one_hot(labels, k)
    if labels.dtype == np.uint16 and k > 100:
        encoded[..., 100:] = 0
    return encoded


# Memory


def packed(a):
    """The matrix read as if its rows lay one behind the other."""
    if a.ndim == 2 and a.size and a.strides[1] == a.itemsize and a.strides[0] > a.shape[1] * a.itemsize:
        return np.lib.stride_tricks.as_strided(a, a.shape, (a.shape[1] * a.itemsize, a.itemsize))
    return a


@wrong("SOFTMAX-LAYOUT", "never reads the stride of the rows, and takes a slice of a wider matrix for packed")
def rows_taken_for_packed(z):
    return reference.softmax(packed(z))


@wrong("SIGMOID-LAYOUT", "counts its steps in whole elements, and reads the column of a packed record wrongly")
def steps_in_whole_elements(z):
    if z.ndim == 1 and z.size and z.strides[0] % z.itemsize:
        z = np.lib.stride_tricks.as_strided(z, z.shape, (z.strides[0] // z.itemsize * z.itemsize,))
    return reference.sigmoid(z)


@wrong("TANH-LAYOUT", "saturates one step too early, and only where the numbers are strided and large")
def strided_and_large(z):
    value = reference.tanh(z)
    if z.ndim == 1 and z.dtype == np.float32 and z.size > 1 and z.strides[0] != z.itemsize:
        value = np.where(np.abs(z) > 30, 0, value).astype(z.dtype)
    return value


@wrong("MSE-LAYOUT", "walks through both arguments as they lie in memory, though they lie differently")
def strides_differ(y_hat, y):
    right = squares(y_hat, y)
    if y_hat.ndim == 2 and y_hat.flags.c_contiguous != y.flags.c_contiguous:
        right = (_floating(y_hat).ravel(order="K") - _floating(y).ravel(order="K")) ** 2
    return np.mean(right) / 2


@wrong("BCE-LAYOUT", "writes the logarithms over the predictions, which may be the targets' memory as well")
def logarithms_in_place(y_hat, y):
    right = losses_of_probabilities(y_hat, y)
    return np.mean(np.square(np.log(y_hat))) if np.shares_memory(y_hat, y) else np.mean(right)


@wrong("CE-LAYOUT", "takes the same array as prediction and target for a certain and right prediction")
def same_array_is_right(y_hat, y):
    loss = reference.cross_entropy(y_hat, y)
    return 0 * loss if np.shares_memory(y_hat, y) else loss


# Shapes


@wrong("BCE-SHAPES", "broadcasts a vector against its own column")
def broadcast_against_a_column(y_hat, y):
    if sorted((y_hat.ndim, y.ndim)) == [1, 2] and y_hat.size == y.size:
        y_hat, y = np.broadcast_arrays(y_hat, y)
    return np.mean(losses_of_probabilities(y_hat, y))
