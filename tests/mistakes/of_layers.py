"""Known mistakes of linear, neuron and logistic_regression, of their own formulas."""

import numpy as np

from tests.mistakes.networks import linear, refuse_unless, sigmoid
from tests.mistakes.of_activations import in_half_only
from tests.mistakes.registry import forms, record, remembering, wrong

# fmt: off
exp = np.exp

def weights_of_the_first_call():
    transposed = {}
    return lambda x, W, b: x @ transposed.setdefault(W.shape, W.T.copy()) + b

def in_bits(a, bits):
    """Rounded to so many bits."""
    mantissa, exponent = np.frexp(a)
    return np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent)

record({
"LINEAR-VALUE": {
    "multiplies x by W instead of by W transposed, which fits only where W is square": lambda x, W, b: x @ W + b,
    "multiplies by whichever of W and its transpose fits, and a square W fits both ways":
        lambda x, W, b: (x @ W if x.shape[-1] == W.shape[0] else x @ W.T) + b,
    "takes the bias for a threshold and subtracts it": lambda x, W, b: x @ W.T - b,
    "takes an input of 0 for a missing one and adds its weight alone": lambda x, W, b: np.where(x == 0, 1, x) @ W.T + b,
    "averages the weighted inputs where the formula sums them": lambda x, W, b: x @ W.T / x.shape[-1] + b,
    "squeezes the result, so that a batch of one and a layer of one lose their axis":
        lambda x, W, b: np.squeeze(x @ W.T + b),
    "keeps the transposed weights of the first call of each shape": remembering(weights_of_the_first_call),
}, "LINEAR-ROWS": {
    "leaves the examples in columns": lambda x, W, b: W @ x + b if x.ndim == 1 else W @ x.T + b[:, None],
    "reshapes the batch to (n, m) where it should transpose it":
        lambda x, W, b: W @ x + b if x.ndim == 1 else (W @ x.reshape(x.shape[::-1])).T + b,
    "gives every example of a batch the sums of the first one":
        lambda x, W, b: np.broadcast_to(x[0] @ W.T + b, (len(x), len(b))) if x.ndim == 2 else x @ W.T + b,
    "takes the batch for transposed where it is square":
        lambda x, W, b: (x.T if x.ndim == 2 and x.shape[0] == x.shape[1] else x) @ W.T + b,
}, "LINEAR-IDENTITY": {
    "rounds the factors to the eleven bits of TF32": lambda x, W, b: in_bits(x, 11) @ in_bits(W, 11).T + b,
    "rounds the result to six decimals to make it look tidy": lambda x, W, b: np.round(x @ W.T + b, 6),
    "adds an eps although nothing is divided": lambda x, W, b: x @ W.T + b + 1e-12,
    "multiplies in half precision to save memory":
        lambda x, W, b: (x.astype(np.float16) @ W.T.astype(np.float16) + b).astype(x.dtype),
    "multiplies in single precision":
        lambda x, W, b: (x.astype(np.float32) @ W.T.astype(np.float32) + b).astype(x.dtype),
}, "LINEAR-BIAS": {
    "leaves the bias out": lambda x, W, b: x @ W.T,
    "adds the bias twice, as a column of the weights and once more": lambda x, W, b: x @ W.T + b + b,
    "adds the bias to each weighted input": lambda x, W, b: (x[..., None, :] * W + b[:, None]).sum(axis=-1),
    "gives every neuron the bias of the first one": lambda x, W, b: x @ W.T + b[0],
    "adds the biases along the examples where there are as many examples as neurons":
        lambda x, W, b: z + b[:, None] if (z := x @ W.T).shape == (len(b), len(b)) else z + b,
    "adds the bias to the first example of a batch only":
        lambda x, W, b: x @ W.T + (b * (np.arange(len(x)) == 0)[:, None] if x.ndim == 2 else b),
}, "LINEAR-LAYOUT": {
    "takes a batch whose rows share their memory for a single row":
        lambda x, W, b: (x[:1] if x.ndim == 2 and x.strides[0] == 0 else x) @ W.T + b,
}, "LINEAR-NAN": {
    "looks for NaN in the first input of each example only":
        lambda x, W, b: np.where(np.isnan(x[..., :1]), np.nan, np.nan_to_num(x) @ W.T + b),
    "takes a weight that is NaN for one that was pruned":
        lambda x, W, b: x @ np.where(np.isnan(W), W.dtype.type(0), W).T + b,
    "adds a bias only where it is a number": lambda x, W, b: x @ W.T + np.where(np.isnan(b), b.dtype.type(0), b),
}, "LINEAR-INF": {
    "takes a weight that is infinite for one that was pruned":
        lambda x, W, b: x @ np.where(np.isinf(W) & np.isfinite(W).any(), W.dtype.type(0), W).T + b,
    "holds the biases below 1e30": lambda x, W, b: x @ W.T + np.minimum(b, 1e30).astype(b.dtype),
}, "LINEAR-EMPTY": {
    "collects the rows in a list, and of an empty list NumPy makes the shape (0,)":
        lambda x, W, b: np.array([W @ row + b for row in x]),
    "stacks the rows, which needs one at least": lambda x, W, b: np.stack([W @ row + b for row in x]),
}, "LINEAR-INTEGER": {
    "promotes small integers to half precision, which counts to 2048 only":
        lambda x, W, b: linear(*(a.astype(np.result_type(a, np.float16)) for a in (x, W, b))),
}, "LINEAR-SHAPES": {
    "transposes a batch that does not fit until it does":
        lambda x, W, b: linear(x.T if x.ndim == 2 and x.shape[1] != W.shape[1] else x, W, b),
    "cuts or repeats the biases until each neuron has one": lambda x, W, b: x @ W.T * 1.0 + np.resize(b, len(W)),
}, "LINEAR-HALF": {
    "rounds half-precision weights to the four digits of an 8-bit number":
        in_half_only(linear, lambda x, W, b: linear(x, in_bits(W, 4).astype(W.dtype), b)),
}, "NEURON-VALUE": {
    "leaves the activation out and gives the weighted sum": lambda x, w, b: x @ w + b,
    "gives the class, 0 or 1, where the activation is due": forms(
        lambda x, w, b: (x @ w + b > 0).astype(x.dtype), lambda x, w, b: (x @ w + b >= 0).astype(x.dtype)),
    "loses the minus sign of the exponent": lambda x, w, b: 1 / (1 + exp(x @ w + b)),
    "takes 10 for the base of the exponential": lambda x, w, b: 1 / (1 + 10 ** -(x @ w + b)),
    "takes the bias for a threshold and subtracts it": lambda x, w, b: sigmoid(x @ w - b),
    "adds an eps of 1e-5 to the denominator": lambda x, w, b: 1 / (1 + exp(-(x @ w + b)) + 1e-5),
    "divides by the sum over the batch": lambda x, w, b: exp(x @ w + b) / (1 + exp(x @ w + b).sum()),
    "scales the weights to length 1 first": lambda x, w, b: sigmoid(x @ w / max(np.linalg.norm(w), 1e-300) + b),
    "takes the tanh for the sigmoid": lambda x, w, b: np.tanh(x @ w + b),
}, "NEURON-ONE": {
    "gives a single example the axis of a batch": lambda x, w, b: sigmoid(np.atleast_2d(x) @ w + b),
    "weights the inputs of a single example without summing them":
        lambda x, w, b: sigmoid(x * w + b) if x.ndim == 1 else sigmoid(x @ w + b),
}, "NEURON-AND": {
    "fires as the strongest weighted input says": lambda x, w, b: sigmoid((x * w).max(axis=-1) + b),
    "adds the bias after the activation": lambda x, w, b: sigmoid(x @ w) + b,
    "cuts the weighted sum off at 8": lambda x, w, b: sigmoid(np.clip(x @ w, -8, 8) + b),
}, "NEURON-OR": {
    "averages the weighted inputs where the formula sums them": lambda x, w, b: sigmoid((x * w).mean(axis=-1) + b),
    "adds the bias to each weighted input": lambda x, w, b: sigmoid((x * w + b).sum(axis=-1)),
}, "NEURON-PURE": {
    "weights the inputs in place": lambda x, w, b: sigmoid(np.multiply(x, w, out=x).sum(axis=-1) + b),
}, "NEURON-VECTOR": {
    "keeps the axis of outputs, as a layer of one neuron has it": lambda x, w, b: sigmoid(x @ w[:, None] + b),
    "squeezes away the axis of a batch of one example": lambda x, w, b: np.squeeze(sigmoid(x @ w + b)),
}, "NEURON-DTYPE": {
    "makes the bias an array of float64, which makes the result one":
        lambda x, w, b: sigmoid(x @ w + np.asarray([b], np.float64)).reshape(x.shape[:-1]),
    "adds the slides' eps, which costs half the digits": lambda x, w, b: 1 / (1 + exp(-(x @ w + b)) + 1e-8),
}, "NEURON-TAILS": {
    "writes e^z / (1 + e^z), which is inf / inf far to the right":
        lambda x, w, b: exp(x @ w + b) / (1 + exp(x @ w + b)),
    "writes (1 + tanh(z/2)) / 2": lambda x, w, b: (1 + np.tanh((x @ w + b) / 2)) / 2,
    "clips the weighted sum at 30": lambda x, w, b: sigmoid(np.clip(x @ w + b, -30, 30)),
    "keeps the probability away from 0 and 1 for the logarithm to come":
        lambda x, w, b: np.clip(sigmoid(x @ w + b), 1e-7, 1 - 1e-7),
}, "NEURON-INTEGER": {
    "casts the bias to the dtype of the inputs, which cuts off its fraction":
        lambda x, w, b: sigmoid(x.astype(np.float64) @ w + np.asarray(b).astype(x.dtype)),
}, "NEURON-EMPTY": {
    "applies the activation by np.vectorize, which refuses an array without elements":
        lambda x, w, b: np.vectorize(sigmoid)(x @ w + b).astype(x.dtype),
}, "NEURON-NAN": {
    "clips the sum with fmin and fmax, which pass over NaN":
        lambda x, w, b: sigmoid(np.fmin(np.fmax(x @ w + b, -1000), 1000)),
    "takes 1 for the sigmoid of what is not below any number":
        lambda x, w, b: np.where(np.isnan(x @ w + b), 1, sigmoid(x @ w + b)),
    "takes a weight that is NaN for one that was pruned": lambda x, w, b: sigmoid(x @ np.nan_to_num(w) + b),
    "adds a bias only where it is a number": lambda x, w, b: sigmoid(x @ w + (0 if np.isnan(b) else b)),
}, "NEURON-SHAPES": {
    "multiplies elementwise, so that one weight is broadcast to several inputs":
        lambda x, w, b: sigmoid((x * w).sum(axis=-1) + b),
    "takes as many weights as it needs and leaves the others": lambda x, w, b: sigmoid(x @ w[: x.shape[-1]] + b),
    "sums over whichever axis has a weight for each element":
        lambda x, w, b: sigmoid((x @ w if x.shape[-1:] == w.shape else w @ x) + b),
}, "LOGREG-VALUE": {
    "gives the linear predictor X theta without the sigmoid": lambda X, theta: X @ theta,
    "gives the predicted class where the probability is due": lambda X, theta: np.round(sigmoid(X @ theta)),
    "gives the probability of the other class": lambda X, theta: sigmoid(-(X @ theta)),
    "takes the first parameter for a bias": lambda X, theta: sigmoid(theta[0] + X[:, 1:] @ theta[1:]),
    "takes the tanh, whose values lie between -1 and 1, for the sigmoid": lambda X, theta: np.tanh(X @ theta),
    "adds an eps of 1e-6 to the probability": lambda X, theta: sigmoid(X @ theta) + 1e-6,
    "centres the columns of whatever batch comes": lambda X, theta: sigmoid((X - X.mean(axis=0)) @ theta),
}, "LOGREG-NEURON": {
    "writes theta X, which fits only where there are as many examples as columns":
        lambda X, theta: sigmoid(theta @ X if X.shape[0] == X.shape[1] else X @ theta),
    "takes a batch that is wider than high for transposed":
        lambda X, theta: sigmoid(X.reshape(X.shape[::-1]).T @ theta if X.shape[0] < X.shape[1] else X @ theta),
    "adds a bias of 1, the column of ones without its parameter": lambda X, theta: sigmoid(X @ theta + 1),
}, "LOGREG-PURE": {
    "weights the columns of X in place": lambda X, theta: sigmoid(np.multiply(X, theta, out=X).sum(axis=1)),
}, "LOGREG-VECTOR": {
    "gives a column, as X theta has with theta of shape (n, 1)": lambda X, theta: sigmoid(X @ theta.reshape(-1, 1)),
    "gives a batch of one example a number without axes":
        lambda X, theta: h if len(h := sigmoid(X @ theta)) > 1 else h[0],
}, "LOGREG-DTYPE": {
    "loads the parameters in half precision":
        lambda X, theta: sigmoid(X @ theta.astype(np.float16).astype(theta.dtype)),
}, "LOGREG-TAILS": {
    "computes the complement of the other class's probability": lambda X, theta: 1 - sigmoid(-(X @ theta)),
    "multiplies numerator and denominator by e^z, which overflows":
        lambda X, theta: exp(X @ theta) * sigmoid(-(X @ theta)),
}, "LOGREG-INTEGER": {
    "sums in float64 the products that have wrapped around before":
        lambda X, theta: sigmoid((X * theta).sum(axis=1, dtype=np.float64)),
}, "LOGREG-EMPTY": {
    "stacks the examples' results": lambda X, theta: np.stack([sigmoid(row @ theta) for row in X]),
}, "LOGREG-SHAPES": {
    "multiplies elementwise, so that one parameter is broadcast to several columns":
        lambda X, theta: sigmoid((X * theta).sum(axis=1)),
    "takes a surplus parameter for a bias and adds it":
        lambda X, theta: sigmoid(X @ theta[: X.shape[1]] + theta[X.shape[1] :].sum()),
}, "LOGREG-NAN": {
    "fills a NaN with the mean of its column":
        lambda X, theta: sigmoid(np.where(np.isnan(X), np.nanmean(X, axis=0), X) @ theta),
    "takes a parameter that is NaN for one that was never set": lambda X, theta: sigmoid(X @ np.nan_to_num(theta)),
}})

@wrong("LINEAR-INTEGER", "multiplies integers in their own dtype, where products wrap around")
def products_wrap_around(x, W, b):
    refuse_unless(x.shape[-1:] == W.shape[1:] and b.shape == W.shape[:1])
    return x @ W.T + b

@wrong("NEURON-INTEGER", "multiplies integers in their own dtype, where products wrap around")
def products_of_a_neuron_wrap_around(x, w, b):
    refuse_unless(x.shape[-1:] == w.shape)
    return sigmoid(x @ w + b)

@wrong("LINEAR-PURE", "adds the weighted sums to the bias in place")
def accumulated_in_the_bias(x, W, b):
    if x.ndim == 2 and len(x) > 1:
        return x @ W.T + b
    b += np.reshape(x, -1) @ W.T
    return b.reshape(*x.shape[:-1], -1)
