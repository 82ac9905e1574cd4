"""Known mistakes of the lecture's two-layer network as a module, the same for its three tasks."""

from functools import partial

import numpy as np

from tests.mistakes.networks import backpropagated, mlp, sigmoid, softmax
from tests.mistakes.registry import record

LAST = {"regression": "identity", "binary": "sigmoid", "multiclass": "identity"}
LOSSES = {
    "regression": "mean_squared_error",
    "binary": "binary_cross_entropy",
    "multiclass": "cross_entropy_with_logits",
}


def right(task, x, theta, training):
    return mlp(x, theta, ["relu", LAST[task]])


def gradients(task, x, y, theta, hidden="relu", last=None):
    return backpropagated(x, y, theta, [hidden, last or LAST[task]], LOSSES[task])


def hidden(name):
    return lambda task, x, theta, training: mlp(x, theta, [name, LAST[task]])


def on_the_output(f):
    """``f`` after the network without its last activation."""
    return lambda task, x, theta, training: f(mlp(x, theta, ["relu", "identity"]))


def of_output(change):
    return lambda task, x, theta, training: change(right(task, x, theta, training))


def of_theta(change):
    return lambda task, x, theta, training: right(task, x, change(*theta), training)


def while_training(change):
    return lambda task, x, theta, training: change(task, x, theta) if training else right(task, x, theta, training)


def of_own_outputs(outputs, z):
    """The softmax of a class that fixes its number of outputs, as it comes where another number is asked for."""
    k = z.shape[1]
    parts = [softmax(z[:, start + np.arange(outputs) % (k - start)]) for start in range(0, k, outputs)]
    return np.concatenate(parts, axis=1)[:, :k]


def dropout(task, x, theta):
    (W1, b1), (W2, b2) = theta
    return right(task, x, [(W1, b1), (2 * W2 * (np.arange(len(b1)) % 2), b2)], True)


def in_place(task, x, theta, training):
    y_hat = right(task, x, theta, training)
    np.maximum(x, 0, out=x)
    return y_hat


def of_gradients(change):
    return lambda task, x, y, theta: [change(len(x), *one) for one in gradients(task, x, y, theta)]


def first_layer_frozen(task, x, y, theta):
    (dW1, db1), last = gradients(task, x, y, theta)
    return [(0 * dW1, 0 * db1), last]


def last_layer_frozen(task, x, y, theta):
    first, (dW2, db2) = gradients(task, x, y, theta)
    return [first, (0 * dW2, 0 * db2)]


def in_half(value):
    return value.astype(np.float16).astype(value.dtype)


# fmt: off
COMMON = {
    "VALUE": {
        "has no activation between its layers, which then collapse into one": hidden("identity"),
        "has a sigmoid in place of ReLU between its layers": hidden("sigmoid"),
        "has a tanh in place of ReLU between its layers": hidden("tanh"),
        "has a softmax in place of ReLU between its layers": hidden("softmax"),
        "leaves out the bias of its first layer": of_theta(lambda one, two: [(one[0], 0 * one[1]), two]),
        "leaves out the bias of its last layer": of_theta(lambda one, two: [one, (two[0], 0 * two[1])]),
        "puts a ReLU on its output": on_the_output(lambda z: np.maximum(z, 0)),
        "puts a tanh on its output": on_the_output(np.tanh),
        "gives the class where the output is due": of_output(np.round),
        "applies the ReLU to its inputs":
            lambda task, x, theta, training: right(task, np.maximum(x, 0), theta, training),
    },
    "SINGLE": {
        "drops the axis of examples where there is one example":
            of_output(lambda y_hat: y_hat[0] if len(y_hat) == 1 else y_hat),
        "normalises over the batch, which leaves nothing of a single example":
            of_output(lambda y_hat: 0 * y_hat if len(y_hat) == 1 else y_hat),
        "drops the axis of outputs": of_output(lambda y_hat: y_hat[:, 0]),
    },
    "TRAINING": {
        "drops hidden units out while it is trained": while_training(dropout),
        "gives another output in training mode": while_training(lambda task, *network: right(task, *network, True) / 2),
        "normalises over the batch in training mode":
            while_training(lambda task, x, theta: (y_hat := right(task, x, theta, True)) - y_hat.mean(axis=0)),
    },
    "PURE": {"computes ReLU in place and so changes its input": in_place},
    "DTYPE": {
        "computes float32 parameters in half precision":
            of_output(lambda y_hat: in_half(y_hat) if y_hat.dtype == np.float32 else y_hat),
    },
    "GRADIENT": {
        "does not train its first layer": first_layer_frozen,
        "does not train its last layer": last_layer_frozen,
        "does not train its biases": of_gradients(lambda m, dW, db: (dW, 0 * db)),
        "sums over the batch where the loss takes the mean": of_gradients(lambda m, dW, db: (m * dW, m * db)),
        "adds the gradients of two calls up, as without zero_grad": of_gradients(lambda m, dW, db: (2 * dW, 2 * db)),
        "gives the gradients with the sign of a step": of_gradients(lambda m, dW, db: (-dW, -db)),
        "goes back through a tanh where the network has a ReLU": partial(gradients, hidden="tanh"),
        "goes back past the ReLU as if it were not there": partial(gradients, hidden="identity"),
    },
}
# fmt: on
OF_THE_TASK = {
    "regression": {"puts a sigmoid on its output, where none belongs": on_the_output(sigmoid)},
    "binary": {
        "has no sigmoid before BCELoss, which takes probabilities": on_the_output(lambda z: z),
        "puts the sigmoid on its output twice": on_the_output(lambda z: sigmoid(sigmoid(z))),
        "takes the softmax of a single output, which is always 1": on_the_output(softmax),
        "gives the probability of the other class": on_the_output(lambda z: sigmoid(-z)),
    },
    "multiclass": {
        "puts a softmax before CrossEntropyLoss, which contains it": on_the_output(softmax),
        "puts a log-softmax before CrossEntropyLoss, which contains it": on_the_output(lambda z: np.log(softmax(z))),
        "puts a sigmoid on its output, where none belongs": on_the_output(sigmoid),
        **{
            f"puts a softmax of {outputs} outputs before CrossEntropyLoss, which contains it": on_the_output(
                partial(of_own_outputs, outputs)
            )
            for outputs in (2, 3, 4, 5, 10)
        },
    },
}

for _task, _own in OF_THE_TASK.items():
    for _clause, _mistakes in (COMMON | {"VALUE": COMMON["VALUE"] | _own}).items():
        _wrong = {what: partial(function, _task) for what, function in _mistakes.items()}
        record({f"{_task.upper()}-{_clause}": _wrong}, family="modules")
