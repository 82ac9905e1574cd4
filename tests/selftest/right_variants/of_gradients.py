"""Right gradients of a multilayer perceptron's loss."""

import numpy as np

from tests.mistakes.networks import ACTIVATIONS, backpropagated, outer_products, refuse_unless, sigmoid, softmax
from tests.selftest.right_variants.registry import variant, variants

EQUAL_PARTS = {
    "backpropagation": {},
    "einstein sums": {
        "parameters": lambda dz, h: (np.einsum("js,jn->sn", dz, h), np.einsum("js->s", dz)),
        "inputs": lambda dz, W: np.einsum("js,sn->jn", dz, W),
    },
    "a product with ones for the biases": {"parameters": lambda dz, h: (dz.T @ h, np.ones(len(dz), dz.dtype) @ dz)},
    "outer products of each example": {
        "parameters": lambda dz, h: (sum(np.multiply.outer(d, one) for d, one in zip(dz, h, strict=True)), sum(dz))
    },
    "the last example first": {"parameters": lambda dz, h: outer_products(dz[::-1], h[::-1])},
    "mini-batches of 64": {
        "parameters": lambda dz, h: tuple(
            sum(parts)
            for parts in zip(
                *(outer_products(dz[i : i + 64], h[i : i + 64]) for i in range(0, len(dz), 64)), strict=True
            )
        )
    },
    "products in float64": {
        "parameters": lambda dz, h: tuple(d.astype(dz.dtype) for d in outer_products(dz.astype(np.float64), h))
    },
    "derivatives from z": {
        "backward": {
            "sigmoid": lambda dh, z, h: dh * sigmoid(z) * sigmoid(-z),
            "tanh": lambda dh, z, h: dh * (1 - np.tanh(z)) * (1 + np.tanh(z)),
            "relu": lambda dh, z, h: np.where(z > 0, dh, 0),
        }
    },
    "derivatives of other forms": {
        "backward": {
            "sigmoid": lambda dh, z, h: dh * (h - h**2),
            "tanh": lambda dh, z, h: dh - dh * h * h,
            "relu": lambda dh, z, h: dh * np.sign(h),
        }
    },
    "the Jacobian of the softmax": {
        "backward": {
            "softmax": lambda dh, z, h: np.einsum("ji,jik->jk", dh, h[..., None] * (np.eye(h.shape[1]) - h[:, None]))
        }
    },
}
TEXTBOOK_ONLY = ("derivatives of other forms", "the Jacobian of the softmax", "derivatives from z")
for _name, _parts in EQUAL_PARTS.items():
    variants(
        f"mlp_gradients: {_name}",
        "textbook" if _name in TEXTBOOK_ONLY else "robust",
        lambda parts=_parts: {"mlp_gradients": lambda *training: backpropagated(*training, **parts)},
    )


@variant("mlp_gradients", "robust")
def nan_for_an_impossible_label(x, y, theta, activations, loss):
    """As where no exception can be raised: the compiled code of a GPU."""

    def slope(z, labels):
        refuse_unless(z.shape[:-1] == labels.shape)
        possible = (labels >= 0) & (labels < z.shape[-1])
        one_hot = np.eye(z.shape[-1], dtype=z.dtype)[np.where(possible, labels, 0)]
        one_hot[~possible] = np.nan
        return (softmax(z) - one_hot) / len(z)

    if loss == "cross_entropy_with_logits" and not ((y >= 0) & (y < len(theta[-1][1]))).all():
        spoilt = backpropagated(x, y, theta, activations, loss, slopes={loss: slope})
        return [tuple(np.full_like(part, np.nan) for part in one) for one in spoilt]
    return backpropagated(x, y, theta, activations, loss, slopes={"cross_entropy_with_logits": slope})


@variant("mlp_gradients", "robust")
def refuses_nan(x, *rest):
    refuse_unless(not np.isnan(x).any())
    return backpropagated(x, *rest)


@variant("mlp_gradients", "robust")
def one_axis_of_targets_taken_for_one_output(x, y, theta, activations, loss):
    if y.ndim == 1 and loss != "cross_entropy_with_logits" and len(theta[-1][1]) == 1:
        y = y[:, None]
    return backpropagated(x, y, theta, activations, loss)


@variant("mlp_gradients", "textbook")
def slopes_of_the_slides_losses_with_eps(*training):
    slopes = {
        "binary_cross_entropy": lambda h, y: (-y / (h + 1e-8) + (1 - y) / (1 - h + 1e-8)) / y.size,
        "cross_entropy": lambda h, y: -y / (h + 1e-8) / len(y),
    }
    return backpropagated(*training, slopes=slopes)


@variant("mlp_gradients", "textbook")
def last_activation_and_loss_together(x, y, theta, activations, loss):
    *hidden, last = activations
    together = {("sigmoid", "binary_cross_entropy"): "size", ("softmax", "cross_entropy"): "examples"}
    if (last, loss) not in together:
        return backpropagated(x, y, theta, activations, loss)
    count = y.size if together[last, loss] == "size" else len(y)
    slopes = {loss: lambda z, y: (ACTIVATIONS[last](z) - y) / count}
    return backpropagated(x, y, theta, [*hidden, "identity"], loss, slopes=slopes)


@variant("mlp_gradients", "textbook")
def probabilities_by_log_softmax(*training):
    def slope(z, labels):
        log_p = z - z.max(axis=1, keepdims=True)
        log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
        dz = np.exp(log_p)
        dz[np.arange(len(labels)), labels] -= 1
        return dz / len(labels)

    return backpropagated(*training, slopes={"cross_entropy_with_logits": slope})


@variant("mlp_gradients", "textbook")
def divided_by_the_batch_at_the_end(*training):
    slopes = {
        "mean_squared_error": lambda h, y: (h - y) / y.shape[1],
        "binary_cross_entropy": lambda h, y: (h - y) / (h * (1 - h)) / y.shape[1],
        "cross_entropy": lambda h, y: -y / h,
        "cross_entropy_with_logits": lambda z, y: softmax(z) - np.eye(z.shape[1])[y],
    }
    m = len(training[0])
    return tuple((dW / m, db / m) for dW, db in backpropagated(*training, slopes=slopes))


@variant("mlp_gradients", "textbook")
def mean_of_the_examples_gradients(x, y, *network):
    alone = [backpropagated(x[j : j + 1], y[j : j + 1], *network) for j in range(len(x))]
    return [
        tuple(np.mean([example[k][part] for example in alone], axis=0) for part in (0, 1)) for k in range(len(alone[0]))
    ]
