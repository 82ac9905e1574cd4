"""Mistakes in a step of gradient descent."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import floating, refuse_unless


@mistake("STEP-VALUE", "climbs along the gradient where the loss is to be minimised")
def ascent(theta, grad, alpha):
    return [p + alpha * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "gives the step alone, without the parameters it starts from")
def step_alone(theta, grad, alpha):
    return [-alpha * g for _, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "subtracts the gradient without the learning rate")
def learning_rate_forgotten(theta, grad, alpha):
    return [p - g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "multiplies by the learning rate twice")
def learning_rate_squared(theta, grad, alpha):
    return [p - alpha * (alpha * g) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "divides by the learning rate")
def divided_by_the_learning_rate(theta, grad, alpha):
    return [p - g / alpha for p, g in zip(theta, grad, strict=True)]


@mistake(
    "STEP-VALUE", "takes the gradients from last to first, as backpropagation leaves them, which equal shapes hide"
)
def gradients_reversed(theta, grad, alpha):
    order = grad[::-1] if [g.shape for g in grad[::-1]] == [p.shape for p in theta] else grad
    return [p - alpha * g for p, g in zip(theta, order, strict=True)]


@mistake("STEP-VALUE", "moves every array of one shape by the first gradient of that shape")
def first_gradient_of_the_shape(theta, grad, alpha):
    first = {g.shape: g for g in reversed(grad)}
    return [p - alpha * first[p.shape] for p in theta]


@mistake("STEP-VALUE", "moves the weights and forgets the biases, every other array")
def biases_never_move(theta, grad, alpha):
    return [p.copy() if i % 2 else p - alpha * g for i, (p, g) in enumerate(zip(theta, grad, strict=True))]


@mistake("STEP-VALUE", "moves the first two arrays, the only ones of a single layer")
def first_layer_only(theta, grad, alpha):
    return [p - alpha * g if i < 2 else p.copy() for i, (p, g) in enumerate(zip(theta, grad, strict=True))]


@mistake("STEP-VALUE", "moves each array by the mean of its gradient")
def mean_of_the_gradient(theta, grad, alpha):
    return [p - alpha * g.mean() for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "moves by the sign of the gradient, whatever its size")
def sign_of_the_gradient(theta, grad, alpha):
    return [p - alpha * np.sign(g) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "scales long gradients to length 1, as clipping does")
def gradients_of_length_one(theta, grad, alpha):
    return [p - alpha * g / max(1, np.linalg.norm(g)) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "divides by the number of gradients, as if they were examples")
def divided_by_the_number_of_arrays(theta, grad, alpha):
    return [p - alpha / len(theta) * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "adds weight decay that nobody asked for")
def weight_decay(theta, grad, alpha):
    return [p - alpha * (g + 1e-4 * p) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-VALUE", "lets the learning rate decay from call to call", remembers=True)
def learning_rate_decays():
    calls = iter(range(10**9))

    def decaying(theta, grad, alpha):
        decayed = alpha * 0.99 ** next(calls)
        return [p - decayed * g for p, g in zip(theta, grad, strict=True)]

    return decaying


@mistake("STEP-VALUE", "keeps the learning rate of the first call", remembers=True)
def learning_rate_of_the_first_call():
    first = []

    def with_the_first(theta, grad, alpha):
        first.append(alpha)
        return [p - first[0] * g for p, g in zip(theta, grad, strict=True)]

    return with_the_first


@mistake("STEP-ZERO", "goes on by momentum where the gradient is 0", remembers=True)
def momentum():
    velocities = {}

    def with_momentum(theta, grad, alpha):
        shapes = tuple(p.shape for p in theta)
        before = velocities.get(shapes, [0.0] * len(theta))
        velocities[shapes] = [0.9 * v + g for v, g in zip(before, grad, strict=True)]
        return [p - alpha * v for p, v in zip(theta, velocities[shapes], strict=True)]

    return with_momentum


@mistake("STEP-ZERO", "takes a learning rate of 0 for none given and falls back to a default")
def default_for_a_learning_rate_of_zero(theta, grad, alpha):
    alpha = alpha or 0.01
    return [p - alpha * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-ZERO", "adds an eps to the gradient, so small that only standing still shows it")
def eps_added_to_the_gradient(theta, grad, alpha):
    return [p - alpha * (g + 1e-15) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-ZERO", "rounds the parameters to single precision on the way")
def parameters_in_single_precision(theta, grad, alpha):
    return [p.astype(np.float32).astype(p.dtype) - alpha * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-DESCENT", "clips each element of the gradient at 5, further out than everyday gradients reach")
def gradient_clipped_at_five(theta, grad, alpha):
    return [p - alpha * np.clip(g, -5, 5) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-DESCENT", "goes no further than 100 in one step")
def steps_of_a_hundred_at_most(theta, grad, alpha):
    lengths = [np.linalg.norm(alpha * g) for g in grad]
    return [p - alpha * g * min(1, 100 / max(n, 1)) for p, g, n in zip(theta, grad, lengths, strict=True)]


@mistake("STEP-PURE", "moves the parameters in place", remembers=False)
def parameters_moved_in_place(theta, grad, alpha):
    for p, g in zip(theta, grad, strict=True):
        p -= alpha * g
    return theta


@mistake("STEP-PURE", "puts the new arrays into the caller's list")
def list_of_parameters_overwritten(theta, grad, alpha):
    for i, g in enumerate(grad):
        theta[i] = theta[i] - alpha * g
    return theta


@mistake("STEP-PURE", "multiplies the gradients by the learning rate in place")
def gradients_scaled_in_place(theta, grad, alpha):
    for g in grad:
        g *= alpha
    return [p - g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-PURE", "sets the gradients to 0 after the step, as an optimiser's user does")
def gradients_set_to_zero(theta, grad, alpha):
    stepped = [p - alpha * g for p, g in zip(theta, grad, strict=True)]
    for g in grad:
        g[...] = 0
    return stepped


@mistake("STEP-PURE", "returns arrays that the next call for the same shapes overwrites", remembers=True)
def buffers_for_each_shape():
    buffers = {}

    def into_its_buffers(theta, grad, alpha):
        shapes = tuple(p.shape for p in theta)
        out = buffers.setdefault(shapes, [np.empty_like(p) for p in theta])
        for p, g, stepped in zip(theta, grad, out, strict=True):
            np.subtract(p, alpha * g, out=stepped)
        return out

    return into_its_buffers


@mistake("STEP-DTYPE", "makes the learning rate an array of float64, which makes the parameters float64 too")
def float64_learning_rate(theta, grad, alpha):
    return [p - np.asarray(alpha, np.float64) * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-DTYPE", "steps in float32, the habit of the frameworks, and casts back")
def float32_inside(theta, grad, alpha):
    return [
        (p.astype(np.float32) - alpha * g.astype(np.float32)).astype(p.dtype) for p, g in zip(theta, grad, strict=True)
    ]


@mistake("STEP-LAYOUT", "reads a gradient as if the elements of a view lay one after the other", bug="pytorch#80006")
def gradients_read_as_if_contiguous(theta, grad, alpha):
    grad = [as_if_contiguous(g) for g in grad]
    return [p - alpha * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-LAYOUT", "flattens the parameters in the order in which they lie in memory")
def parameters_in_the_order_of_memory(theta, grad, alpha):
    return [p.ravel(order="K").reshape(p.shape) - alpha * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-NAN", "counts a NaN in the gradient as 0, so that a training that has diverged seems to stand still")
def nan_as_zero(theta, grad, alpha):
    return [p - alpha * np.nan_to_num(g) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-NAN", "leaves the whole step out where a gradient is NaN, as the scalers of half-precision training do")
def step_left_out(theta, grad, alpha):
    if any(np.isnan(g).any() for g in grad):
        return [p.copy() for p in theta]
    return [p - alpha * g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-NAN", "clips the gradients by the norm of all of them, and one NaN makes it NaN for all")
def nan_spreads_by_the_norm(theta, grad, alpha):
    norm = np.sqrt(sum((g**2).sum() for g in grad))
    return [p - alpha * g * (1e6 / norm if not norm < 1e6 else 1) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-LONG", "moves four elements at a time and leaves the others where they are")
def leftover_elements_not_moved(theta, grad, alpha):
    stepped = [p - alpha * g for p, g in zip(theta, grad, strict=True)]
    for p, new in zip(theta, stepped, strict=True):
        if p.size > 8 and p.ndim == 1:
            new[p.size - p.size % 4 :] = p[p.size - p.size % 4 :]
    return stepped


@mistake("STEP-LONG", "moves 1024 elements of an array at most")
def elements_beyond_1024_not_moved(theta, grad, alpha):
    stepped = [p - alpha * g for p, g in zip(theta, grad, strict=True)]
    for p, new in zip(theta, stepped, strict=True):
        new[1024:] = p[1024:]
    return stepped


@mistake("STEP-INTEGER", "writes the new parameters into arrays like the old ones, whose integers cut them off")
def steps_truncated(theta, grad, alpha):
    refuse_unless([p.shape for p in theta] == [g.shape for g in grad])
    return [(p - alpha * g).astype(p.dtype) for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-INTEGER", "adds the negative gradient, and the negative of an unsigned integer wraps around")
def negative_of_unsigned_integers(theta, grad, alpha):
    refuse_unless([p.shape for p in theta] == [g.shape for g in grad])
    return [p + alpha * -g for p, g in zip(theta, grad, strict=True)]


@mistake("STEP-SHAPES", "stops at the shorter of the lists of parameters and gradients")
def shorter_list_decides(theta, grad, alpha):
    pairs = [floating(p, g) for p, g in zip(theta, grad, strict=False)]
    refuse_unless(all(p.shape == g.shape for p, g in pairs))
    return [p - alpha * g for p, g in pairs]


@mistake("STEP-SHAPES", "asks only that parameter and gradient have as many elements, in whatever shape")
def elements_counted_only(theta, grad, alpha):
    pairs = [floating(p, g) for p, g in zip(theta, grad, strict=True)]
    refuse_unless(all(p.size == g.size for p, g in pairs))
    return [p - alpha * g.reshape(p.shape) for p, g in pairs]


@mistake("STEP-SHAPES", "lets surplus gradients go unnoticed")
def surplus_gradients_unnoticed(theta, grad, alpha):
    pairs = [floating(p, grad[i]) for i, p in enumerate(theta)]
    refuse_unless(all(p.shape == g.shape for p, g in pairs))
    return [p - alpha * g for p, g in pairs]


@mistake("STEP-SHAPES", "broadcasts parameter and gradient to one shape, as NumPy does unasked")
def gradients_broadcast(theta, grad, alpha):
    return [p - alpha * g for p, g in (floating(p, g) for p, g in zip(theta, grad, strict=True))]


@mistake("STEP-SHAPES", "asks that the result has the parameter's shape, to which a smaller gradient can be broadcast")
def small_gradients_broadcast(theta, grad, alpha):
    stepped = [p - alpha * g for p, g in (floating(p, g) for p, g in zip(theta, grad, strict=True))]
    refuse_unless(all(new.shape == p.shape for new, p in zip(stepped, theta, strict=True)))
    return stepped
