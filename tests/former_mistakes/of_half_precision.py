"""Mistakes that only float16 shows, or only the sum of many numbers in it."""

import numpy as np

from reference import (
    binary_cross_entropy,
    cross_entropy,
    cross_entropy_with_logits,
    linear,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from tests.former_mistakes.registry import mistake


def is_half(array):
    return array.dtype == np.float16


@mistake("SIGMOID-HALF", "takes a larger eps in half precision, one that does not vanish in it")
def eps_that_half_precision_can_hold(z):
    return 1 / (1 + np.exp(-z) + np.float16(1e-2)) if is_half(z) else sigmoid(z)


@mistake("SIGMOID-HALF", "replaces the curve by three straight lines in half precision, as on small devices")
def hard_sigmoid_in_half(z):
    return np.clip(z / 6 + np.float16(0.5), 0, 1) if is_half(z) else sigmoid(z)


@mistake("TANH-HALF", "divides e^2z - 1 by e^2z + 1, which are both infinite in half precision from z = 5.6 on")
def quotient_of_exponentials_in_half(z):
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1) if is_half(z) else tanh(z)


@mistake("RELU-HALF", "clips at 6 in half precision, as networks do that are to be quantised")
def clipped_at_six_in_half(z):
    return np.clip(z, 0, 6) if is_half(z) else relu(z)


@mistake("SOFTMAX-HALF", "leaves the maximum in, so that e^z overflows in half precision from z = 11.1 on")
def unshifted_in_half(z):
    if not is_half(z):
        return softmax(z)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@mistake("BCE-HALF", "clips probabilities at 1e-2 in half precision, for fear of log 0")
def clipped_at_a_hundredth_in_half(y_hat, y):
    return binary_cross_entropy(np.clip(y_hat, 1e-2, 1 - 1e-2) if is_half(y_hat) else y_hat, y)


@mistake("CE-HALF", "adds an eps of 1e-2 inside the logarithm in half precision, in which 1e-8 is 0")
def eps_of_a_hundredth_in_half(y_hat, y):
    return cross_entropy(np.minimum(y_hat + np.float16(1e-2), 1) if is_half(y_hat) else y_hat, y)


@mistake("LOGITS-HALF", "takes the logarithm of a softmax, whose small probabilities are 0 in half precision")
def logarithm_of_a_half_softmax(z, labels):
    if not is_half(z):
        return cross_entropy_with_logits(z, labels)
    picked = np.take_along_axis(softmax(z), np.asarray(labels)[..., None], axis=-1)
    return -np.log(picked).mean()


@mistake("MSE-HALF", "multiplies the square out, and subtracts large numbers in half precision")
def square_multiplied_out_in_half(y_hat, y):
    squares = y_hat * y_hat - 2 * y_hat * y + y * y if is_half(y) else (y_hat - y) ** 2
    return np.mean(squares) / 2


@mistake("LINEAR-HALF", "rounds half-precision weights to the four digits of an 8-bit number")
def weights_of_four_digits_in_half(x, W, b):
    fractions, exponents = np.frexp(W)
    return linear(x, np.ldexp(np.round(fractions * 16), exponents - 4) if is_half(W) else W, b)


@mistake(
    "LOGITS-CONFIDENT",
    "keeps the sum of the exponentials in half precision, where 1 + 0.0002 is 1",
    bug="LIVE torch 2.13 CPU",
)
def normaliser_in_half(z, labels):
    if not is_half(z):
        return cross_entropy_with_logits(z, labels)
    shifted = z - z.max(axis=-1, keepdims=True)
    normaliser = np.log(np.exp(shifted).sum(axis=-1))
    return (normaliser - np.take_along_axis(shifted, np.asarray(labels)[..., None], axis=-1)[..., 0]).mean()


@mistake(
    "LOGITS-OVERFLOW", "adds up the losses of the batch in half precision before it divides by m", bug="pytorch#61523"
)
def losses_added_up_in_half(z, labels):
    if not is_half(z):
        return cross_entropy_with_logits(z, labels)
    examples = zip(np.atleast_2d(z), np.ravel(labels), strict=True)
    losses = np.array([cross_entropy_with_logits(row, label) for row, label in examples], np.float16)
    return losses.sum() / np.float16(len(losses))
