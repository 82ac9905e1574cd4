"""Right networks of one architecture, written otherwise."""

import importlib.util

import numpy as np

from impls.declared import TASKS, Network
from tests.mistakes.networks import sigmoid
from tests.mistakes.of_networks import LAST, LOSSES, gradients, right
from tests.selftest.right_variants.registry import variants


def _in_numpy(task):
    return {
        "network": lambda x, theta: right(task, x, theta),
        "network_gradients": lambda x, y, theta: gradients(task, x, y, theta),
    }


def _example_by_example(task):
    def output(x, theta):
        (W1, b1), (W2, b2) = theta
        rows = [W2 @ np.where(W1 @ one + b1 > 0, W1 @ one + b1, 0.0) + b2 for one in x]
        return np.stack([sigmoid(row) if LAST[task] == "sigmoid" else row for row in rows])

    return {"network": output}


for _task in LAST:
    variants(f"network: in NumPy, {_task}", "robust", lambda task=_task: _in_numpy(task), task=_task)
    variants(
        f"network: example by example, {_task}", "textbook", lambda task=_task: _example_by_example(task), task=_task
    )


if importlib.util.find_spec("torch"):

    def _classes():
        import torch
        from torch import nn
        from torch.nn import functional

        class Sequential(nn.Module):
            """The slides' form, with a number of outputs of its own."""

            def __init__(self, input_dim, h_dim, last=()):
                super().__init__()
                self.layers = nn.Sequential(nn.Linear(input_dim, h_dim), nn.ReLU(), nn.Linear(h_dim, 2), *last)

            def forward(self, x):
                return self.layers(x)

        class ByName(nn.Module):
            """Layers as attributes, functions for the activations."""

            def __init__(self, input_dim, h_dim, k):
                super().__init__()
                self.hidden = nn.Linear(input_dim, h_dim)
                self.output = nn.Linear(h_dim, k)

            def forward(self, x):
                return self.output(torch.relu(self.hidden(x)))

        class Parameters(nn.Module):
            """No layers at all."""

            def __init__(self, n_in, n_hidden, n_out=1):
                super().__init__()
                self.W1, self.b1 = nn.Parameter(torch.ones(n_hidden, n_in)), nn.Parameter(torch.ones(n_hidden))
                self.W2, self.b2 = nn.Parameter(torch.ones(n_out, n_hidden)), nn.Parameter(torch.ones(n_out))

            def forward(self, x):
                return functional.linear(torch.clamp(x @ self.W1.T + self.b1, min=0), self.W2, self.b2)

        class LastLayerFirst(nn.Module):
            """The layers in the order in which one may think of them: from the output back."""

            def __init__(self, input_dim, h_dim, k):
                super().__init__()
                self.output = nn.Linear(h_dim, k)
                self.hidden = nn.Linear(input_dim, h_dim)

            def forward(self, x):
                return self.output(functional.relu(self.hidden(x)))

        return {
            "sequential": Sequential,
            "by name": ByName,
            "parameters": Parameters,
            "last layer first": LastLayerFirst,
        }

    def _of_class(name, task):
        import torch

        from impls.adapters.torch_modules import TwoLayers, loss_by_name

        cls = _classes()[name]
        if task == "binary":
            plain = cls.forward
            cls.forward = lambda self, x: torch.sigmoid(plain(self, x))
        return dict(TwoLayers(cls).functions(loss_by_name(LOSSES[task])))

    for _task in LAST:
        for _name in ("sequential", "by name", "parameters", "last layer first"):
            variants(
                f"network: a torch class, {_name}, {_task}",
                "robust",
                lambda name=_name, task=_task: _of_class(name, task),
                arrays="torch",
                network=Network(*TASKS[_task], "float32"),
            )
