"""ONNX Runtime on the CPU: each function is a small ONNX model; a session is made once for each dtype.

There are no gradients and no optimisers in it, and it has no loss of probabilities.
"""

from functools import cache
from importlib.metadata import version

import numpy as np
import onnxruntime
from onnx import helper

ARRAYS = "numpy"
VERSIONS = {name: version(name) for name in ("onnxruntime", "onnx")}
OPSET = 18
_ACTIVATIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "softmax": "Softmax"}


def sigmoid(z):
    return _run((("Sigmoid", "a", "out"),), z)


def tanh(z):
    return _run((("Tanh", "a", "out"),), z)


def relu(z):
    return _run((("Relu", "a", "out"),), z)


def softmax(z):
    return _run((("Softmax", "a", "out"),), z)


def one_hot(labels, k):
    """OneHot needs an axis; a label without axes gets one for the call."""
    ends = np.array([0, 1], np.float32)
    hot = _run((("OneHot", "a b c", "out"),), np.atleast_1d(labels), np.array([k]), ends)
    return hot.reshape(*labels.shape, k)


def cross_entropy_with_logits(z, labels):
    loss = (("SoftmaxCrossEntropyLoss", "a b", "out"),)
    return _run(loss, z, labels) if z.ndim > 1 else _run(loss, z[None], labels[None])


def mean_squared_error(y_hat, y):
    """ONNX's operators broadcast, and its integers wrap around, so both are refused here."""
    if y_hat.shape != y.shape or y_hat.dtype.kind != "f":
        raise ValueError(f"y has to be {y_hat.shape} as y_hat is, and both floating, got {y.shape} and {y_hat.dtype}")
    nodes = (("Sub", "a b", "d"), ("Mul", "d d", "s"), ("ReduceMean", "s", "m", ("keepdims", 0)), ("Div", "m c", "out"))
    return _run(nodes, y_hat, y, np.array(2, y_hat.dtype))


def linear(x, W, b):
    if x.ndim == 1:
        return linear(x[None], W, b)[0]
    return _run((("Gemm", "a b c", "out", ("transB", 1)),), x, W, b)


def neuron(x, w, b):
    nodes = (("MatMul", "a b", "p"), ("Add", "p c", "z"), ("Sigmoid", "z", "out"))
    return _run(nodes, x, w, np.array(b, x.dtype))


def logistic_regression(X, theta):
    return _run((("MatMul", "a b", "z"), ("Sigmoid", "z", "out")), X, theta)


def mlp(x, theta, activations):
    """A model of Gemm and activation for each layer."""
    if x.ndim == 1:
        return mlp(x[None], theta, activations)[0]
    if len(theta) != len(activations):
        raise ValueError(f"activations has to name {len(theta)}, one for each layer, got {activations}")
    nodes, last = [], "a"
    for k, name in enumerate(activations):
        nodes.append(("Gemm", f"{last} {_letter(2 * k + 1)} {_letter(2 * k + 2)}", f"z{k}", ("transB", 1)))
        last = f"z{k}"
        if name != "identity":
            nodes.append((_ACTIVATIONS[name], last, f"h{k}"))
            last = f"h{k}"
    return _run((*nodes, ("Identity", last, "out")), x, *(one for layer in theta for one in layer))


def collapse_linear(W1, b1, W2, b2):
    return _run((("MatMul", "a b", "out"),), W2, W1), linear(b1, W2, b2)


def _letter(number):
    return "abcdefghijklmnopqrstuvwxyz"[number]


def _run(nodes, *arrays):
    """The output of a model of these nodes (operator, inputs, output, attributes), whose inputs are a, b, c, ..."""
    signature = tuple((helper.np_dtype_to_tensor_dtype(one.dtype), one.ndim) for one in arrays)
    session = _session(nodes, signature)
    return session.run(None, {_letter(at): np.asarray(one, order="C") for at, one in enumerate(arrays)})[0]


@cache
def _session(nodes, signature):
    inputs = [
        helper.make_tensor_value_info(_letter(at), kind, [None] * ndim) for at, (kind, ndim) in enumerate(signature)
    ]
    made = [helper.make_node(kind, ins.split(), [out], **dict(more)) for kind, ins, out, *more in nodes]
    output = helper.make_empty_tensor_value_info("out")
    graph = helper.make_graph(made, "formula", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
