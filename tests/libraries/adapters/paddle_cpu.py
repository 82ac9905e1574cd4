"""PaddlePaddle on the CPU: paddle.nn.functional, paddle.optimizer, gradients by paddle.grad."""

import functools
from importlib.metadata import version

import numpy as np
import paddle
from paddle.nn import functional

ARRAYS = "numpy"
DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8")  # uint16 stands for bfloat16
VERSIONS = {"paddlepaddle": version("paddlepaddle")}
OPTIMISER_EPS = {"rmsprop_step": "inside", "adamax_step": "none"}
STATEFUL = ("sgd_step", "adagrad_step", "rmsprop_step", "adam_step", "adamax_step")
_ACTIVATIONS = {
    "sigmoid": functional.sigmoid,
    "tanh": functional.tanh,
    "relu": functional.relu,
    "softmax": functional.softmax,
    "identity": paddle.assign,
}

paddle.set_device("cpu")


def sigmoid(z):
    return functional.sigmoid(paddle.to_tensor(z)).numpy()


def tanh(z):
    return functional.tanh(paddle.to_tensor(z)).numpy()


def relu(z):
    return functional.relu(paddle.to_tensor(z)).numpy()


def softmax(z):
    return functional.softmax(paddle.to_tensor(z), axis=-1).numpy()


def one_hot(labels, k):
    return functional.one_hot(paddle.to_tensor(labels), k).numpy()


def binary_cross_entropy(y_hat, y):
    return functional.binary_cross_entropy(paddle.to_tensor(y_hat), paddle.to_tensor(y)).numpy()


def cross_entropy(y_hat, y):
    """The loss of paddle takes probabilities if it is told to."""
    loss = functional.cross_entropy(
        paddle.to_tensor(y_hat), paddle.to_tensor(y), soft_label=True, use_softmax=False, reduction="mean"
    )
    return loss.numpy()


def cross_entropy_with_logits(z, labels):
    return functional.cross_entropy(paddle.to_tensor(z), paddle.to_tensor(labels)).numpy()


def mean_squared_error(y_hat, y):
    return (functional.mse_loss(paddle.to_tensor(y_hat), paddle.to_tensor(y)) / 2).numpy()


def linear(x, W, b):
    return _network(x, _tensors([(W, b)]), ["identity"]).numpy()


def neuron(x, w, b):
    return functional.sigmoid(paddle.to_tensor(x) @ paddle.to_tensor(w) + b).numpy()


def logistic_regression(X, theta):
    return functional.sigmoid(paddle.to_tensor(X) @ paddle.to_tensor(theta)).numpy()


def mlp(x, theta, activations):
    return _network(x, _tensors(theta), activations).numpy()


def collapse_linear(W1, b1, W2, b2):
    return (paddle.to_tensor(W2) @ paddle.to_tensor(W1)).numpy(), linear(b1, W2, b2)


def mlp_gradients(x, y, theta, activations, loss):
    *hidden, last = activations
    theta, y = _tensors(theta), paddle.to_tensor(y)
    parameters = [one for layer in theta for one in layer]
    for one in parameters:
        one.stop_gradient = False
    if loss == "mean_squared_error":
        J = functional.mse_loss(_network(x, theta, activations), y) / 2
    else:
        z = _network(x, theta, [*hidden, "identity"])
        J = {
            ("sigmoid", "binary_cross_entropy"): functional.binary_cross_entropy_with_logits,
            ("softmax", "cross_entropy"): functools.partial(functional.cross_entropy, soft_label=True),
            ("identity", "cross_entropy_with_logits"): functional.cross_entropy,
        }[last, loss](z, y)
    gradients = [one.numpy() for one in paddle.grad(J, parameters)]
    return list(zip(gradients[::2], gradients[1::2], strict=True))


def gradient_descent_step(theta, grad, alpha):
    return _step(paddle.optimizer.SGD, theta, grad, None, learning_rate=alpha)[0]


def sgd_step(theta, grad, state, lr, momentum):
    return _step(paddle.optimizer.Momentum, theta, grad, state, learning_rate=lr, momentum=momentum)


def adagrad_step(theta, grad, state, lr, eps):
    return _step(paddle.optimizer.Adagrad, theta, grad, state, learning_rate=lr, epsilon=eps)


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    return _step(paddle.optimizer.RMSProp, theta, grad, state, learning_rate=lr, rho=alpha, epsilon=eps)


def adam_step(theta, grad, state, lr, betas, eps):
    rates = {"learning_rate": lr, "beta1": betas[0], "beta2": betas[1]}
    return _step(paddle.optimizer.Adam, theta, grad, state, epsilon=eps, **rates)


def adamax_step(theta, grad, state, lr, betas, eps):
    rates = {"learning_rate": lr, "beta1": betas[0], "beta2": betas[1]}
    return _step(paddle.optimizer.Adamax, theta, grad, state, epsilon=eps, **rates)


def _tensors(theta):
    return [(paddle.to_tensor(W), paddle.to_tensor(b)) for W, b in theta]


def _network(x, theta, activations):
    h = paddle.to_tensor(x)
    for (W, b), name in zip(theta, activations, strict=True):
        h = _ACTIVATIONS[name](functional.linear(h, W.T, b))
    return h


def _step(kind, theta, grad, state, **hyper):
    """A step of a new optimiser whose variables bear the names, and get the values, that an earlier one's had."""
    with paddle.utils.unique_name.guard():
        parameters = []
        for one in theta:
            initial = paddle.nn.initializer.Assign(one)
            parameter = paddle.create_parameter(one.shape, str(one.dtype), default_initializer=initial)
            parameters.append(parameter)
        optimiser = kind(parameters=parameters, **hyper)
        if state is not None:
            optimiser.set_state_dict({name: paddle.to_tensor(value) for name, value in state.items()})
        for parameter, gradient in zip(parameters, grad, strict=True):
            parameter.grad = paddle.to_tensor(gradient)
        optimiser.step()
        after = {name: np.array(value) for name, value in optimiser.state_dict().items()}
    return [one.numpy() for one in parameters], after
