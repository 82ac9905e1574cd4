"""`scipy.special` on NumPy arrays, or `cupyx.scipy.special` on CuPy arrays: the same source for both.

expit, softmax, log_softmax, xlogy and xlog1py are called as they are, so that what they get wrong shows. The rest is
written here, for the whole floating-point range. Arguments are checked by reading them: a GPU does not raise for an
index out of range. What is wrong raises ValueError.
"""

from operator import index


class SpecialFunctions:
    """The lecture's functions from `xp` (numpy or cupy) and `special` (scipy.special or cupyx.scipy.special)."""

    def __init__(self, xp, special):
        self.xp = xp
        self.special = special

    def sigmoid(self, z):
        """1 / (1 + e^-z) (slide "Popular activation functions")."""
        return self.special.expit(z)

    def tanh(self, z):
        """(e^2z - 1) / (e^2z + 1) (slide "Popular activation functions")."""
        return self.xp.tanh(self._floating(z))

    def relu(self, z):
        """max(0, z) (slide "Popular activation functions")."""
        return self.xp.maximum(z, 0)

    def softmax(self, z):
        """e^z_i / sum_j e^z_j over the last axis (slide "The Softmax activation function")."""
        return self.special.softmax(z, axis=-1)

    def one_hot(self, labels, k):
        """True at the label, False elsewhere (slide "Cross-entropy (CE) loss")."""
        k = index(k)
        self._check_labels(labels, k)
        return labels[..., None] == self.xp.arange(k)

    def binary_cross_entropy(self, y_hat, y):
        """Mean of -y log y_hat - (1 - y) log(1 - y_hat) (slide "Logistic regression - NumPy vs. PyTorch")."""
        self._check_probabilities(y_hat, y)
        return -(self.special.xlogy(y, y_hat) + self.special.xlog1py(1 - y, -y_hat)).mean()

    def cross_entropy(self, y_hat, y):
        """-1/m sum_j sum_i y_i log y_hat_i, with 0 log 0 = 0 (slide "Cross-entropy (CE) loss")."""
        self._check_probabilities(y_hat, y)
        _check(y.ndim in (1, 2), "y has to be (m, k) or (k,)", y.shape)
        return -self.special.xlogy(y, y_hat).sum(axis=-1).mean()

    def cross_entropy_with_logits(self, z, labels):
        """Mean of -log softmax(z) at the label (slide "MLP neural network model for classification - PyTorch")."""
        self._check_examples(z, labels)
        log_probabilities = self.special.log_softmax(z, axis=-1)
        return -self.xp.take_along_axis(log_probabilities, labels[..., None], axis=-1).mean()

    def mean_squared_error(self, y_hat, y):
        """1/(2mk) sum_j sum_i (y_hat_i - y_i)^2 (slide "MLP - Multiple label variables")."""
        _check_equal_shapes(y_hat, y)
        _check(y.ndim in (1, 2), "y has to be (m, k) or (m,)", y.shape)
        difference = self._floating(y_hat) - self._floating(y)
        return (difference * difference).mean() / 2

    def linear(self, x, W, b):
        """W x + b for every example (slide "Multilayer Perceptron (MLP)")."""
        _check(W.ndim == 2, "W has to be (s, n)", W.shape)
        _check(x.ndim in (1, 2) and x.shape[-1] == W.shape[1], f"x has to be (m, n) or (n,) for W {W.shape}", x.shape)
        _check(b.shape == W.shape[:1], f"b has to be (s,) for W {W.shape}", b.shape)
        return self._floating(x) @ self._floating(W).T + b

    def neuron(self, x, w, b):
        """sigmoid(w . x + b), b a number (slide "The artificial neuron model")."""
        _check(w.ndim == 1, "w has to be (n,)", w.shape)
        _check(x.ndim in (1, 2) and x.shape[-1] == w.shape[0], f"x has to be (m, n) or (n,) for w {w.shape}", x.shape)
        return self.sigmoid(self._floating(x) @ self._floating(w) + b)

    def logistic_regression(self, X, theta):
        """Label prediction (slide "Logistic regression - NumPy vs. PyTorch")."""
        return self.neuron(X, theta, 0.0)

    def mlp(self, x, theta, activations):
        """h(x) = g_L(W_L ... g_1(W_1 x + b_1) ... + b_L) (slide "Multilayer Perceptron (MLP)")."""
        return self._outputs(x, theta, activations)[-1]

    def collapse_linear(self, W1, b1, W2, b2):
        """(W_2 W_1, W_2 b_1 + b_2) (slide "Multilayer Perceptron (MLP)")."""
        _check(W1.ndim == W2.ndim == 2 and W1.shape[:1] == b1.shape, f"b1 has to be (S_1,) for W1 {W1.shape}", b1.shape)
        _check(W2.shape[1:] == b1.shape, f"W2 has to be (S_2, S_1) for W1 {W1.shape}", W2.shape)
        return self._floating(W2) @ self._floating(W1), self.linear(b1, W2, b2)

    def gradient_descent_step(self, theta, grad, alpha):
        """theta - alpha grad for every parameter (slide "Training an MLP")."""
        _check(len(theta) == len(grad), f"grad has to hold {len(theta)} arrays as theta does", len(grad))
        for parameter, gradient in zip(theta, grad, strict=True):
            _check(gradient.shape == parameter.shape, f"grad has to be {parameter.shape} as theta is", gradient.shape)
        return [parameter - alpha * gradient for parameter, gradient in zip(theta, grad, strict=True)]

    def mlp_gradients(self, x, y, theta, activations, loss):
        """dJ/dW_k and dJ/db_k for every layer (slide "Training an MLP"), by the chain rule from the last layer back."""
        outputs = self._outputs(x, theta, activations)
        dz = self._loss_gradient(loss, outputs[-1], y, activations[-1])
        gradients = []
        for k in reversed(range(len(theta))):
            W, _ = theta[k]
            examples, dz_rows = (array.reshape(-1, array.shape[-1]) for array in (outputs[k], dz))
            gradients.append((dz_rows.T @ examples, dz_rows.sum(axis=0)))
            if k > 0:
                dz = self._back(activations[k - 1], outputs[k], dz @ W)
        return gradients[::-1]

    def sgd_step(self, theta, grad, state, lr, momentum):
        """theta - lr v, v = momentum v + grad (slide "Training an MLP - The SGD algorithm")."""
        rows = _rows(theta, grad, state, "momentum_buffer")
        v = [momentum * buffer + g for _, g, buffer in rows]
        return [p - lr * step for p, step in zip(theta, v, strict=True)], {"momentum_buffer": v}

    def adagrad_step(self, theta, grad, state, lr, eps):
        """theta - lr grad / (sqrt(s) + eps), s = s + grad^2 (slide "Training an MLP - The SGD algorithm")."""
        rows = _rows(theta, grad, state, "sum")
        s = [total + g * g for _, g, total in rows]
        stepped = [p - lr * (g / (self.xp.sqrt(total) + eps)) for (p, g, _), total in zip(rows, s, strict=True)]
        return stepped, {"sum": s}

    def rmsprop_step(self, theta, grad, state, lr, alpha, eps):
        """theta - lr grad / (sqrt(v) + eps), v the running mean of grad^2 (slide "Training an MLP - ...")."""
        rows = _rows(theta, grad, state, "square_avg")
        v = [alpha * mean + (1 - alpha) * (g * g) for _, g, mean in rows]
        stepped = [p - lr * (g / (self.xp.sqrt(mean) + eps)) for (p, g, _), mean in zip(rows, v, strict=True)]
        return stepped, {"square_avg": v}

    def adam_step(self, theta, grad, state, lr, betas, eps):
        """theta - lr m / (sqrt(v) + eps), both means without their bias to 0 (slide "Training an MLP - ...")."""
        rows = _rows(theta, grad, state, "exp_avg", "exp_avg_sq")
        (beta1, beta2), t = betas, state["step"] + 1
        m = [beta1 * mean + (1 - beta1) * g for _, g, mean, _ in rows]
        v = [beta2 * mean + (1 - beta2) * (g * g) for _, g, _, mean in rows]
        roots = [self.xp.sqrt(mean / (1 - beta2**t)) + eps for mean in v]
        rate = lr / (1 - beta1**t)
        stepped = [p - rate * (mean / root) for p, mean, root in zip(theta, m, roots, strict=True)]
        return stepped, {"step": t, "exp_avg": m, "exp_avg_sq": v}

    def adamax_step(self, theta, grad, state, lr, betas, eps):
        """theta - lr m / u, m without its bias to 0, u = max(beta2 u, |grad| + eps) (slide "Training an MLP - ...")."""
        rows = _rows(theta, grad, state, "exp_avg", "exp_inf")
        (beta1, beta2), t = betas, state["step"] + 1
        m = [beta1 * mean + (1 - beta1) * g for _, g, mean, _ in rows]
        u = [self.xp.maximum(beta2 * most, abs(g) + eps) for _, g, _, most in rows]
        rate = lr / (1 - beta1**t)
        stepped = [p - rate * (mean / most) for p, mean, most in zip(theta, m, u, strict=True)]
        return stepped, {"step": t, "exp_avg": m, "exp_inf": u}

    TASK = "multiclass"

    def network(self, x, theta):
        """The logits W_2 ReLU(W_1 x + b_1) + b_2 (slide "MLP neural network model for classification - PyTorch")."""
        return self.mlp(x, theta, ["relu", "identity"])

    def network_gradients(self, x, y, theta):
        """The gradients of cross_entropy_with_logits (slide "MLP ... for classification - PyTorch")."""
        return self.mlp_gradients(x, y, theta, ["relu", "identity"], "cross_entropy_with_logits")

    def fit(self, X, y, alpha, steps):
        """theta after so many steps of gradient descent from 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
        theta = self.xp.zeros(X.shape[1])
        for _ in range(steps):
            theta = theta - alpha / len(X) * (X.T @ (self.logistic_regression(X, theta) - y))
        return theta

    def predict(self, X, theta):
        """1 where the probability is at least 1/2, else 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
        return (self.logistic_regression(X, theta) >= 0.5).astype(int)

    def _outputs(self, x, theta, activations):
        """The input and every layer's output."""
        _check(len(theta) == len(activations), f"activations has to name {len(theta)}, one per layer", activations)
        functions = {
            "sigmoid": self.sigmoid,
            "tanh": self.tanh,
            "relu": self.relu,
            "softmax": self.softmax,
            "identity": lambda z: z,
        }
        outputs = [x]
        for (W, b), g in zip(theta, activations, strict=True):
            _check(g in functions, f"activations has to be among {', '.join(functions)}", g)
            outputs.append(functions[g](self.linear(outputs[-1], W, b)))
        return outputs

    def _loss_gradient(self, loss, h, y, g):
        """dJ/dz of the last layer, h = g(z). A sigmoid or a softmax under its own loss cancels to h - y."""
        if loss == "cross_entropy_with_logits":
            self._check_examples(h, y)
            dh = (self.softmax(h) - self.one_hot(y, h.shape[-1])) / y.size
            return self._back(g, h, dh)
        if loss == "mean_squared_error":
            _check_equal_shapes(h, y)
            return self._back(g, h, (h - y) / y.size)
        _check(loss in ("binary_cross_entropy", "cross_entropy"), "loss has to be one of the four losses", loss)
        self._check_probabilities(h, y)
        m = y.size // y.shape[-1]
        if loss == "binary_cross_entropy":
            if g == "sigmoid":
                return (h - y) / y.size
            return self._back(g, h, (h - y) / self.xp.maximum(h * (1 - h), 1e-12) / y.size)
        if g == "softmax":
            return (h * y.sum(axis=-1, keepdims=True) - y) / m
        return self._back(g, h, -y / self.xp.where(y > 0, h, 1) / m)

    def _back(self, g, h, dh):
        """dJ/dz from dJ/dh, h = g(z)."""
        if g == "sigmoid":
            return dh * h * (1 - h)
        if g == "tanh":
            return dh * (1 - h * h)
        if g == "relu":
            return dh * (h > 0)
        if g == "softmax":
            return h * (dh - (dh * h).sum(axis=-1, keepdims=True))
        return dh

    def _floating(self, array):
        return array if array.dtype.kind == "f" else array.astype(self.xp.float64)

    def _check_labels(self, labels, k):
        _check(labels.dtype.kind in "iu", "labels have to be integers", labels.dtype)
        _check(k > 0, "there has to be a class at least", k)
        _check(bool(((labels >= 0) & (labels < k)).all()), f"labels have to lie in [0, {k})", labels)

    def _check_examples(self, z, labels):
        _check(z.ndim in (1, 2) and z.size > 0, "z has to be (m, k) or (k,), not empty", z.shape)
        _check(labels.shape == z.shape[:-1], f"labels have to be {z.shape[:-1]} for z {z.shape}", labels.shape)
        self._check_labels(labels, z.shape[-1])

    def _check_probabilities(self, y_hat, y):
        _check_equal_shapes(y_hat, y)
        for name, p in (("y_hat", y_hat), ("y", y)):
            _check(bool(((p >= 0) & (p <= 1)).all()), f"{name} has to lie in [0, 1]", p)


def _rows(theta, grad, state, *keys):
    """Each parameter with its gradient and its entries of the state."""
    columns = [theta, grad, *(state[key] for key in keys)]
    for name, column in zip(("grad", *keys), columns[1:], strict=True):
        shapes = [array.shape for array in column]
        _check(shapes == [p.shape for p in theta], f"{name} has to be of the shapes of theta", shapes)
    return list(zip(*columns, strict=True))


def _check_equal_shapes(y_hat, y):
    _check(y.shape == y_hat.shape, f"y has to be {y_hat.shape} as y_hat is", y.shape)
    _check(y.size > 0, "there has to be an example at least", y.shape)


def _check(holds, needed, given):
    if not holds:
        raise ValueError(f"{needed}, got {given}")
