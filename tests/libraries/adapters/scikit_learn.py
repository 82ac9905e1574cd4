"""scikit-learn: the parts of its neural networks, its linear models with given parameters, and LabelBinarizer.

The activations, losses and optimisers of MLPClassifier and MLPRegressor are in private modules, and work in place; here
they get copies. The estimators take batches only and refuse NaN.
"""

from importlib.metadata import version

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import mean_squared_error as mean_of_squares
from sklearn.neural_network import MLPRegressor, _base, _stochastic_optimizers
from sklearn.preprocessing import LabelBinarizer, OneHotEncoder

ARRAYS = "numpy"
ONE_EXAMPLE = False
VERSIONS = {"scikit-learn": version("scikit-learn"), "scipy": version("scipy")}
OPTIMISER_EPS = {"adam_step": "uncorrected"}
STATEFUL = ("sgd_step",)
ACTIVATIONS = ("relu", "identity")
LOSS = "mean_squared_error"


def sigmoid(z):
    return _activated("logistic", z)


def tanh(z):
    return _activated("tanh", z)


def relu(z):
    return _activated("relu", z)


def softmax(z):
    """Rows of a matrix are what it takes."""
    return _activated("softmax", z.reshape(-1, z.shape[-1])).reshape(z.shape)


def one_hot(labels, k):
    """For one or two classes LabelBinarizer gives one column; OneHotEncoder does not."""
    if k > 2:
        encoded = LabelBinarizer().fit(np.arange(k)).transform(labels.ravel())
    else:
        encoder = OneHotEncoder(categories=[np.arange(k)], sparse_output=False)
        encoded = encoder.fit(np.zeros((1, 1), int)).transform(labels.reshape(-1, 1))
    return encoded.reshape(*labels.shape, k)


def binary_cross_entropy(y_hat, y):
    """Of one label variable or several, by the loss of MLPClassifier, which adds up what it has for each variable."""
    _check_probabilities(y_hat, y)
    columns = y_hat.reshape(-1, 1), y.reshape(-1, 1)
    return _base.binary_log_loss(columns[1], columns[0])


def cross_entropy(y_hat, y):
    _check_probabilities(y_hat, y)
    return _base.log_loss(np.atleast_2d(y), np.atleast_2d(y_hat))


def mean_squared_error(y_hat, y):
    return mean_of_squares(y, y_hat) / 2


def linear(x, W, b):
    """A fitted model has parameters in floating point."""
    layer = LinearRegression()
    layer.coef_, layer.intercept_, layer.n_features_in_ = _floating(W), _floating(b), W.shape[1]
    return layer.predict(x)


def neuron(x, w, b):
    return _classifier(w, b).predict_proba(x)[:, 1]


def logistic_regression(X, theta):
    return _classifier(theta, 0.0).predict_proba(X)[:, 1]


def predict(X, theta):
    return _classifier(theta, 0.0).predict(X)


def network(x, theta):
    predicted = _regressor(theta).predict(x)
    return predicted.reshape(len(x), -1)


def network_gradients(x, y, theta):
    model = _regressor(theta)
    widths = [W.shape[0] for W, _ in theta]
    layers = [x, *(np.empty((len(x), width), x.dtype) for width in widths)]
    empty = [[np.empty_like(one) for one in layers[1:]], [None] * len(theta), [None] * len(theta)]
    _, of_weights, of_biases = model._backprop(x, y, None, layers, *empty)
    return [(W.T, b) for W, b in zip(of_weights, of_biases, strict=True)]


def sgd_step(theta, grad, state, lr, momentum):
    """Its velocity contains the learning rate, so that it is kept as it is."""
    stepped = [one.copy() for one in theta]
    optimiser = _stochastic_optimizers.SGDOptimizer(stepped, lr, momentum=momentum, nesterov=False)
    if state is not None:
        optimiser.velocities = state
    optimiser.update_params(stepped, grad)
    return stepped, optimiser.velocities


def adam_step(theta, grad, state, lr, betas, eps):
    stepped = [one.copy() for one in theta]
    optimiser = _stochastic_optimizers.AdamOptimizer(stepped, lr, beta_1=betas[0], beta_2=betas[1], epsilon=eps)
    optimiser.t, optimiser.ms, optimiser.vs = state["step"], state["exp_avg"], state["exp_avg_sq"]
    optimiser.update_params(stepped, grad)
    return stepped, {"step": optimiser.t, "exp_avg": optimiser.ms, "exp_avg_sq": optimiser.vs}


def _activated(name, z):
    result = z.copy()
    _base.ACTIVATIONS[name](result)
    return result


def _classifier(w, b):
    model = LogisticRegression()
    model.coef_ = _floating(w)[None]
    model.intercept_ = np.array([b], model.coef_.dtype)
    model.classes_, model.n_features_in_ = np.array([0, 1]), len(w)
    return model


def _regressor(theta):
    model = MLPRegressor(hidden_layer_sizes=tuple(len(b) for _, b in theta[:-1]), activation="relu", alpha=0.0)
    model.coefs_, model.intercepts_ = [W.T for W, _ in theta], [b for _, b in theta]
    model.n_layers_, model.n_outputs_, model.out_activation_ = len(theta) + 1, len(theta[-1][1]), "identity"
    model.n_features_in_ = theta[0][0].shape[1]
    return model


def _floating(array):
    return array if array.dtype.kind == "f" else array.astype(float)


def _check_probabilities(y_hat, y):
    """What MLPClassifier makes sure of before it comes to its loss."""
    if y_hat.shape != y.shape or not y.size:
        raise ValueError(f"y has to be {y_hat.shape} as y_hat is, and not empty, got {y.shape}")
    for name, p in (("y_hat", y_hat), ("y", y)):
        if ((p < 0) | (p > 1)).any():
            raise ValueError(f"{name} has to lie in [0, 1], got {p}")
