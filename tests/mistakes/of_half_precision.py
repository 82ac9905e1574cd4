"""Known mistakes that show in half precision alone: float16 has code of its own, and a short range."""

import numpy as np

import reference
from tests.mistakes.networks import linear, mlp, refuse_unless, sigmoid
from tests.mistakes.of_activations import in_half_only
from tests.mistakes.of_reach_losses import losses_of_probabilities, squares
from tests.mistakes.registry import record

# fmt: off
HALF = np.float16

def neuron(x, w, b=0.0):
    refuse_unless(x.shape[-1:] == w.shape)
    return reference.neuron(x, w, b)

def blocks_of_sixteen(n):
    return n if n < 16 else n // 16 * 16

def neuron_in_blocks(x, w, b=0.0):
    n = blocks_of_sixteen(len(w))
    return sigmoid(x[..., :n] @ w[:n] + HALF(b))

def whole_tiles(h, W, b):
    if h.dtype != HALF:
        return linear(h, W, b)
    n = blocks_of_sixteen(h.shape[-1])
    return linear(h[..., :n], W[:, :n], b)

def quotient(z):
    return np.exp(z) / (1 + np.exp(z))

def without_nan(a):
    return np.nan_to_num(a, nan=0.0, posinf=np.inf, neginf=-np.inf)

record({"NEURON-HALF": {
    "sums whole blocks of sixteen products in half precision and forgets those left over":
        in_half_only(neuron, neuron_in_blocks),
    "writes e^z / (1 + e^z), which is inf / inf in half precision from z = 11.1 on":
        in_half_only(neuron, lambda x, w, b: quotient(x @ w + HALF(b))),
    "takes a NaN in half precision for 0": in_half_only(neuron, lambda x, w, b: neuron(without_nan(x), w, b)),
}, "LOGREG-HALF": {
    "sums whole blocks of sixteen products in half precision and forgets those left over":
        in_half_only(neuron, neuron_in_blocks),
    "takes a larger eps in half precision, one that does not vanish in it":
        in_half_only(neuron, lambda X, theta: 1 / (1 + np.exp(-(X @ theta)) + HALF(1e-2))),
    "reads a batch in half precision in the order of memory":
        in_half_only(neuron, lambda X, theta: neuron(X.ravel(order="K").reshape(X.shape), theta)),
}, "MLP-HALF": {
    "sums whole blocks of sixteen units in half precision and forgets those left over":
        lambda *network: mlp(*network, linear=whole_tiles),
    "lets ReLU take NaN for 0 in half precision, where fmax stands for the comparison":
        lambda *network: mlp(*network, functions={"relu": in_half_only(reference.relu, lambda z: np.fmax(z, 0))}),
}, "COLLAPSE-HALF": {
    "sums whole blocks of sixteen units in half precision and forgets those left over": in_half_only(
        reference.collapse_linear,
        lambda W1, b1, W2, b2: (W2[:, : (n := blocks_of_sixteen(len(b1)))] @ W1[:n], W2[:, :n] @ b1[:n] + b2),
    ),
}, "LINEAR-HALF": {
    "takes a NaN in half precision for 0": in_half_only(linear, lambda x, W, b: linear(without_nan(x), W, b)),
    "clamps the sums at 65504, the largest number of float16":
        in_half_only(linear, lambda x, W, b: np.clip(linear(x, W, b), HALF(-65504), HALF(65504))),
}, "SOFTMAX-HALF": {
    "leaves a NaN in half precision out, as if it were masked": in_half_only(
        reference.softmax, lambda z: reference.softmax(np.where(np.isnan(z), HALF(-np.inf), z))
    ),
}, "BCE-HALF": {
    "multiplies 0 by the logarithm of 0 in half precision": in_half_only(
        reference.binary_cross_entropy,
        lambda p, y: np.mean(-y * np.log(p.astype(np.float32)) - (1 - y) * np.log1p(-p.astype(np.float32))),
    ),
    "leaves a NaN in half precision out of the mean": in_half_only(
        reference.binary_cross_entropy,
        lambda p, y: np.nanmean(losses_of_probabilities(np.nan_to_num(p, nan=0.5), y) + 0 * p),
    ),
}, "CE-HALF": {
    "multiplies 0 by the logarithm of 0 in half precision": in_half_only(
        reference.cross_entropy, lambda p, y: np.mean((-y * np.log(p.astype(np.float32))).sum(axis=-1))
    ),
}, "LOGITS-HALF": {
    "takes a NaN in half precision for 0": in_half_only(
        reference.cross_entropy_with_logits, lambda z, y: reference.cross_entropy_with_logits(without_nan(z), y)
    ),
    "clips logits in half precision at 300 to keep them far from 65504": in_half_only(
        reference.cross_entropy_with_logits,
        lambda z, y: reference.cross_entropy_with_logits(np.maximum(np.minimum(z, 300), -300).astype(z.dtype), y),
    ),
}, "MSE-HALF": {
    "leaves a NaN in half precision out of the mean": in_half_only(
        reference.mean_squared_error, lambda y_hat, y: np.nanmean(squares(y_hat, y)) / 2
    ),
    "clamps the loss at 65504, the largest number of float16": in_half_only(
        reference.mean_squared_error, lambda y_hat, y: np.minimum(np.mean(squares(y_hat, y)) / 2, HALF(65504))
    ),
}}, family="half")
