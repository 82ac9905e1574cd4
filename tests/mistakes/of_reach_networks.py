"""Mistakes of layers, gradients and steps that show only in some sizes, dtypes, layouts, values or numbers of steps."""

from typing import Any

import numpy as np

from tests.mistakes.networks import (
    LOSS_SLOPES,
    backpropagated,
    floating,
    layer,
    linear,
    mlp,
    outer_products,
    refuse_unless,
    softmax,
)
from tests.mistakes.registry import record, wrong
from tests.mistakes.rules import RULES


def _winograd(x, W):
    """x W^T with half the products: (x_1 + w_2)(x_2 + w_1) - x_1 x_2 - w_1 w_2 for each pair of inputs."""
    odd = x.shape[-1] % 2
    if odd:
        x, W = (np.concatenate([a, np.zeros((*a.shape[:-1], 1), a.dtype)], axis=-1) for a in (x, W))
    x1, x2, w1, w2 = x[..., None, ::2], x[..., None, 1::2], W[:, ::2], W[:, 1::2]
    return ((x1 + w2) * (x2 + w1)).sum(axis=-1) - (x1 * x2).sum(axis=-1) - (w1 * w2).sum(axis=-1)


def _eleven_bits(a):
    fraction, exponent = np.frexp(a)
    return np.ldexp(np.round(fraction * 2**11) / 2**11, exponent).astype(a.dtype)


def _without_last_tile(z):
    """z without its last, incomplete tile of 32 x 32, where it is large and float32."""
    if z.dtype == np.float32 and min(z.shape) > 32:
        z = z.copy()
        z[z.shape[0] // 32 * 32 :, z.shape[1] // 32 * 32 :] = 0
    return z


@wrong("LINEAR-WIDE", "stores the neurons from the last to the first where two inputs meet eight neurons or more")
def columns_reversed(x, W, b):
    z = x @ W.T
    return (z[..., ::-1] if W.shape[1] == 2 and len(W) >= 8 else z) + b


@wrong("LINEAR-DIGITS", "halves the products by Winograd's inner product, at which small inputs lose their digits")
def winograds_inner_product(x, W, b):
    x, W, b = layer(x, W, b)
    return _winograd(x, W) + b


@wrong("LINEAR-INF", "clamps the sums to the range of the dtype, so that an overflow looks like a result")
def clamped(x, W, b):
    z = linear(x, W, b)
    return np.clip(z, np.finfo(z.dtype).min, np.finfo(z.dtype).max)


@wrong("LINEAR-BLOCKS", "leaves out the last tile of a large float32 product whose sizes are odd")
def last_tile_lost(x, W, b):
    x, W, b = layer(x, W, b)
    return _without_last_tile(x @ W.T) + b


@wrong("LINEAR-BLOCKS", "rounds float32 factors to the eleven bits of TF32 where every size is a multiple of eight")
def tensor_cores(x, W, b):
    x, W, b = layer(x, W, b)
    if x.dtype == np.float32 and all(size % 8 == 0 for size in (*x.shape, *W.shape)):
        x, W = _eleven_bits(x), _eleven_bits(W)
    return x @ W.T + b


@wrong("LINEAR-LENGTH", "has a float32 kernel of its own, which drops what is left over by blocks of 16 inputs")
def leftover_float32_inputs_lost(x, W, b):
    n = x.shape[-1]
    whole = n - n % 16 if x.dtype == np.float32 and n > 16 else n
    return x[..., :whole] @ W[:, :whole].T + b


@wrong("LINEAR-LENGTH", "rounds float32 factors to the eleven bits of TF32 where the inputs are a multiple of eight")
def tensor_cores_by_inputs(x, W, b):
    if x.dtype == np.float32 and x.shape[-1] % 8 == 0:
        x, W = _eleven_bits(x), _eleven_bits(W)
    return x @ W.T + b


@wrong("LINEAR-LAYOUT", "reads rows as if they lay one behind the other, where a slice leaves a gap between them")
def sliced_rows_as_if_packed(x, W, b):
    def packed(a):
        gap = a.ndim == 2 and a.strides[1] == a.itemsize and a.strides[0] > a.shape[1] * a.itemsize
        return np.lib.stride_tricks.as_strided(a, a.shape, (a.shape[1] * a.itemsize, a.itemsize)) if gap else a

    return packed(x) @ packed(W).T + b


@wrong("LINEAR-LAYOUT", "clears the output, which is one of the inputs where a matrix is multiplied by itself")
def product_with_itself(x, W, b):
    z = x @ W.T + b
    return np.zeros_like(z) + b if x.shape == W.shape and np.shares_memory(x, W) else z


@wrong("LINEAR-HALF", "adds sixteen products in half precision and loses the inputs beyond")
def half_precision_inputs_beyond_sixteen_lost(x, W, b):
    x, W, b = layer(x, W, b)
    n = 16 if x.dtype == np.float16 else x.shape[-1]
    return x[..., :n] @ W[:, :n].T + b


@wrong("MLP-INF", "clamps the outputs to the range of the dtype, so that an overflow looks like a result")
def outputs_clamped(x, theta, activations):
    h = mlp(x, theta, activations)
    return np.clip(h, np.finfo(h.dtype).min, np.finfo(h.dtype).max)


@wrong("MLP-BLOCKS", "leaves out the last tile of a large float32 product whose sizes are odd")
def last_tile_of_a_layer_lost(x, theta, activations):
    return mlp(x, theta, activations, linear=lambda h, W, b: _without_last_tile(h @ W.T) + b)


@wrong("COLLAPSE-BLOCKS", "leaves out the last tile of a large float32 product whose sizes are odd")
def last_tile_of_the_product_lost(W1, b1, W2, b2):
    return _without_last_tile(W2 @ W1), W2 @ b1 + b2


# Gradients.


@wrong("GRAD-MSE", "takes a softmax in a hidden layer for elementwise, p (1 - p)")
def hidden_softmax_elementwise(x, y, theta, activations, loss):
    if "softmax" not in activations[:-1]:
        return backpropagated(x, y, theta, activations, loss)
    backward = {"softmax": lambda dh, z, h: dh * h * (1 - h)}
    return backpropagated(x, y, theta, activations, loss, backward=backward)


@wrong("GRAD-SOFT", "takes a soft target for the one-hot vector of its largest element, as p[range(m), argmax(y)] -= 1")
def soft_target_hardened(x, y, theta, activations, loss):
    if loss == "cross_entropy":
        y = (y == y.max(axis=-1, keepdims=True)).astype(y.dtype)
    return backpropagated(x, y, theta, activations, loss)


@wrong("GRAD-SOFT", "rounds a target between 0 and 1 to a class")
def target_rounded(x, y, theta, activations, loss):
    return backpropagated(x, np.round(y) if loss == "binary_cross_entropy" else y, theta, activations, loss)


@wrong("GRAD-NAN", "replaces NaN by 0, so that a network that has diverged looks as if it had converged")
def nan_gradients_as_zero(*training):
    return [tuple(np.nan_to_num(part) for part in one) for one in backpropagated(*training)]


def _lenient_logits(row):
    def slope(z, labels):
        refuse_unless(z.shape[:-1] == labels.shape)
        k = z.shape[-1]
        return row(softmax(z), labels, k) / len(z)

    return {"cross_entropy_with_logits": slope}


@wrong("GRAD-LABELS", "gives an example with an impossible label no gradient")
def impossible_labels_left_out(*training):
    def row(p, labels, k):
        possible = (labels >= 0) & (labels < k)
        return np.where(possible[:, None], p - np.eye(k)[np.where(possible, labels, 0)], 0)

    return backpropagated(*training, slopes=_lenient_logits(row))


@wrong("GRAD-LABELS", "counts a negative label from the end, as Python does")
def negative_labels_from_the_end(*training):
    return backpropagated(*training, slopes=_lenient_logits(lambda p, labels, k: p - np.eye(k)[labels]))


@wrong("GRAD-INDEX", "computes the place of the label, row times k plus label, in the labels' dtype")
def place_in_the_dtype_of_the_labels(*training):
    def row(p, labels, k):
        refuse_unless((labels >= 0).all() and (labels < k).all())
        place = np.arange(len(labels)).astype(labels.dtype) * labels.dtype.type(k) + labels
        p.ravel()[place.astype(np.int64) % p.size] -= 1
        return p

    return backpropagated(*training, slopes=_lenient_logits(row))


@wrong("GRAD-LENGTH", "leaves the weights of the inputs beyond the last whole block of eight without a gradient")
def leftover_inputs_without_gradient(*training):
    def parameters(dz, h):
        dW, db = outer_products(dz, h)
        if dW.shape[1] > 8:
            dW[:, dW.shape[1] // 8 * 8 :] = 0
        return dW, db

    return backpropagated(*training, parameters=parameters)


@wrong("GRAD-LENGTH", "passes no gradient on to the float32 units beyond the last whole block of sixteen")
def leftover_units_without_gradient(*training):
    def inputs(dz, W):
        dh = dz @ W
        if dh.dtype == np.float32 and dh.shape[1] > 16:
            dh[:, dh.shape[1] // 16 * 16 :] = 0
        return dh

    return backpropagated(*training, inputs=inputs)


@wrong("GRAD-BLOCKS", "leaves out the last tile of a large float32 product whose sizes are odd")
def last_tile_of_a_gradient_lost(*training):
    return backpropagated(*training, parameters=lambda dz, h: (_without_last_tile(dz.T @ h), dz.sum(axis=0)))


@wrong("GRAD-DTYPE", "computes the slope of the cross-entropies in float32, and that of the squared error as it came")
def cross_entropies_in_float32(x, y, theta, activations, loss):
    def in_float32(h, y):
        return LOSS_SLOPES[loss](h.astype(np.float32), y).astype(np.float32).astype(h.dtype)

    slopes = {} if loss == "mean_squared_error" else {loss: in_float32}
    return backpropagated(x, y, theta, activations, loss, slopes=slopes)


# Descent and optimisers.


def _descent(theta, grad, alpha):
    refuse_unless([p.shape for p in theta] == [g.shape for g in grad])
    return [p - alpha * g for p, g in (floating(p, g) for p, g in zip(theta, grad, strict=True))]


def _as_the_first(arrays):
    """The arrays, each read as if it were of the dtype of the first one."""
    first = arrays[0].dtype
    return [
        a if a.dtype == first else np.resize(a.ravel().view(np.uint8), a.nbytes // 8 * 8 or 8).view(first)
        for a in arrays
    ]


def _read_as_the_first(arrays):
    read = _as_the_first(arrays)
    return [np.resize(one, a.shape).astype(a.dtype) for one, a in zip(read, arrays, strict=True)]


@wrong("STEP-MIXED", "gives every parameter the dtype of the first one")
def dtype_of_the_first(theta, grad, alpha):
    return [p.astype(theta[0].dtype) for p in _descent(theta, grad, alpha)]


@wrong("STEP-NDIM", "does not move where one parameter is empty")
def empty_parameter_stops_all(theta, grad, alpha):
    stepped = _descent(theta, grad, alpha)
    return stepped if all(p.size for p in theta) else [p.copy() for p in theta]


@wrong("STEP-VALUE", "clips each element of a gradient at 5")
def clipped_at_five(theta, grad, alpha):
    return _descent(theta, [np.clip(g, -5, 5) for g in grad], alpha)


@wrong("STEP-LAYOUT", "walks through parameter and gradient as they lie in memory, though they lie differently")
def memory_orders_mixed(theta, grad, alpha):
    return _descent(theta, [_in_memory_order_of(p, g) for p, g in zip(theta, grad, strict=True)], alpha)


def _in_memory_order_of(p, g):
    """The elements of g as they lie in memory, in the places in which those of p lie there."""
    if p.ndim < 2 or p.shape != g.shape or not (p.flags.forc and g.flags.forc):
        return g
    order: Any = "F" if p.flags.f_contiguous and not p.flags.c_contiguous else "C"
    return g.ravel(order="K").reshape(p.shape, order=order)


def _of_every_rule(rule: str) -> None:
    right = RULES[rule].step()

    def clipped(theta, grad, state, **hyper):
        return right(theta, [np.clip(g, -5, 5) for g in grad], state, **hyper)

    def bounded_launch(theta, grad, state, **hyper):
        stepped, new = right(theta, grad, state, **hyper)
        return [*stepped[:30], *(p.copy() for p in theta[30:])], new

    def empty_stops(theta, grad, state, **hyper):
        stepped, new = right(theta, grad, state, **hyper)
        return (stepped if all(p.size for p in theta) else [p.copy() for p in theta]), new

    def as_the_first(theta, grad, state, **hyper):
        return right(theta, _read_as_the_first(grad), state, **hyper)

    def memory_order(theta, grad, state, **hyper):
        return right(theta, [_in_memory_order_of(p, g) for p, g in zip(theta, grad, strict=True)], state, **hyper)

    table = {
        "VALUE": {
            "clips each element of a gradient at 5 before the rule": clipped,
            "launches thirty arrays at once and forgets those beyond": bounded_launch,
        },
        "NDIM": {"does not move where one parameter is empty": empty_stops},
        "MIXED": {"reads each gradient as if it had the dtype of the first one": as_the_first},
        "LAYOUT": {"walks through parameter and gradient as each lies in memory": memory_order},
    }
    record({f"{rule}-{clause}": steps for clause, steps in table.items()})


for _rule in RULES:
    _of_every_rule(_rule)


def _with_a_counter(counter):
    """Adam, and Adamax, that counts its steps in a number of ``counter``."""

    def counting(rule):
        def step(theta, grad, state, **hyper):
            before = int(state["step"])
            after = counter(before)
            stepped, new = RULES[rule].step()(theta, grad, {**state, "step": after - 1}, **hyper)
            return stepped, {**new, "step": after}

        return step

    return counting


def _in_half(before):
    after = np.float16(before) + np.float16(1)
    return int(after) if np.isfinite(after) else 65504


def _in_bfloat16(before):
    exponent = max(int(before + 1).bit_length() - 8, 0)
    return max((before + 1) >> exponent << exponent, 1)


for _rule in ("ADAM", "ADAMAX"):
    for _name, _counter in {"float16": _in_half, "bfloat16": _in_bfloat16}.items():
        _step = _with_a_counter(_counter)(_rule)
        wrong(f"{_rule}-VALUE", f"counts the steps in {_name}, which stands still once 1 is too small for it")(_step)


@wrong("ADAMAX-EPS", "divides by the decaying maximum alone, which is 0 where no gradient was")
def adamax_without_eps(theta, grad, state, lr, betas, eps):
    return RULES["ADAMAX"].step()(theta, grad, state, lr=lr, betas=betas, eps=0.0)


@wrong("SGD-PURE", "keeps the gradient itself as the first velocity, so that clearing the one clears the other")
def first_velocity_is_the_gradient(theta, grad, state, lr, momentum):
    key = "momentum_buffer"
    stepped, new = RULES["SGD"].step()(theta, grad, state, lr=lr, momentum=momentum)
    return stepped, new if any(v.any() for v in state[key]) else {key: list(grad)}
