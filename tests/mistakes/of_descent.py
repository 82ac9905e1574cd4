"""Known mistakes of gradient_descent_step, of its own formula."""

import numpy as np

from tests.mistakes.networks import floating, refuse_unless
from tests.mistakes.registry import forms, record, remembering, wrong_later

# fmt: off

def moving(move):
    """The step that makes ``move`` of each parameter, its gradient and the learning rate."""
    return lambda theta, grad, alpha: [move(p, g, alpha) for p, g in zip(theta, grad, strict=True)]

def moving_number(move):
    """As ``moving``, where the number of the array counts."""
    return lambda theta, grad, alpha: [move(i, p, g, alpha) for i, (p, g) in enumerate(zip(theta, grad, strict=True))]

def along(gradients):
    """The step along other gradients than the given ones."""
    return lambda theta, grad, alpha: [p - alpha * g for p, g in zip(theta, gradients(theta, grad), strict=True)]

def first_of_its_shape(theta, grad):
    first = {g.shape: g for g in reversed(grad)}
    return [first[p.shape] for p in theta]

def pairs(theta, grad, fits, strict=False):
    """Parameters and gradients, floating, if ``fits`` says so of each pair."""
    found = [floating(p, g) for p, g in zip(theta, grad, strict=strict)]
    refuse_unless(all(fits(p, g) for p, g in found))
    return found

def stepping(fits, strict=True, shaped=lambda p, g: g):
    def wrong(theta, grad, alpha):
        return [p - alpha * shaped(p, g) for p, g in pairs(theta, grad, fits, strict)]

    return wrong

def decaying():
    calls = iter(range(10**9))
    return lambda theta, grad, alpha: moving(lambda p, g, alpha: p - alpha * g)(
        theta, grad, alpha * 0.99 ** next(calls)
    )

record({
"STEP-VALUE": {
    "climbs along the gradient where the loss is to be minimised": moving(lambda p, g, a: p + a * g),
    "gives the step alone, without the parameters it starts from": moving(lambda p, g, a: -a * g),
    "gives what is to be subtracted": moving(lambda p, g, a: a * g),
    "subtracts the gradient without the learning rate": moving(lambda p, g, a: p - g),
    "multiplies by the learning rate twice": moving(lambda p, g, a: p - a * (a * g)),
    "multiplies the difference by the learning rate": moving(lambda p, g, a: a * (p - g)),
    "divides by the learning rate": moving(lambda p, g, a: p - g / a),
    "moves each array by the mean of its gradient": moving(lambda p, g, a: p - a * g.mean()),
    "moves by the sign of the gradient, whatever its size": moving(lambda p, g, a: p - a * np.sign(g)),
    "scales long gradients to length 1": moving(lambda p, g, a: p - a * g / max(1, np.linalg.norm(g))),
    "takes half the step": moving(lambda p, g, a: p - a * g / 2),
    "adds weight decay that nobody asked for": forms(
        *(moving(lambda p, g, a, c=c: p - a * (g + c * p)) for c in (1e-4, 1e-3, 0.01, 0.1, 1.0))),
    "moves the weights and forgets the biases, every other array":
        moving_number(lambda i, p, g, a: p.copy() if i % 2 else p - a * g),
    "moves the first two arrays, the only ones of a single layer":
        moving_number(lambda i, p, g, a: p - a * g if i < 2 else p.copy()),
    "divides by the number of gradients, as if they were examples":
        lambda theta, grad, a: [p - a / len(theta) * g for p, g in zip(theta, grad, strict=True)],
    "takes the gradients from last to first, as backpropagation leaves them":
        along(lambda theta, grad: grad[::-1] if [g.shape for g in grad[::-1]] == [p.shape for p in theta] else grad),
    "moves every array of one shape by the first gradient of that shape": along(first_of_its_shape),
    "lets the learning rate decay from call to call": remembering(decaying),
}, "STEP-ZERO": {
    "takes a learning rate of 0 for none given and falls back to a default":
        moving(lambda p, g, a: p - (a or 0.01) * g),
    "adds an eps to the gradient, so small that only standing still shows it":
        moving(lambda p, g, a: p - a * (g + 1e-15)),
    "rounds the parameters to single precision on the way":
        moving(lambda p, g, a: p.astype(np.float32).astype(p.dtype) - a * g),
}, "STEP-DESCENT": {
    "clips each element of the gradient at 5": moving(lambda p, g, a: p - a * np.clip(g, -5, 5)),
    "goes no further than 100 in one step":
        moving(lambda p, g, a: p - a * g * min(1, 100 / max(np.linalg.norm(a * g), 1))),
}, "STEP-PURE": {
    "moves the parameters in place": moving(lambda p, g, a: np.subtract(p, a * g, out=p)),
    "multiplies the gradients by the learning rate in place": moving(lambda p, g, a: p - np.multiply(g, a, out=g)),
}, "STEP-DTYPE": {
    "makes the learning rate an array of float64": moving(lambda p, g, a: p - np.asarray([a], np.float64) * g),
}, "STEP-NAN": {
    "leaves the whole step out where a gradient is NaN, as loss scalers do":
        along(lambda theta, grad: [0 * p for p in theta] if any(np.isnan(g).any() for g in grad) else grad),
    "sets a parameter that has become NaN back to 0": moving(lambda p, g, a: np.nan_to_num(p) - a * g),
}, "STEP-LENGTH": {
    "moves 1024 elements of an array at most":
        moving(lambda p, g, a: np.where(np.arange(p.size).reshape(p.shape) < 1024, p - a * g, p)),
}, "STEP-INTEGER": {
    "adds the negative gradient, and the negative of an unsigned integer wraps around":
        moving(lambda p, g, a: p + a * -g),
}, "STEP-SHAPES": {
    "stops at the shorter of the lists of parameters and gradients":
        stepping(lambda p, g: p.shape == g.shape, strict=False),
    "asks only that parameter and gradient have as many elements, in whatever shape":
        stepping(lambda p, g: p.size == g.size, shaped=lambda p, g: g.reshape(p.shape)),
    "subtracts whatever a gradient broadcasts to": stepping(lambda p, g: True),
    "asks that the result has the parameter's shape, to which a smaller gradient broadcasts":
        stepping(lambda p, g: np.broadcast_shapes(p.shape, g.shape) == p.shape),
    "lets surplus gradients go unnoticed": lambda theta, grad, a: stepping(lambda p, g: p.shape == g.shape)(
        theta, [grad[i] for i in range(len(theta))], a
    ),
}})

@wrong_later("STEP-ZERO", "goes on by momentum where the gradient is 0")
def momentum():
    velocities = {}

    def with_momentum(theta, grad, alpha):
        shapes = tuple(p.shape for p in theta)
        before = velocities.get(shapes, [0.0] * len(theta))
        velocities[shapes] = [0.9 * v + g for v, g in zip(before, grad, strict=True)]
        return [p - alpha * v for p, v in zip(theta, velocities[shapes], strict=True)]

    return with_momentum
