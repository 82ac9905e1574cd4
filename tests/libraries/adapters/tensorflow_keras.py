"""TensorFlow and Keras on the CPU: tf.nn and tf.GradientTape, the losses and optimisers of Keras."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf

ARRAYS = "numpy"
FLUSHES_TO_ZERO = True
VERSIONS = {"keras": version("keras"), "tensorflow": tf.__version__}
OPTIMISER_EPS = {
    "adagrad_step": "inside",
    "rmsprop_step": "inside",
    "adam_step": "uncorrected",
    "adamax_step": "outside",
}
STATEFUL = ("sgd_step", "adagrad_step", "rmsprop_step", "adam_step", "adamax_step")
_ACTIVATIONS = {
    "sigmoid": tf.nn.sigmoid,
    "tanh": tf.nn.tanh,
    "relu": tf.nn.relu,
    "softmax": tf.nn.softmax,
    "identity": tf.identity,
}


def sigmoid(z):
    return tf.nn.sigmoid(tf.constant(z)).numpy()


def tanh(z):
    return tf.nn.tanh(tf.constant(z)).numpy()


def relu(z):
    return tf.nn.relu(tf.constant(z)).numpy()


def softmax(z):
    return tf.nn.softmax(tf.constant(z)).numpy()


def one_hot(labels, k):
    return tf.one_hot(tf.constant(labels), k).numpy()


def binary_cross_entropy(y_hat, y):
    """Keras takes examples of label variables, and gives the mean of each example."""
    return tf.reduce_mean(keras.losses.binary_crossentropy(tf.constant(y), tf.constant(y_hat))).numpy()


def cross_entropy(y_hat, y):
    return tf.reduce_mean(keras.losses.categorical_crossentropy(tf.constant(y), tf.constant(y_hat))).numpy()


def cross_entropy_with_logits(z, labels):
    return _of_logits(tf.constant(z), tf.constant(labels)).numpy()


def mean_squared_error(y_hat, y):
    return (tf.reduce_mean(keras.losses.mean_squared_error(tf.constant(y), tf.constant(y_hat))) / 2).numpy()


def linear(x, W, b):
    return _network(x, [(W, b)], ["identity"]).numpy()


def neuron(x, w, b):
    return tf.nn.sigmoid(tf.tensordot(tf.constant(x), tf.constant(w), 1) + b).numpy()


def logistic_regression(X, theta):
    return tf.nn.sigmoid(tf.tensordot(tf.constant(X), tf.constant(theta), 1)).numpy()


def mlp(x, theta, activations):
    return _network(x, theta, activations).numpy()


def collapse_linear(W1, b1, W2, b2):
    return tf.linalg.matmul(tf.constant(W2), tf.constant(W1)).numpy(), linear(b1, W2, b2)


def mlp_gradients(x, y, theta, activations, loss):
    *hidden, last = activations
    theta, y = [(tf.Variable(W), tf.Variable(b)) for W, b in theta], tf.constant(y)
    with tf.GradientTape() as tape:
        if loss == "mean_squared_error":
            J = tf.reduce_mean(keras.losses.mean_squared_error(y, _network(x, theta, activations))) / 2
        else:
            z = _network(x, theta, [*hidden, "identity"])
            J = {
                ("sigmoid", "binary_cross_entropy"): _of_binary_logits,
                ("softmax", "cross_entropy"): _of_distributions,
                ("identity", "cross_entropy_with_logits"): _of_logits,
            }[last, loss](z, y)
    return [(dW.numpy(), db.numpy()) for dW, db in tape.gradient(J, theta)]


def gradient_descent_step(theta, grad, alpha):
    return _step(keras.optimizers.SGD(alpha), theta, grad, None)[0]


def sgd_step(theta, grad, state, lr, momentum):
    return _step(keras.optimizers.SGD(lr, momentum=momentum), theta, grad, state)


def adagrad_step(theta, grad, state, lr, eps):
    optimiser = keras.optimizers.Adagrad(lr, initial_accumulator_value=0.0, epsilon=eps)
    return _step(optimiser, theta, grad, state)


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    return _step(keras.optimizers.RMSprop(lr, rho=alpha, epsilon=eps), theta, grad, state)


def adam_step(theta, grad, state, lr, betas, eps):
    return _step(keras.optimizers.Adam(lr, beta_1=betas[0], beta_2=betas[1], epsilon=eps), theta, grad, state)


def adamax_step(theta, grad, state, lr, betas, eps):
    return _step(keras.optimizers.Adamax(lr, beta_1=betas[0], beta_2=betas[1], epsilon=eps), theta, grad, state)


def _network(x, theta, activations):
    rows = tf.constant(x if x.ndim > 1 else x[None])
    for (W, b), name in zip(theta, activations, strict=True):
        rows = _ACTIVATIONS[name](tf.linalg.matmul(rows, W, transpose_b=True) + b)
    return rows if x.ndim > 1 else rows[0]


def _of_logits(z, labels):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=z))


def _of_distributions(z, y):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=z))


def _of_binary_logits(z, y):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))


def _step(optimiser, theta, grad, state):
    """A step of a new optimiser that takes over the variables which an earlier one had."""
    variables = [keras.Variable(one, dtype=str(one.dtype)) for one in theta]
    optimiser.build(variables)
    for variable, value in zip(optimiser.variables, state or (), strict=bool(state)):
        if variable.path != optimiser.learning_rate.path:
            variable.assign(value)
    optimiser.apply([tf.constant(one) for one in grad])
    return [np.array(one) for one in variables], [np.array(one) for one in optimiser.variables]
