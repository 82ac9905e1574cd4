"""Mistakes in the rectified linear unit."""

import numpy as np

from reference import relu
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


@mistake("RELU-VALUE", "takes the smaller of 0 and z")
def minimum_for_maximum(z):
    return np.minimum(0, z)


@mistake("RELU-VALUE", "rectifies -z")
def sign_swapped(z):
    return np.maximum(0.0, -z)


@mistake("RELU-VALUE", "gives the derivative, 0 or 1, where the value is due")
def derivative(z):
    return (z > 0).astype(z.dtype)


@mistake("RELU-VALUE", "rounds the corner off: gives log(1 + e^z)")
def softplus(z):
    return np.logaddexp(0, z)


@mistake("RELU-VALUE", "cuts off at 1 where the formula cuts off at 0")
def threshold_at_one(z):
    return np.where(z > 1, z, 0)


@mistake("RELU-VALUE", "lets the left half run into -1 instead of 0")
def exponential_left_of_zero(z):
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


@mistake("RELU-VALUE", "asks Python for the larger of 0 and z, which has no answer for an array")
def maximum_of_python(z):
    return max(0, z)


@mistake("RELU-VALUE", "takes the largest element along the first axis for the larger of two numbers")
def largest_along_the_first_axis(z):
    return np.max(z, 0)


@mistake("RELU-VALUE", "cuts off at an eps instead of 0")
def eps_for_zero(z):
    return np.maximum(1e-7, z)


@mistake("RELU-PARTS", "lets a hundredth of the negative part through")
def leaky(z):
    return np.where(z > 0, z, 0.01 * z)


@mistake("RELU-PARTS", "clips the positive part at 6")
def clipped_at_six(z):
    return np.clip(z, 0, 6)


@mistake("RELU-MONOTONE", "takes the absolute value")
def absolute_value(z):
    return np.abs(z)


@mistake("RELU-MONOTONE", "multiplies z by its sigmoid, which dips left of 0")
def weighted_by_its_sigmoid(z):
    return z / (1 + np.exp(-z))


@mistake("RELU-PURE", "sets the negative elements of its argument to 0")
def negative_elements_overwritten(z):
    z[z < 0] = 0
    return z


@mistake("RELU-PURE", "keeps one array for each shape and writes every result into it", remembers=True)
def result_array_reused():
    results = {}

    def reusing(z):
        return np.maximum(z, 0, out=results.setdefault((z.shape, z.dtype), np.empty_like(z)))

    return reusing


@mistake("RELU-TAILS", "multiplies z by whether it is positive, and -inf times 0 is NaN")
def minus_infinity_times_zero(z):
    return z * (z > 0)


@mistake("RELU-TAILS", "halves z + |z|, which overflows for the largest numbers")
def half_of_the_sum_with_the_absolute_value(z):
    return (z + np.abs(z)) / 2


@mistake("RELU-TAILS", "takes the smallest numbers for 0")
def smallest_numbers_lost(z):
    return np.where(np.abs(z) < 1e-30, 0, relu(z))


@mistake("RELU-NAN", "asks whether z is positive, which a NaN is not, and gives 0 otherwise", bug="pytorch#7999,#10238")
def nan_is_not_positive(z):
    return np.where(z > 0, z, 0)


@mistake("RELU-NAN", "gives infinity for NaN")
def nan_becomes_infinity(z):
    return np.where(z < np.inf, np.maximum(z, 0), np.inf)


@mistake("RELU-DTYPE", "goes through float32")
def float32_inside(z):
    return relu(z.astype(np.float32)).astype(z.dtype)


@mistake("RELU-DTYPE", "makes its zeros in float64, and with them the result for float32")
def zeros_in_float64(z):
    return np.maximum(z, np.zeros(z.shape))


@mistake("RELU-INTEGER", "asks whether -z is negative, which it is not for the smallest integer nor for unsigned ones")
def negated_to_compare(z):
    return np.where(-z < 0, z, 0 * z)


@mistake("RELU-INTEGER", "keeps one byte of each integer")
def one_byte_of_each(z):
    return relu(z) if z.dtype.kind == "f" else np.maximum(z.astype(np.int8), 0)


@mistake("RELU-LAYOUT", "reads the elements as if they lay one after the other in memory")
def strides_ignored(z):
    return relu(as_if_contiguous(z))


@mistake("RELU-LAYOUT", "asks for memory that it may write to, and does nothing but read")
def read_only_refused(z):
    if not z.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return relu(z)


@mistake("RELU-SHAPES", "takes all axes but the last for one, and does not take them apart again")
def earlier_axes_merged(z):
    return relu(z.reshape(-1, z.shape[-1]) if z.ndim > 2 else z)


@mistake("RELU-SHAPES", "looks for the smallest element first, and an empty array has none")
def smallest_element_first(z):
    return np.array(z) if z.min() >= 0 else relu(z)


@mistake("RELU-LENGTH", "rectifies pairs of elements, and the last of an odd number stays as it is")
def last_of_an_odd_number(z):
    value = np.array(relu(z))
    value.ravel()[z.size // 2 * 2 :] = z.ravel()[z.size // 2 * 2 :]
    return value


@mistake("RELU-LENGTH", "rectifies the first 1024 elements")
def first_1024_elements(z):
    value = np.array(relu(z))
    value.ravel()[1024:] = z.ravel()[1024:]
    return value
