"""Layers, networks and gradients by torch, where it is installed: its modules, functions, compilers and optimisers."""

import importlib.util

from tests.selftest.right_variants.registry import variant, variants

if importlib.util.find_spec("torch"):
    import torch
    from torch.nn import functional

    FUNCTIONS = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": functional.relu,
        "softmax": lambda z: functional.softmax(z, dim=-1),
        "identity": lambda z: z,
    }
    LOSSES = {
        "mean_squared_error": lambda h, y: functional.mse_loss(h, y) / 2,
        "binary_cross_entropy": functional.binary_cross_entropy,
        "cross_entropy": lambda h, y: -(y * h.log()).sum(dim=-1).mean(),
        "cross_entropy_with_logits": functional.cross_entropy,
    }

    def _mlp(x, theta, activations):
        for (W, b), g in zip(theta, activations, strict=True):
            x = FUNCTIONS[g](functional.linear(x, W, b))
        return x

    def _refuse_unless(fits):
        if not fits:
            raise ValueError("the shapes do not fit together")

    def _checked(x, W, b):
        _refuse_unless(x.shape[-1] == W.shape[1] and b.shape == W.shape[:1])
        return (a if a.is_floating_point() else a.double() for a in (x, W, b))

    @variant("linear", "textbook", arrays="torch")
    def torch_nn_functional_linear(x, W, b):
        return functional.linear(x, W, b)

    @variant("linear", "textbook", arrays="torch")
    def torch_addmm(x, W, b):
        return torch.addmm(b, torch.atleast_2d(x), W.T).reshape(*x.shape[:-1], len(b))

    @variant("linear", "robust", arrays="torch")
    def torch_checked_linear(x, W, b):
        return functional.linear(*_checked(x, W, b))

    @variant("linear", "robust", arrays="torch")
    def torch_einsum(x, W, b):
        x, W, b = _checked(x, W, b)
        return torch.einsum("...i,ji->...j", x, W) + b

    @torch.jit.script
    def _scripted_linear(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.matmul(x, W.t()) + b

    variants("linear: torch.jit.script", "textbook", lambda: {"linear": _scripted_linear}, arrays="torch")

    @variant("neuron", "textbook", arrays="torch")
    def torch_sigmoid(x, w, b):
        return torch.sigmoid(x @ w + b)

    @variant("logistic_regression", "textbook", arrays="torch")
    def torch_column(X, theta):
        return torch.sigmoid(torch.mm(X, theta[:, None]))

    @variant("mlp", "textbook", arrays="torch")
    def torch_functional(x, theta, activations):
        return _mlp(x, theta, activations)

    @variant("mlp", "textbook", arrays="torch")
    def torch_vmap_over_the_examples(x, theta, activations):
        if x.ndim == 1:
            return _mlp(x, theta, activations)
        return torch.func.vmap(lambda one: _mlp(one, theta, activations))(x)

    @variant("collapse_linear", "textbook", arrays="torch")
    def torch_products(W1, b1, W2, b2):
        return W2 @ W1, torch.addmv(b2, W2, b1)

    @variant("gradient_descent_step", "textbook", arrays="torch")
    def torch_optim_sgd(theta, grad, alpha):
        parameters = [p.clone().requires_grad_() for p in theta]
        for p, g in zip(parameters, grad, strict=True):
            p.grad = g.clone()
        torch.optim.SGD(parameters, lr=alpha).step()
        return parameters

    @variant("gradient_descent_step", "textbook", arrays="torch")
    def torch_foreach(theta, grad, alpha):
        return torch._foreach_add(theta, grad, alpha=-alpha)

    @variant("gradient_descent_step", "robust", arrays="torch")
    def torch_checked(theta, grad, alpha):
        _refuse_unless([p.shape for p in theta] == [g.shape for g in grad])
        return [p - alpha * g for p, g in zip(theta, grad, strict=True)]

    @variant("mlp_gradients", "textbook", arrays="torch")
    def torch_autograd(x, y, theta, activations, loss):
        leaves = [p.clone().requires_grad_() for layer in theta for p in layer]
        layers = list(zip(leaves[::2], leaves[1::2], strict=True))
        gradients = torch.autograd.grad(LOSSES[loss](_mlp(x, layers, activations), y), leaves)
        return list(zip(gradients[::2], gradients[1::2], strict=True))

    def _loss(x, y, activations, loss):
        return lambda theta: LOSSES[loss](_mlp(x, theta, activations), y)

    @variant("mlp_gradients", "textbook", arrays="torch")
    def torch_func_grad(x, y, theta, activations, loss):
        return torch.func.grad(_loss(x, y, activations, loss))(theta)

    @variant("mlp_gradients", "textbook", arrays="torch")
    def torch_forward_mode(x, y, theta, activations, loss):
        return torch.func.jacfwd(_loss(x, y, activations, loss))(theta)
