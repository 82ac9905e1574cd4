"""The update step of gradient descent and its forward error bound."""

from collections.abc import Sequence

import numpy as np

from reference._validation import check_shape, each_in_its_dtype, real_array, real_number
from reference.arithmetic import Arithmetic, gamma

__all__ = ["gradient_descent_step", "gradient_descent_step_bound"]

FUNCTIONS = ("gradient_descent_step",)


@each_in_its_dtype
def gradient_descent_step(theta: Sequence[np.ndarray], grad: Sequence[np.ndarray], alpha: float) -> list[np.ndarray]:
    r"""One step of gradient descent, :math:`\theta - \alpha\, grad_\theta` for every parameter (slide "Training an
    MLP").

    theta: the parameters, arrays of any shapes; grad: their gradients, as many arrays with the same shapes; alpha: the
    learning rate, a number. Returns a list of new arrays.
    Raises ValueError for unequal numbers of arrays, or unequal shapes.

    >>> gradient_descent_step([np.array([1.0, 2.0])], [np.array([10.0, -10.0])], 0.1)
    [array([0., 3.])]
    """
    alpha = real_number("alpha", alpha)
    if len(theta) != len(grad):
        raise ValueError(f"grad: got {len(grad)} arrays, needs {len(theta)} (one for each of theta)")
    stepped = []
    for i, (parameter, gradient) in enumerate(zip(theta, grad, strict=True)):
        parameter, gradient = real_array(f"theta[{i}]", parameter), real_array(f"grad[{i}]", gradient)
        check_shape(f"grad[{i}]", gradient, parameter.shape, f"the shape of theta[{i}]")
        stepped.append(parameter - alpha * gradient)
    return stepped


@np.errstate(all="ignore")
def gradient_descent_step_bound(
    theta: Sequence[np.ndarray], grad: Sequence[np.ndarray], alpha: float, arithmetic: Arithmetic
) -> list[np.ndarray]:
    """E + u(|theta| + |step| + E) + 2w with E = gamma(2u)|step| for step = alpha grad: alpha is rounded, multiplied,
    subtracted.
    """
    u, bounds = arithmetic.unit_roundoff, []
    for parameter, gradient in zip(theta, grad, strict=True):
        step = np.abs(alpha * gradient)
        error = gamma(2 * u) * step + np.abs(alpha) * arithmetic.flushed(gradient)
        magnitude = np.abs(parameter) + step + error
        bounds.append(arithmetic.within_range(magnitude, error + u * magnitude + 2 * arithmetic.smallest))
    return bounds
