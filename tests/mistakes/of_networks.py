"""Known mistakes in a network of one architecture: the lecture's two layers, the same for its three tasks."""

from functools import partial

import numpy as np

from tests.mistakes.networks import backpropagated, mlp, sigmoid, softmax
from tests.mistakes.registry import record

# fmt: off
LAST = {"regression": "identity", "binary": "sigmoid", "multiclass": "identity"}
LOSSES = {
    "regression": "mean_squared_error",
    "binary": "binary_cross_entropy",
    "multiclass": "cross_entropy_with_logits",
}

def right(task, x, theta):
    return mlp(x, theta, ["relu", LAST[task]])

def gradients(task, x, y, theta, hidden="relu"):
    return backpropagated(x, y, theta, [hidden, LAST[task]], LOSSES[task])

def hidden(name):
    return lambda task, x, theta: mlp(x, theta, [name, LAST[task]])

def on_the_output(f):
    """``f`` after the network without its last activation."""
    return lambda task, x, theta: f(mlp(x, theta, ["relu", "identity"]))

def of_output(change):
    return lambda *network: change(right(*network))

def of_theta(change):
    """The network of other parameters, made of W_1, b_1, W_2 and b_2; ``change`` gives both layers."""
    return lambda task, x, theta: right(task, x, change(*theta[0], *theta[1]))

def of_gradients(change):
    """``change`` is made of the number m of examples and both layers' gradients."""
    return lambda task, x, y, theta: change(len(x), *gradients(task, x, y, theta))

def scaled(layer, factor):
    return layer[0] * factor, layer[1] * factor

def of_own_outputs(outputs, z):
    """The softmax of a class that fixes its number of outputs, as it comes where another number is asked for."""
    k = z.shape[1]
    parts = [softmax(z[:, start + np.arange(outputs) % (k - start)]) for start in range(0, k, outputs)]
    return np.concatenate(parts, axis=1)[:, :k]

COMMON = {
"VALUE": {
    "has no activation between its layers, which then collapse into one": hidden("identity"),
    "has a sigmoid in place of ReLU between its layers": hidden("sigmoid"),
    "has a tanh in place of ReLU between its layers": hidden("tanh"),
    "has a softmax in place of ReLU between its layers": hidden("softmax"),
    "leaves out the bias of its first layer": of_theta(lambda W1, b1, W2, b2: [(W1, 0 * b1), (W2, b2)]),
    "leaves out the bias of its last layer": of_theta(lambda W1, b1, W2, b2: [(W1, b1), (W2, 0 * b2)]),
    "puts a ReLU on its output": on_the_output(lambda z: np.maximum(z, 0)),
    "puts a tanh on its output": on_the_output(np.tanh),
    "gives the class in place of the output": of_output(np.round),
    "gives the class with the largest output": of_output(lambda h: h.argmax(axis=-1)),
    "leaves out both biases": of_theta(lambda W1, b1, W2, b2: [(W1, 0 * b1), (W2, 0 * b2)]),
    "applies the ReLU to its inputs": lambda task, x, *rest: right(task, np.maximum(x, 0), *rest),
}, "SINGLE": {
    "drops the axis of examples where there is one example": of_output(lambda h: h[0] if len(h) == 1 else h),
    "normalises over the batch, which leaves nothing of a single example": of_output(lambda h: h * (len(h) > 1)),
}, "PURE": {
    "computes ReLU in place and so changes its input":
        lambda task, x, *rest: [right(task, x, *rest), np.maximum(x, 0, out=x)][0],
}, "DTYPE": {
    "computes float32 parameters in half precision":
        of_output(lambda h: h.astype(np.float16).astype(h.dtype) if h.dtype == np.float32 else h),
    "gives float64 whatever it is given": of_output(lambda h: np.asarray(h, np.float64)),
}, "GRADIENT": {
    "does not train its first layer": of_gradients(lambda m, one, two: [scaled(one, 0), two]),
    "does not train its last layer": of_gradients(lambda m, one, two: [one, scaled(two, 0)]),
    "does not train its biases": of_gradients(lambda m, *both: [(dW, 0 * db) for dW, db in both]),
    "sums over the batch where the loss takes a mean": of_gradients(lambda m, *both: [scaled(one, m) for one in both]),
    "gives twice the gradient, as where those of two calls add up without zero_grad, or where a square loses its 1/2":
        of_gradients(lambda m, *both: [scaled(one, 2) for one in both]),
    "gives the gradients with the sign of a step": of_gradients(lambda m, *both: [scaled(one, -1) for one in both]),
    "goes back through a tanh where the network has a ReLU": partial(gradients, hidden="tanh"),
    "goes back past the ReLU as if it were not there": partial(gradients, hidden="identity"),
}, "GRADIENT-PURE": {
    "scales its inputs in place":
        lambda task, x, y, theta: [gradients(task, x, y, theta), np.multiply(x, 2, out=x)][0],
}, "GRADIENT-DTYPE": {
    "gives the gradients in float64 whatever it is given":
        of_gradients(lambda m, *both: [tuple(np.asarray(one, np.float64) for one in layer) for layer in both]),
    "computes the gradients in half precision":
        of_gradients(lambda m, *both: [(dW.astype(np.float16).astype(dW.dtype), db) for dW, db in both]),
}}
OF_THE_TASK = {
"regression": {
    "puts a sigmoid on its output, where none belongs": on_the_output(sigmoid),
}, "binary": {
    "has no sigmoid before BCELoss, which takes probabilities": on_the_output(lambda z: z),
    "puts the sigmoid on its output twice": on_the_output(lambda z: sigmoid(sigmoid(z))),
    "takes the softmax of a single output, which is always 1": on_the_output(softmax),
    "gives the probability of the other class": on_the_output(lambda z: sigmoid(-z)),
}, "multiclass": {
    "puts a softmax before CrossEntropyLoss, which contains it": on_the_output(softmax),
    "puts a log-softmax before CrossEntropyLoss, which contains it": on_the_output(lambda z: np.log(softmax(z))),
    "puts a sigmoid on its output, where none belongs": on_the_output(sigmoid),
    **{
        f"puts a softmax of {outputs} outputs before CrossEntropyLoss, which contains it":
            on_the_output(partial(of_own_outputs, outputs)) for outputs in (2, 3, 4, 5, 10)
    },
}}

for _task, _own in OF_THE_TASK.items():
    for _clause, _mistakes in (COMMON | {"VALUE": COMMON["VALUE"] | _own}).items():
        _wrong = {what: partial(function, _task) for what, function in _mistakes.items()}
        record({f"NETWORK-{_clause}": _wrong}, family="networks", task=_task)
