"""Known mistakes of the elementwise activation functions, each of its own formula."""

import math

import numpy as np

from reference import relu, sigmoid, tanh
from tests.mistakes.registry import forms, record, replica, wrong

# fmt: off
exp = np.exp

def rounded(f):
    return forms(*(lambda z, d=d: np.round(f(z), d) for d in (2, 3, 4, 5, 6, 1)))

record({
"SIGMOID-VALUE": {
    "loses the minus sign of the exponent": lambda z: 1 / (1 + exp(z)),
    "leaves out the brackets around the denominator, and so adds e^-z to 1": lambda z: 1 / 1 + exp(-z),
    "takes 2 for the base of the exponential": lambda z: 1 / (1 + 2.0**-z),
    "adds an eps of 1e-5 to the denominator, too large to go unnoticed": lambda z: 1 / (1 + exp(-z) + 1e-5),
    "clips the probability, for the sake of a logarithm elsewhere": lambda z: np.clip(sigmoid(z), 1e-5, 1 - 1e-5),
    "gives the derivative, s (1 - s), where the value is due": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "puts three straight lines in the place of the curve": lambda z: np.clip(0.2 * z + 0.5, 0, 1),
    "writes (tanh(z) + 1) / 2, which is the sigmoid of 2z": lambda z: 0.5 * (np.tanh(z) + 1),
    "rounds to a few decimals": rounded(sigmoid),
    "subtracts e^-z where it should add it": lambda z: 1 / (1 - exp(-z)),
    "rounds to the class, 0 or 1": forms(lambda z: np.round(sigmoid(z)), lambda z: np.where(z >= 0, 1.0, 0.0)),
    "fills the result column by column from a matrix read row by row":
        lambda z: np.array([1 / (1 + math.exp(-number)) for number in z.flat]).reshape(z.shape, order="F"),
}, "SIGMOID-SYMMETRY": {
    "writes 1 / (1 + e^z) left of 0 against overflow, where e^z / (1 + e^z) is due":
        lambda z: np.where(z >= 0, 1 / (1 + exp(-z)), 1 / (1 + exp(z))),
}, "SIGMOID-MONOTONE": {
    "takes the first terms of the Taylor series, which turn back at 2, for the function":
        lambda z: np.clip(1 / 2 + z / 4 - z**3 / 48, 0, 1),
    "calls everything beyond 10 certain and gives it 0.9999": lambda z: np.where(z > 10, 0.9999, sigmoid(z)),
}, "SIGMOID-RANGE": {
    "subtracts the eps in the denominator, so that values exceed 1": lambda z: 1 / (1 + exp(-z) - 1e-8),
}, "SIGMOID-PURE": {
    "computes in the memory of its argument":
        lambda z: np.reciprocal(np.add(exp(np.negative(z, out=z), out=z), 1, out=z), out=z),
}, "SIGMOID-TAILS": {
    "writes e^z / (1 + e^z) for every z, infinity by infinity far right": lambda z: exp(z) / (1 + exp(z)),
    "takes (1 + tanh(z / 2)) / 2, which is 0 where the left tail has digits": lambda z: (1 + np.tanh(z / 2)) / 2,
    "clips z to [-30, 30], and far left nothing gets smaller": lambda z: sigmoid(np.clip(z, -30, 30)),
}, "SIGMOID-DTYPE": {
    "keeps the eps of the slide, which costs half of the digits of float64": lambda z: 1 / (1 + exp(-z) + 1e-8),
}, "SIGMOID-INTEGER": {
    "negates unsigned integers before it promotes them":
        lambda z: 1 / (1 + exp((-z).astype(np.result_type(z, np.float32)))),
}})

@wrong("SIGMOID-NAN", "gives 1 for NaN but among the elements left over from groups of four", bug="tensorflow#29048")
def nan_is_one_in_groups_of_four(z):
    grouped = np.arange(z.size).reshape(z.shape) < z.size // 4 * 4
    return np.where(np.isnan(z) & grouped, 1, sigmoid(z))

record({
"TANH-VALUE": {
    "rounds to a few decimals": rounded(tanh),
    "subtracts the other way round in the numerator": lambda z: (1 - exp(2 * z)) / (exp(2 * z) + 1),
    "swaps the plus and the minus of the quotient": lambda z: (exp(2 * z) + 1) / (exp(2 * z) - 1),
    "leaves the 1 out of the numerator, and so gives a sigmoid": lambda z: exp(2 * z) / (exp(2 * z) + 1),
    "leaves the denominator out, and so gives the hyperbolic sine": lambda z: (exp(z) - exp(-z)) / 2,
    "takes 10 for the base of the exponential": lambda z: (10.0 ** (2 * z) - 1) / (10.0 ** (2 * z) + 1),
    "forgets the 2 in the exponents": lambda z: (exp(z) - 1) / (exp(z) + 1),
    "takes the tangent of an angle for the hyperbolic one": np.tan,
    "gives the derivative, 1 - tanh^2, where the value is due": lambda z: 1 - tanh(z) ** 2,
    "cuts the line through 0 off at -1 and 1 and takes it for the curve": lambda z: np.clip(z, -1, 1),
    "adds an eps of 1e-5 to the denominator": lambda z: (exp(2 * z) - 1) / (exp(2 * z) + 1 + 1e-5),
    "clips z to [-5, 5], where the curve is not flat yet": lambda z: tanh(np.clip(z, -5, 5)),
}, "TANH-SYMMETRY": {
    "computes with |z| against overflow and does not give the sign back":
        lambda z: (1 - exp(-2 * np.abs(z))) / (1 + exp(-2 * np.abs(z))),
}, "TANH-MONOTONE": {
    "takes the first terms of the Taylor series, which turn back at 1": lambda z: np.clip(z - z**3 / 3, -1, 1),
}, "TANH-RANGE": {
    "takes a quotient of polynomials for the function and does not stop it at 1":
        lambda z: z * (27 + z**2) / (27 + 9 * z**2),
    "subtracts an eps in the denominator, so that values exceed 1": lambda z: 2 / (1 + exp(-2 * z) - 1e-8) - 1,
}, "TANH-SIGMOID": {
    "stretches the sigmoid upwards and forgets to double the argument": lambda z: 2 * sigmoid(z) - 1,
    "moves the sigmoid of 2z down to the origin and forgets to double it": lambda z: sigmoid(2 * z) - 1 / 2,
}, "TANH-PURE": {
    "computes in the memory of its argument": lambda z: np.tanh(z, out=z),
}, "TANH-TAILS": {
    "computes the quotient literally, infinity by infinity far right":
        replica("deeplearning4j#7382", lambda z: (exp(2 * z) - 1) / (exp(2 * z) + 1)),
    "computes the quotient for |z|, which overflows on both sides":
        replica("pytorch PR172406", lambda z: np.copysign((exp(2 * np.abs(z)) - 1) / (exp(2 * np.abs(z)) + 1), z)),
    "takes 1 - 2 / (e^2z + 1), which never overflows but cancels next to 0": lambda z: 1 - 2 / (exp(2 * z) + 1),
}, "TANH-NAN": {
    "confines z with fmin and fmax, which drop a NaN": lambda z: tanh(np.fmax(np.fmin(z, 20), -20)),
}, "TANH-DTYPE": {
    "keeps an eps in the denominator, which costs half of the digits of float64":
        lambda z: np.sign(z) * -np.expm1(-2 * np.abs(z)) / (1 + exp(-2 * np.abs(z)) + 1e-8),
}, "TANH-INTEGER": {
    "rounds the result to the integers it was given": lambda z: np.rint(tanh(z)).astype(z.dtype),
    "doubles integers before it promotes them, and large ones wrap": lambda z: tanh((z + z) / 2),
}, "RELU-VALUE": {
    "takes the smaller of 0 and z": lambda z: np.minimum(0, z),
    "rectifies -z": lambda z: np.maximum(0.0, -z),
    "gives the derivative, 0 or 1, where the value is due": lambda z: (z > 0).astype(z.dtype),
    "rounds the corner off: gives log(1 + e^z)": lambda z: np.logaddexp(0, z),
    "cuts off at 1 where the formula cuts off at 0": lambda z: np.where(z > 1, z, 0),
    "lets the left half run into -1 instead of 0": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "asks Python for the larger of 0 and z, which has no answer for an array": lambda z: max(0, z),
    "takes the largest element along the first axis for the larger of two numbers": lambda z: np.max(z, 0),
    "cuts off at an eps instead of 0": lambda z: np.maximum(1e-7, z),
}, "RELU-PARTS": {
    "lets a hundredth of the negative part through": lambda z: np.where(z > 0, z, 0.01 * z),
    "clips the positive part at 6": lambda z: np.clip(z, 0, 6),
}, "RELU-MONOTONE": {
    "takes the absolute value": np.abs,
    "multiplies z by its sigmoid, which dips left of 0": lambda z: z / (1 + exp(-z)),
}, "RELU-PURE": {
    "sets the negative elements of its argument to 0": lambda z: np.maximum(z, 0, out=z),
}, "RELU-TAILS": {
    "multiplies z by whether it is positive, and -inf times 0 is NaN": lambda z: z * (z > 0),
    "halves z + |z|, which overflows for the largest numbers": lambda z: (z + np.abs(z)) / 2,
    "takes the smallest numbers for 0": lambda z: np.where(np.abs(z) < 1e-30, 0, relu(z)),
}, "RELU-NAN": {
    "asks whether z is positive, which a NaN is not, and gives 0 otherwise":
        replica("pytorch#7999,#10238", lambda z: np.where(z > 0, z, 0)),
    "gives infinity for NaN": lambda z: np.where(z < np.inf, np.maximum(z, 0), np.inf),
}, "RELU-INTEGER": {
    "asks whether -z is negative, which wraps for unsigned and for the smallest integers":
        lambda z: np.where(-z < 0, z, 0 * z),
}, "RELU-NDIM": {
    "looks for the smallest element first": lambda z: np.array(z) if z.min() >= 0 else relu(z),
}})

# Shapes, the same for all of them.

for _id, _f in {"SIGMOID-NDIM": sigmoid, "TANH-NDIM": tanh, "RELU-NDIM": relu}.items():
    record({
    _id: {
        "makes a vector of a number": lambda z, f=_f: f(np.atleast_1d(z)),
        "drops axes of length 1": lambda z, f=_f: np.squeeze(f(z)),
        "flattens all axes but the first": lambda z, f=_f: f(z.reshape(len(z), -1) if z.ndim > 2 else z),
        "takes all axes but the last for one": lambda z, f=_f: f(z.reshape(-1, z.shape[-1]) if z.ndim > 2 else z),
        "takes rows one by one, and a number has none": lambda z, f=_f: np.array([f(row) for row in z]),
        "puts the last two axes of more than two the other way round":
            lambda z, f=_f: f(z.swapaxes(-1, -2) if z.ndim > 2 else z),
    }}, family="shapes")

# Half precision: what is wrong in float16 only.

def in_half_only(f, wrong_in_half):
    return lambda z, *rest: (wrong_in_half if z.dtype == np.float16 else f)(z, *rest)

record({
"SIGMOID-HALF": {
    "takes a larger eps in half precision, one that does not vanish in it":
        in_half_only(sigmoid, lambda z: 1 / (1 + exp(-z) + np.float16(1e-2))),
    "replaces the curve by three straight lines in half precision":
        in_half_only(sigmoid, lambda z: np.clip(z / 6 + np.float16(0.5), 0, 1)),
}, "TANH-HALF": {
    "divides e^2z - 1 by e^2z + 1, both infinite in half precision from z = 5.6 on":
        in_half_only(tanh, lambda z: (exp(2 * z) - 1) / (exp(2 * z) + 1)),
}, "RELU-HALF": {
    "clips at 6 in half precision, as networks do that are to be quantised":
        in_half_only(relu, lambda z: np.clip(z, 0, 6)),
}})
