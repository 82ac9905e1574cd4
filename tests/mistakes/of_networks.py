"""Mistakes in a network of one architecture: the lecture's two layers, for each task."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tests.mistakes.registry import mistake
from tests.selftest.networks import backpropagated, mlp, sigmoid, softmax

LAST = {"regression": "identity", "binary": "sigmoid", "multiclass": "identity"}
LOSSES = {
    "regression": "mean_squared_error",
    "binary": "binary_cross_entropy",
    "multiclass": "cross_entropy_with_logits",
}


def right(task: str, x: Any, theta: Any) -> Any:
    return mlp(x, theta, ["relu", LAST[task]])


def gradients(task: str, x: Any, y: Any, theta: Any, hidden: str = "relu", last: str | None = None) -> Any:
    return backpropagated(x, y, theta, [hidden, last or LAST[task]], LOSSES[task])


def hidden_activation_forgotten(task, x, theta):
    return mlp(x, theta, ["identity", LAST[task]])


def sigmoid_in_the_hidden_layer(task, x, theta):
    return mlp(x, theta, ["sigmoid", LAST[task]])


def tanh_in_the_hidden_layer(task, x, theta):
    return mlp(x, theta, ["tanh", LAST[task]])


def bias_of_the_first_layer_left_out(task, x, theta):
    (W1, b1), last = theta
    return right(task, x, [(W1, 0 * b1), last])


def bias_of_the_last_layer_left_out(task, x, theta):
    first, (W2, b2) = theta
    return right(task, x, [first, (W2, 0 * b2)])


def relu_on_the_output(task, x, theta):
    return np.maximum(mlp(x, theta, ["relu", "identity"]), 0)


def sigmoid_on_the_output(task, x, theta):
    return sigmoid(mlp(x, theta, ["relu", "identity"]))


def sigmoid_twice(task, x, theta):
    return sigmoid(sigmoid(mlp(x, theta, ["relu", "identity"])))


def sigmoid_forgotten(task, x, theta):
    return mlp(x, theta, ["relu", "identity"])


def softmax_before_its_loss(task, x, theta):
    return softmax(mlp(x, theta, ["relu", "identity"]))


def _softmax_of_own_outputs(outputs, task, x, theta):
    """The same of a class that fixes its number of outputs, as it comes where another number is asked for."""
    z = mlp(x, theta, ["relu", "identity"])
    k = z.shape[1]
    parts = [softmax(z[:, start + np.arange(outputs) % (k - start)]) for start in range(0, k, outputs)]
    return np.concatenate(parts, axis=1)[:, :k]


def log_softmax_on_the_output(task, x, theta):
    return np.log(softmax(mlp(x, theta, ["relu", "identity"])))


def softmax_of_one_output(task, x, theta):
    return softmax(mlp(x, theta, ["relu", "identity"]))


def squeezed(task, x, theta):
    return np.squeeze(right(task, x, theta), axis=0) if len(x) == 1 else right(task, x, theta)


def normalised_over_the_batch(task, x, theta):
    if len(x) == 1:  # the variance of one example is 0
        return 0 * right(task, x, theta)
    return right(task, x, theta)


def in_place(task, x, theta):
    y_hat = right(task, x, theta)
    x[...] = np.maximum(x, 0)
    return y_hat


def always_float64(task, x, theta):
    return np.asarray(right(task, x, theta), np.float64)


def in_half_precision(task, x, theta):
    y_hat = right(task, x, theta)
    return y_hat.astype(np.float16).astype(y_hat.dtype) if y_hat.dtype == np.float32 else y_hat


def first_layer_frozen(task, x, y, theta):
    (dW1, db1), last = gradients(task, x, y, theta)
    return [(0 * dW1, 0 * db1), last]


def biases_frozen(task, x, y, theta):
    return [(dW, 0 * db) for dW, db in gradients(task, x, y, theta)]


def sum_over_the_batch(task, x, y, theta):
    return [(len(x) * dW, len(x) * db) for dW, db in gradients(task, x, y, theta)]


def added_up_twice(task, x, y, theta):
    return [(2 * dW, 2 * db) for dW, db in gradients(task, x, y, theta)]


def gradient_through_a_tanh(task, x, y, theta):
    return gradients(task, x, y, theta, hidden="tanh")


def gradient_without_the_hidden_activation(task, x, y, theta):
    return gradients(task, x, y, theta, hidden="identity")


def gradients_in_float64(task, x, y, theta):
    return [(dW.astype(np.float64), db.astype(np.float64)) for dW, db in gradients(task, x, y, theta)]


def gradients_in_half_precision(task, x, y, theta):
    return [(dW.astype(np.float16).astype(dW.dtype), db) for dW, db in gradients(task, x, y, theta)]


VALUE = {
    hidden_activation_forgotten: "has no activation between its layers, which then collapse into one",
    sigmoid_in_the_hidden_layer: "has a sigmoid in place of ReLU between its layers",
    tanh_in_the_hidden_layer: "has a tanh in place of ReLU between its layers",
    bias_of_the_first_layer_left_out: "leaves out the bias of its first layer",
    bias_of_the_last_layer_left_out: "leaves out the bias of its last layer",
    relu_on_the_output: "puts a ReLU on its output",
}
OF_THE_TASK = {
    "regression": {sigmoid_on_the_output: "puts a sigmoid on its output, where none belongs"},
    "binary": {
        sigmoid_forgotten: "has no sigmoid before BCELoss, which takes probabilities",
        sigmoid_twice: "puts the sigmoid on its output twice",
        softmax_of_one_output: "takes the softmax of a single output, which is always 1",
    },
    "multiclass": {
        softmax_before_its_loss: "puts a softmax before CrossEntropyLoss, which contains it",
        log_softmax_on_the_output: "puts a log-softmax before CrossEntropyLoss, which contains it",
        sigmoid_on_the_output: "puts a sigmoid on its output, where none belongs",
    },
}
OTHERS = {
    "SINGLE": {
        squeezed: "drops the axis of examples where there is one example",
        normalised_over_the_batch: "normalises over the batch, which leaves nothing of a single example",
    },
    "PURE": {in_place: "computes ReLU in place and so changes its input"},
    "DTYPE": {
        always_float64: "gives float64 whatever it was given",
        in_half_precision: "computes float32 parameters in half precision",
    },
    "GRADIENT": {
        first_layer_frozen: "does not train its first layer",
        biases_frozen: "does not train its biases",
        sum_over_the_batch: "sums over the batch where the loss takes the mean",
        added_up_twice: "adds the gradients of two calls up, as without zero_grad",
        gradient_through_a_tanh: "goes back through a tanh where the network has a ReLU",
        gradient_without_the_hidden_activation: "goes back past the ReLU as if it were not there",
    },
    "GRADIENT-DTYPE": {
        gradients_in_float64: "gives the gradients in float64 whatever it was given",
        gradients_in_half_precision: "computes the gradients in half precision",
    },
}


def _record(task: str, clause: str, wrong: Callable[..., Any], misconception: str) -> None:
    function = partial(wrong, task)
    function.__name__ = f"{wrong.__name__}, {task}"  # type: ignore[attr-defined]
    mistake(f"NETWORK-{clause}", misconception, task=task)(function)


for _outputs in (2, 3, 4, 5, 10):
    _softmax = partial(_softmax_of_own_outputs, _outputs)
    _softmax.__name__ = f"softmax_before_its_loss_of_{_outputs}"  # type: ignore[attr-defined]
    OF_THE_TASK["multiclass"][_softmax] = OF_THE_TASK["multiclass"][softmax_before_its_loss]

for _task, _own in OF_THE_TASK.items():
    for _clause, _mistakes in {"VALUE": VALUE | _own, **OTHERS}.items():
        for _wrong, _misconception in _mistakes.items():
            _record(_task, _clause, _wrong, _misconception)
