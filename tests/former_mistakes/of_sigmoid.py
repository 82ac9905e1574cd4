"""Mistakes in the sigmoid."""

import math

import numpy as np

from reference import sigmoid
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


@mistake("SIGMOID-VALUE", "loses the minus sign of the exponent")
def sign_of_the_exponent_lost(z):
    return 1 / (1 + np.exp(z))


@mistake("SIGMOID-VALUE", "leaves out the brackets around the denominator, and so adds e^-z to 1")
def denominator_without_brackets(z):
    return 1 / 1 + np.exp(-z)


@mistake("SIGMOID-VALUE", "takes 2 for the base of the exponential")
def base_two(z):
    return 1 / (1 + 2.0**-z)


@mistake("SIGMOID-VALUE", "adds an eps to the denominator that is too large to go unnoticed")
def eps_of_a_hundred_thousandth(z):
    return 1 / (1 + np.exp(-z) + 1e-5)


@mistake("SIGMOID-VALUE", "clips the probability, for the sake of a logarithm that is not its business")
def probability_clipped(z):
    return np.clip(sigmoid(z), 1e-5, 1 - 1e-5)


@mistake("SIGMOID-VALUE", "gives the derivative, s (1 - s), where the value is due")
def derivative(z):
    s = sigmoid(z)
    return s * (1 - s)


@mistake("SIGMOID-VALUE", "puts three straight lines in the place of the curve")
def hard_sigmoid(z):
    return np.clip(0.2 * z + 0.5, 0, 1)


@mistake("SIGMOID-VALUE", "reads the matrix row by row and fills the result column by column")
def filled_column_by_column(z):
    return np.array([1 / (1 + math.exp(-number)) for number in z.flat]).reshape(z.shape, order="F")


@mistake("SIGMOID-SYMMETRY", "writes 1 / (1 + e^z) left of 0 against overflow, where that has to be e^z / (1 + e^z)")
def wrong_form_left_of_zero(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z)))


@mistake("SIGMOID-MONOTONE", "takes the first terms of the Taylor series, which turn back at 2, for the function")
def taylor_series(z):
    return np.clip(1 / 2 + z / 4 - z**3 / 48, 0, 1)


@mistake("SIGMOID-MONOTONE", "calls everything beyond 10 certain and gives it 0.9999, less than it gives 9.9")
def certain_beyond_ten(z):
    return np.where(z > 10, 0.9999, sigmoid(z))


@mistake("SIGMOID-RANGE", "subtracts the eps in the denominator, so that probabilities exceed 1")
def eps_subtracted(z):
    return 1 / (1 + np.exp(-z) - 1e-8)


@mistake("SIGMOID-PURE", "computes in the memory of its argument")
def computed_in_place(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    return np.reciprocal(z, out=z)


@mistake("SIGMOID-PURE", "keeps one array for each shape and writes every result into it", remembers=True)
def result_array_reused():
    results = {}

    def reusing(z):
        value = sigmoid(z)
        result = results.setdefault((value.shape, value.dtype), value)
        result[...] = value
        return result

    return reusing


@mistake("SIGMOID-TAILS", "writes e^z / (1 + e^z) for every z, which is infinity by infinity far right")
def infinity_by_infinity(z):
    return np.exp(z) / (1 + np.exp(z))


@mistake("SIGMOID-TAILS", "takes (1 + tanh(z / 2)) / 2, which is 0 where the left tail still has digits")
def half_of_one_plus_tanh(z):
    return (1 + np.tanh(z / 2)) / 2


@mistake("SIGMOID-TAILS", "clips z to [-30, 30], so that far left nothing gets smaller any more")
def argument_clipped(z):
    return sigmoid(np.clip(z, -30, 30))


@mistake("SIGMOID-NAN", "gives 1 for NaN but among the elements left over from groups of four", bug="tensorflow#29048")
def nan_is_one_in_groups_of_four(z):
    value = np.array(sigmoid(z))
    grouped = np.arange(z.size).reshape(z.shape) < z.size // 4 * 4
    value[np.isnan(z) & grouped] = 1
    return value


@mistake("SIGMOID-NAN", "takes a NaN for 0 and gives it one half")
def nan_replaced_by_zero(z):
    return sigmoid(np.where(np.isnan(z), 0, z))


@mistake("SIGMOID-DTYPE", "computes in float32 whatever comes in, and widens the result")
def float32_inside(z):
    return sigmoid(z.astype(np.float32)).astype(z.dtype)


@mistake("SIGMOID-DTYPE", "gives float64 for float32")
def always_float64(z):
    return sigmoid(z.astype(np.float64))


@mistake("SIGMOID-DTYPE", "keeps the eps of the slide, which costs half of the digits of float64")
def eps_of_the_slide(z):
    return 1 / (1 + np.exp(-z) + 1e-8)


@mistake("SIGMOID-INTEGER", "writes the result into an array of the integers' dtype, where every fraction is 0")
def truncated_to_integers(z):
    result = np.empty_like(z)
    np.copyto(result, sigmoid(z), casting="unsafe")
    return result


@mistake("SIGMOID-INTEGER", "negates unsigned integers before it promotes them")
def negated_before_promotion(z):
    return 1 / (1 + np.exp((-z).astype(np.result_type(z, np.float32))))


@mistake("SIGMOID-LAYOUT", "reads the elements as if they lay one after the other in memory")
def strides_ignored(z):
    return sigmoid(as_if_contiguous(z))


@mistake("SIGMOID-LAYOUT", "takes the elements in the order of memory, which for a transposed matrix is another one")
def in_the_order_of_memory(z):
    return sigmoid(z.ravel(order="K").reshape(z.shape))


@mistake("SIGMOID-SHAPES", "makes a vector of a number")
def vector_of_one_for_a_number(z):
    return sigmoid(np.atleast_1d(z))


@mistake("SIGMOID-SHAPES", "flattens all axes but the first")
def later_axes_flattened(z):
    return sigmoid(z.reshape(len(z), -1) if z.ndim > 2 else z)


@mistake("SIGMOID-LENGTH", "computes whole groups of eight elements and leaves out what is left over")
def leftover_of_eight_lost(z):
    value = np.array(sigmoid(z))
    value.ravel()[z.size // 8 * 8 :] = 0
    return value


@mistake("SIGMOID-LENGTH", "computes the first 256 elements")
def first_256_elements(z):
    value = np.array(sigmoid(z))
    value.ravel()[256:] = 0
    return value


@mistake("SIGMOID-LENGTH", "gives the first of eight float32 lanes its value and the others 1/2", bug="pytorch#65673")
def one_lane_of_eight(z):
    value = np.array(sigmoid(z))
    if z.dtype == np.float32:
        value[np.arange(z.size).reshape(z.shape) % 8 != 0] = 0.5
    return value
