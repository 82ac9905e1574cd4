"""Right ways to write sigmoid, tanh and ReLU."""

import math
from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.registry import variant, variants


@variant("sigmoid", "textbook")
def with_the_eps_of_the_slide(z):
    return 1 / (1 + np.exp(-z) + 1e-8)


@variant("sigmoid", "textbook")
def with_the_largest_eps(z):
    return 1 / (1 + np.exp(-z) + 1e-7)


@variant("sigmoid", "textbook")
def element_by_element(z):
    return np.array([1 / (1 + math.exp(-number)) for number in z.flat]).reshape(z.shape)


@variant("sigmoid", "textbook")
def with_the_exponential_in_the_numerator(z):
    return np.exp(z) / (1 + np.exp(z))


@variant("sigmoid", "textbook")
def complement_of_the_other_side(z):
    return 1 - 1 / (1 + np.exp(z))


@variant("sigmoid", "textbook")
def half_of_one_plus_tanh(z):
    return (1 + np.tanh(z / 2)) / 2


@variant("sigmoid", "textbook")
def exponential_of_the_log_sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


@variant("sigmoid", "textbook")
def softmax_beside_zero(z):
    e = np.exp(np.stack([z, np.zeros_like(z)]) - np.maximum(z, 0))
    return e[0] / e.sum(axis=0)


@variant("sigmoid", "textbook")
def clipped_where_nothing_is_lost(z):
    return 1 / (1 + np.exp(-np.clip(z, -20, 20)))


@variant("sigmoid", "robust")
def formula_of_the_slide_with_promotion(z):
    return 1 / (1 + np.exp(-1.0 * z))


@variant("sigmoid", "robust")
def without_overflow_on_either_side(z):
    e = np.exp(-np.abs(1.0 * z))
    return np.where(z >= 0, 1, e) / (1 + e)


@variant("sigmoid", "robust")
def side_by_side(z):
    z = 1.0 * z
    result = np.empty_like(z)
    right = z >= 0
    result[right] = 1 / (1 + np.exp(-z[right]))
    e = np.exp(z[~right])
    result[~right] = e / (1 + e)
    return result


@variant("sigmoid", "robust")
def of_piecewise(z):
    pieces = [lambda left: np.exp(left) / (1 + np.exp(left)), lambda right: np.reciprocal(1 + np.exp(-right))]
    return np.piecewise(1.0 * z, [z < 0, ~(z < 0)], pieces)


@variant("sigmoid", "robust")
def reciprocal_of_2_plus_expm1(z):
    return 1 / (2 + np.expm1(-1.0 * z))


@variant("tanh", "textbook")
def quotient_of_the_slide(z):
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)


@variant("tanh", "textbook")
def quotient_with_an_eps(z):
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1 + 1e-8)


@variant("tanh", "textbook")
def quotient_of_negative_powers(z):
    return (1 - np.exp(-2 * z)) / (1 + np.exp(-2 * z))


@variant("tanh", "textbook")
def sinh_by_cosh(z):
    return np.sinh(z) / np.cosh(z)


@variant("tanh", "textbook")
def four_exponentials(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


@variant("tanh", "textbook")
def one_less_a_fraction(z):
    return 1 - 2 / (np.exp(2 * z) + 1)


@variant("tanh", "textbook")
def rescaled_sigmoid(z):
    return 2 / (1 + np.exp(-2 * z)) - 1


@variant("tanh", "robust")
def rational_near_0(z):
    """The leading coefficients of a quotient of polynomials: their product with a tiny number may be subnormal."""
    z = 1.0 * z
    coefficient = z.dtype.type(4.89352518554385e-03)
    return np.where(np.abs(z) < 1e-10, z * coefficient / coefficient, np.tanh(z))


@variant("tanh", "robust")
def tangent_of_an_imaginary_angle(z):
    return np.tan(1j * z).imag


@variant("tanh", "robust")
def of_numpy(z):
    return np.tanh(z)


@variant("tanh", "robust")
def of_the_standard_library(z):
    return np.array([math.tanh(number) for number in z.flat], np.result_type(z, np.float32)).reshape(z.shape)


@variant("tanh", "robust")
def from_expm1(z):
    e = np.expm1(-2 * np.abs(1.0 * z))
    return np.copysign(e / (e + 2), z)


@variant("relu", "textbook")
def where_positive(z):
    return np.where(z > 0, z, 0)


@variant("relu", "textbook")
def times_whether_it_is_positive(z):
    return z * (z > 0)


@variant("relu", "textbook")
def half_of_the_sum_with_the_absolute_value(z):
    return (z + np.abs(z)) / 2


@variant("relu", "textbook")
def times_a_step(z):
    return z * np.heaviside(z, 0)


@variant("relu", "textbook")
def number_by_number(z):
    return np.array([max(0.0, number) for number in z.flat]).reshape(z.shape)


@variant("relu", "robust")
def maximum(z):
    return np.maximum(0, z)


@variant("relu", "robust")
def maximum_in_floating_point(z):
    return np.maximum(z, 0.0)


@variant("relu", "robust")
def clipped_from_below(z):
    return np.clip(z, 0, None)


@variant("relu", "robust")
def negative_elements_of_a_copy_overwritten(z):
    result = z.copy()
    result[result < 0] = 0
    return result


@variant("relu", "robust")
def unless_negative(z):
    return np.where(z < 0, 0, z)


@variant("relu", "robust")
def larger_of_two_sorted(z):
    return np.sort(np.stack([z, np.zeros_like(z)]), axis=0)[1]


@variant("relu", "robust")
def integers_in_float32(z):
    return np.maximum(z if z.dtype.kind == "f" else z.astype(np.float32), 0)


if find_spec("scipy"):

    def _scipy():
        from scipy import special

        return {"sigmoid": special.expit}

    variants("sigmoid: scipy.special.expit", "robust", _scipy)

    def _scipy_stats():
        from scipy import stats

        return {"sigmoid": stats.logistic.cdf}

    variants("sigmoid: scipy.stats.logistic.cdf", "textbook", _scipy_stats)

if find_spec("sklearn"):

    def _sklearn():
        from sklearn.neural_network._base import ACTIVATIONS

        def of_a_copy(in_place):
            def activation(z):
                z = z.copy()
                in_place(z)
                return z

            return activation

        return {"sigmoid": of_a_copy(ACTIVATIONS["logistic"])} | {
            name: of_a_copy(ACTIVATIONS[name]) for name in ("tanh", "relu")
        }

    variants("activations of sklearn.neural_network", "textbook", _sklearn)

if find_spec("torch"):

    def _torch():
        import torch

        return {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}

    def _torch_special():
        import torch

        return {"sigmoid": torch.special.expit, "relu": lambda z: z.clamp(min=0)}

    def _torch_functional():
        from torch.nn import functional

        return {"sigmoid": functional.sigmoid, "tanh": functional.tanh, "relu": functional.relu}

    def _torch_modules():
        from torch import nn

        return {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU()}

    def _torch_scripted():
        import torch

        def sigmoid(z: torch.Tensor) -> torch.Tensor:
            return 1 / (1 + torch.exp(-1.0 * z))

        def tanh(z: torch.Tensor) -> torch.Tensor:
            return torch.tanh(z)

        def relu(z: torch.Tensor) -> torch.Tensor:
            return torch.clamp(z, min=0)

        return {function.__name__: torch.jit.script(function) for function in (sigmoid, tanh, relu)}

    variants("activations of torch", "robust", _torch, arrays="torch")
    variants("activations of torch.special", "robust", _torch_special, arrays="torch")
    variants("activations of torch.nn.functional", "robust", _torch_functional, arrays="torch")
    variants("activations of torch.nn", "robust", _torch_modules, arrays="torch")
    variants("activations scripted by torch", "robust", _torch_scripted, arrays="torch")
