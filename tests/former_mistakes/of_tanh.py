"""Mistakes in the hyperbolic tangent."""

import numpy as np

from reference import sigmoid, tanh
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


@mistake("TANH-VALUE", "subtracts the other way round in the numerator")
def numerator_the_other_way_round(z):
    return (1 - np.exp(2 * z)) / (np.exp(2 * z) + 1)


@mistake("TANH-VALUE", "swaps the plus and the minus of the quotient")
def plus_and_minus_swapped(z):
    return (np.exp(2 * z) + 1) / (np.exp(2 * z) - 1)


@mistake("TANH-VALUE", "leaves the 1 out of the numerator, and so gives a sigmoid")
def numerator_without_the_one(z):
    return np.exp(2 * z) / (np.exp(2 * z) + 1)


@mistake("TANH-VALUE", "leaves the denominator out, and so gives the hyperbolic sine")
def hyperbolic_sine(z):
    return (np.exp(z) - np.exp(-z)) / 2


@mistake("TANH-VALUE", "takes 10 for the base of the exponential")
def base_ten(z):
    return (10.0 ** (2 * z) - 1) / (10.0 ** (2 * z) + 1)


@mistake("TANH-VALUE", "takes the tangent of an angle for the hyperbolic one")
def tangent_of_an_angle(z):
    return np.tan(z)


@mistake("TANH-VALUE", "gives the derivative, 1 - tanh^2, where the value is due")
def derivative(z):
    return 1 - tanh(z) ** 2


@mistake("TANH-VALUE", "cuts the line through 0 off at -1 and 1 and takes it for the curve")
def hard_tanh(z):
    return np.clip(z, -1, 1)


@mistake("TANH-VALUE", "adds an eps to the denominator that is too large to go unnoticed")
def eps_of_a_hundred_thousandth(z):
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1 + 1e-5)


@mistake("TANH-VALUE", "clips z to [-5, 5], where the curve is not flat yet")
def argument_clipped(z):
    return tanh(np.clip(z, -5, 5))


@mistake("TANH-SYMMETRY", "computes with |z| against overflow and does not give the sign back")
def sign_not_given_back(z):
    e = np.exp(-2 * np.abs(z))
    return (1 - e) / (1 + e)


@mistake("TANH-MONOTONE", "takes the first terms of the Taylor series, which turn back at 1, for the function")
def taylor_series(z):
    return np.clip(z - z**3 / 3, -1, 1)


@mistake("TANH-RANGE", "takes a quotient of polynomials for the function and does not stop it at 1")
def quotient_of_polynomials(z):
    return z * (27 + z**2) / (27 + 9 * z**2)


@mistake("TANH-RANGE", "subtracts an eps in the denominator of 2 / (1 + e^-2z) - 1, so that values exceed 1")
def eps_subtracted(z):
    return 2 / (1 + np.exp(-2 * z) - 1e-8) - 1


@mistake("TANH-SIGMOID", "stretches the sigmoid upwards and forgets to double the argument")
def argument_not_doubled(z):
    return 2 * sigmoid(z) - 1


@mistake("TANH-SIGMOID", "moves the sigmoid of 2z down to the origin and forgets to double it")
def sigmoid_not_doubled(z):
    return sigmoid(2 * z) - 1 / 2


@mistake("TANH-PURE", "computes in the memory of its argument")
def computed_in_place(z):
    return np.tanh(z, out=z)


@mistake("TANH-PURE", "has one array for all results and gives a view of it", remembers=True)
def view_of_one_array():
    everything = np.empty(10_000)

    def viewing(z):
        result = everything[: z.size].reshape(z.shape)
        result[...] = tanh(z)
        return result

    return viewing


@mistake("TANH-TAILS", "computes the quotient literally, infinity by infinity far right", bug="deeplearning4j#7382")
def infinity_by_infinity(z):
    e = np.exp(2 * z)
    return (e - 1) / (e + 1)


@mistake("TANH-TAILS", "computes the quotient for |z|, which overflows on both sides", bug="pytorch PR172406")
def overflow_on_both_sides(z):
    e = np.exp(2 * np.abs(z))
    return np.copysign((e - 1) / (e + 1), z)


@mistake("TANH-TAILS", "takes 1 - 2 / (e^2z + 1), which never overflows but cancels next to 0")
def cancels_next_to_zero(z):
    return 1 - 2 / (np.exp(2 * z) + 1)


@mistake("TANH-NAN", "confines z with fmin and fmax, which drop a NaN")
def nan_dropped(z):
    return tanh(np.fmax(np.fmin(z, 20), -20))


@mistake("TANH-NAN", "gives up the whole array for one NaN")
def nan_spoils_the_others(z):
    return np.full_like(z, np.nan) if np.isnan(z).any() else tanh(z)


@mistake("TANH-DTYPE", "computes in half precision")
def half_inside(z):
    return np.tanh(z.astype(np.float16)).astype(z.dtype)


@mistake("TANH-DTYPE", "gives float32 whatever comes in")
def always_float32(z):
    return tanh(z).astype(np.float32)


@mistake("TANH-DTYPE", "keeps an eps in the denominator, which costs half of the digits of float64")
def eps_of_the_slide(z):
    decay = np.exp(-2 * np.abs(z))
    return np.sign(z) * -np.expm1(-2 * np.abs(z)) / (1 + decay + 1e-8)


@mistake("TANH-INTEGER", "rounds the result to the integers it was given")
def rounded_to_integers(z):
    return np.rint(tanh(z)).astype(z.dtype)


@mistake("TANH-INTEGER", "doubles integers before it promotes them, and large ones wrap")
def doubled_before_promotion(z):
    return tanh((z + z) / 2)


@mistake("TANH-LAYOUT", "reads the elements as if they lay one after the other in memory")
def strides_ignored(z):
    return tanh(as_if_contiguous(z))


@mistake("TANH-LAYOUT", "steps forward through memory also where an axis runs backward")
def negative_strides_taken_for_positive(z):
    return tanh(z[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in z.strides)])


@mistake("TANH-SHAPES", "takes rows one by one, and a number has none")
def row_by_row(z):
    return np.array([np.tanh(row) for row in z], dtype=z.dtype)


@mistake("TANH-SHAPES", "drops axes of length 1 where there are more than two axes")
def axes_of_length_one_dropped(z):
    return tanh(z.squeeze() if z.ndim > 2 else z)


@mistake("TANH-LENGTH", "computes whole blocks of 256 elements, and of a longer array leaves out what is left over")
def leftover_of_256_lost(z):
    value = np.array(tanh(z))
    if z.size > 256:
        value.ravel()[z.size // 256 * 256 :] = 0
    return value


@mistake("TANH-LENGTH", "gives all of eight float32 lanes the value of the first", bug="pytorch#65673")
def first_of_eight_lanes_for_all(z):
    value = np.array(tanh(z))
    if z.dtype == np.float32:
        value = value.ravel()[np.arange(z.size) // 8 * 8].reshape(z.shape)
    return value
