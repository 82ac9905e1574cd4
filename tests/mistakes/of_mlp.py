"""Known mistakes of mlp and of collapse_linear, of their own formulas."""

import numpy as np

from tests.mistakes.networks import ACTIVATIONS, floating, layer, linear, mlp, sigmoid
from tests.mistakes.registry import record, remembering, replica, wrong, wrong_later

# fmt: off
exp = np.exp

def with_layer(linear):
    """The network with another linear layer in the place of each."""
    return lambda *network: mlp(*network, linear=linear)

def with_activation(**functions):
    return lambda *network: mlp(*network, functions=functions)

def with_theta(change):
    return lambda x, theta, names: mlp(x, change(theta), names)

def with_names(change):
    return lambda x, theta, names: mlp(x, theta, change(list(names)))

def of_sum(z):
    return z.sum(axis=-1, keepdims=True)

def layer_by_layer(step):
    """``step(outputs, layer, g, k)`` gives the output of layer k from all outputs before it, the input first."""

    def wrong(x, theta, names):
        outputs = [x]
        for k, (one, g) in enumerate(zip(theta, names, strict=True)):
            outputs.append(step(outputs, one, g, k))
        return outputs[-1]

    return wrong

def residual(outputs, one, g, k):
    h = mlp(outputs[-1], [one], [g])
    return h + outputs[-1] if h.shape == outputs[-1].shape else h

def fifth_reads_the_wrong_one(outputs, one, g, k):
    fits = k >= 4 and outputs[-2].shape[-1] == one[0].shape[1]
    return mlp(outputs[-2] if fits else outputs[-1], [one], [g])

def centred(h, W, b):
    z = linear(h, W, b)
    return z - z.mean(axis=0) if len(z) > 1 and z.ndim == 2 else z

record({
"MLP-VALUE": {
    "leaves the biases out": with_layer(lambda h, W, b: h @ W.T),
    "has a bias in the first layer only": with_theta(lambda theta: [theta[0], *((W, 0 * b) for W, b in theta[1:])]),
    "multiplies by W instead of by W transposed": with_layer(lambda h, W, b: h @ W + b),
    "multiplies by whichever of W and its transpose fits, and a square W fits both ways":
        with_layer(lambda h, W, b: (h @ W if h.shape[-1] == len(W) else h @ W.T) + b),
    "leaves the last layer without its activation": with_names(lambda names: [*names[:-1], "identity"]),
    "applies the last activation twice": lambda x, theta, names: ACTIVATIONS[names[-1]](mlp(x, theta, names)),
    "applies the activation to a layer's inputs where its sums are due":
        layer_by_layer(lambda outputs, one, g, k: ACTIVATIONS[g](outputs[-1]) @ one[0].T + one[1]),
    "adds the bias after the activation":
        layer_by_layer(lambda outputs, one, g, k: ACTIVATIONS[g](outputs[-1] @ one[0].T) + one[1]),
    "builds two layers, one hidden, however many theta has": lambda x, theta, names: mlp(x, theta[:2], names[:2]),
    "stops before the last layer": lambda x, theta, names: mlp(x, theta[:-1], names[:-1]),
    "normalises the softmax over the batch": with_activation(softmax=lambda z: exp(z) / exp(z).sum(axis=0)),
    "normalises the softmax over the whole batch at once": with_activation(softmax=lambda z: exp(z) / exp(z).sum()),
    "divides by the softmax's sums without keepdims": with_activation(softmax=lambda z: exp(z) / exp(z).sum(axis=-1)),
    "adds an eps of 1e-3 to the softmax's denominator":
        with_activation(softmax=lambda z: exp(z) / (of_sum(exp(z)) + 1e-3)),
    "lets a hundredth of the negative numbers through its ReLU":
        with_activation(relu=lambda z: np.where(z > 0, z, 0.01 * z)),
    "takes the sigmoid for the tanh, which is S-shaped as well": with_activation(tanh=sigmoid),
    "takes the tanh for the sigmoid": with_activation(sigmoid=np.tanh),
    "loses the minus sign in the exponent of the sigmoid": with_activation(sigmoid=lambda z: sigmoid(-z)),
    "squeezes the output": lambda *network: np.squeeze(mlp(*network)),
    "normalises each layer's sums over the batch": with_layer(centred),
    "keeps each layer of the first call for later layers of the same sizes":
        remembering(lambda: layers_of_the_first_call({})),
}, "MLP-COMPOSED": {
    "has room for four layers and leaves those beyond out": lambda x, theta, names: mlp(x, theta[:4], names[:4]),
    "adds a layer's input to its output where the sizes allow, in deep networks":
        lambda x, theta, names: layer_by_layer(residual)(x, theta, names) if len(theta) > 4 else mlp(x, theta, names),
    "writes layers into two work spaces in turn and from the fifth on takes the wrong one":
        layer_by_layer(fifth_reads_the_wrong_one),
}, "MLP-ACTIVATIONS": {
    "takes the activations from the last one to the first": with_names(lambda names: names[::-1]),
    "gives every hidden layer the first activation":
        with_names(lambda names: [names[0]] * (len(names) - 1) + names[-1:]),
    "gives each layer the activation of the layer before": with_names(lambda names: names[-1:] + names[:-1]),
    "sorts the names on the way": with_names(sorted),
}, "MLP-XOR": {
    "leaves the hidden layers linear": with_names(lambda names: ["identity"] * (len(names) - 1) + names[-1:]),
    "lets the hidden neurons fire or not, as the perceptron's did":
        lambda x, theta, names: mlp((mlp(x, theta[:-1], names[:-1]) > 0.5).astype(x.dtype), theta[-1:], names[-1:]),
}, "MLP-REGION-AND": {
    "reads w_ij from neuron j to input i, which a symmetric W like XOR's does not show":
        with_theta(lambda theta: [(W.T if W.shape[0] == W.shape[1] else W, b) for W, b in theta[:1]] + theta[1:]),
    "exchanges the columns of a plane's coordinates, as y and x of an image": lambda x, *rest: mlp(x[..., ::-1], *rest),
}, "MLP-REGION-OR": {
    "clips the sums at 6": with_layer(lambda h, W, b: np.clip(linear(h, W, b), -6, 6)),
    "gives all neurons of a layer the bias of its first one": with_layer(lambda h, W, b: h @ W.T + b[0]),
}, "MLP-PURE": {
    "takes the names from the caller's list as it goes":
        lambda x, theta, names: mlp(x, theta, [names.pop(0) for _ in theta]),
    "drops the caller's last layer": lambda x, theta, names: mlp(x, [*theta[:-1], theta.pop()], names),
}, "MLP-SATURATED": {
    "writes the tanh as (e^2z - 1) / (e^2z + 1), which is inf / inf":
        replica("deeplearning4j#7382", with_activation(tanh=lambda z: (exp(2 * z) - 1) / (exp(2 * z) + 1))),
    "gives NaN for the tanh of more than 44, where 1 - tanh underflows":
        replica("pytorch PR172406", with_activation(tanh=lambda z: np.where(np.abs(z) > 44, np.nan, np.tanh(z)))),
    "computes the softmax without the shift that keeps exp from overflowing":
        replica("burn#315", with_activation(softmax=lambda z: exp(z) / of_sum(exp(z)))),
    "shifts the softmax by the maximum of the whole batch":
        with_activation(softmax=lambda z: exp(z - z.max()) / of_sum(exp(z - z.max()))),
}, "MLP-NAN": {
    "lets ReLU choose z only where z > 0, which no NaN is":
        replica("pytorch#7999,#10238", with_activation(relu=lambda z: np.where(z > 0, z, 0))),
    "takes a weight that is NaN for one that was pruned":
        lambda x, theta, names: mlp(x, [(np.nan_to_num(W), b) for W, b in theta], names),
    "takes a bias that is NaN for one that was never set":
        lambda x, theta, names: mlp(x, [(W, np.nan_to_num(b)) for W, b in theta], names),
}, "MLP-INTEGER": {
    "casts the parameters to the dtype of the examples, whose integers cut them off":
        lambda x, theta, names: mlp(x, [(W.astype(x.dtype), b.astype(x.dtype)) for W, b in theta], names),
}, "MLP-EMPTY": {
    "collects the examples' outputs in a list, and of an empty list NumPy makes (0,)":
        lambda x, *rest: np.array([mlp(one, *rest) for one in x], x.dtype),
    "joins batches of 32, and of no batch there is nothing to join":
        lambda x, *rest: np.concatenate([mlp(x[start : start + 32], *rest) for start in range(0, len(x), 32)]),
}, "MLP-SHAPES": {
    "takes as many features as the first layer has inputs and leaves the others":
        lambda x, theta, names: mlp(x[..., : theta[0][0].shape[1]], theta, names),
    "takes as many columns of a W as it needs and leaves the others":
        with_layer(lambda h, W, b: linear(h, W[:, : h.shape[-1]], b)),
    "takes as many biases as the layer has neurons and leaves the others":
        with_layer(lambda h, W, b: linear(h, W, b[: len(W)])),
}, "MLP-NAMES": {
    "stops at the shorter of the lists of layers and activations":
        lambda x, theta, names: mlp(x, theta[: len(names)], names[: len(theta)]),
    "takes an activation that it does not know for none":
        with_names(lambda names: [g if g in ACTIVATIONS else "identity" for g in names]),
    "lets surplus names go unnoticed": lambda x, theta, names: mlp(x, theta, [names[k] for k in range(len(theta))]),
}})

def layers_of_the_first_call(built):
    return with_theta(
        lambda theta: [built.setdefault((k, W.shape), (W.copy(), b.copy())) for k, (W, b) in enumerate(theta)]
    )

@wrong("MLP-PURE", "writes a layer's output over its input where they have the same size, the first time over x")
def layers_computed_in_place(x, theta, names):
    for one, g in zip(theta, names, strict=True):
        h = mlp(x, [one], [g])
        if h.shape == x.shape:
            x[...] = h
        else:
            x = h
    return x

@wrong_later("MLP-VALUE", "drops every fifth hidden neuron, as it is done in training")
def dropout_left_on():
    generator = np.random.default_rng(0)
    return layer_by_layer(
        lambda outputs, one, g, k: mlp(
            outputs[-1] * (generator.random(outputs[-1].shape) > 0.2) / 0.8 if k else outputs[-1], [one], [g]
        )
    )

# Two linear layers collapsed into one

def all_square(W1, W2):
    return W1.shape == W2.shape == W1.shape[::-1]

def value(weights, biases):
    """The one layer of these functions of the two layers."""
    return lambda *layers: (weights(*layers), biases(*layers))

def right_weights(W1, b1, W2, b2):
    return W2 @ W1

def right_bias(W1, b1, W2, b2):
    return W2 @ b1 + b2

record({
"COLLAPSE-VALUE": {
    "multiplies in the order in which the layers come, W1 W2": value(lambda W1, b1, W2, b2: W1 @ W2, right_bias),
    "multiplies in the order in which the layers come where all sizes are equal":
        value(lambda W1, b1, W2, b2: W1 @ W2 if all_square(W1, W2) else W2 @ W1, right_bias),
    "adds the biases, without the second layer's weights on the first one's":
        value(right_weights, lambda W1, b1, W2, b2: b1 + b2),
    "forgets that the first layer's bias goes through the second layer too":
        value(right_weights, lambda W1, b1, W2, b2: b2.copy()),
    "leaves out the second layer's bias": value(right_weights, lambda W1, b1, W2, b2: W2 @ b1),
    "takes the layers in the wrong order, b = W1 b2 + b1, where all sizes are equal":
        value(right_weights, lambda W1, b1, W2, b2: W1 @ b2 + b1 if all_square(W1, W2) else W2 @ b1 + b2),
    "weights the second bias too, W2 (b1 + b2), where it fits":
        value(right_weights, lambda W1, b1, W2, b2: W2 @ (b1 + b2) if len(b1) == len(b2) else W2 @ b1 + b2),
    "multiplies b1 by W2 transposed where W2 is square":
        value(right_weights, lambda W1, b1, W2, b2: (b1 @ W2 if len(b1) == len(b2) else W2 @ b1) + b2),
    "multiplies square matrices elementwise":
        value(lambda W1, b1, W2, b2: W2 * W1 if W1.shape == W2.shape else W2 @ W1, right_bias),
    "adds the weights of equal layers, as if they stood side by side":
        value(lambda W1, b1, W2, b2: W2 + W1 if W1.shape == W2.shape else W2 @ W1, right_bias),
    "subtracts the second layer's bias": value(right_weights, lambda W1, b1, W2, b2: W2 @ b1 - b2),
}, "COLLAPSE-SHAPE": {
    "gives W with one row for each input, S_0 x S_2": value(lambda *layers: right_weights(*layers).T, right_bias),
    "gives the bias as a column": value(right_weights, lambda *layers: right_bias(*layers)[:, None]),
    "gives the bias once for each input, as a matrix of W's shape":
        value(right_weights, lambda W1, *rest: np.tile(right_bias(W1, *rest)[:, None], W1.shape[1])),
}, "COLLAPSE-FUNCTION": {
    "sums over four hidden neurons and drops those beyond":
        lambda W1, b1, W2, b2: (W2[:, :4] @ W1[:4], W2[:, :4] @ b1[:4] + b2),
    "rounds the weights of the one layer to single precision to save memory":
        value(lambda W1, *rest: (right_weights(W1, *rest)).astype(np.float32).astype(W1.dtype), right_bias),
    "rounds the bias of the one layer to single precision":
        value(right_weights, lambda W1, *rest: right_bias(W1, *rest).astype(np.float32).astype(W1.dtype)),
}, "COLLAPSE-PURE": {
    "adds the weighted first bias to the second one in place":
        value(right_weights, lambda W1, b1, W2, b2: np.add(b2, W2 @ b1, out=b2)),
}, "COLLAPSE-DTYPE": {
    "makes the bias an array of float64 whatever comes in":
        value(right_weights, lambda *layers: right_bias(*layers).astype(np.float64)),
    "multiplies the weights in half precision and casts back":
        value(lambda W1, b1, W2, b2: (W2.astype(np.float16) @ W1.astype(np.float16)).astype(W1.dtype), right_bias),
}, "COLLAPSE-INTEGER": {
    "promotes small integers to half precision, which counts to 2048 only": lambda *layers: (
        right_weights(*(half := [a.astype(np.result_type(a, np.float16)) for a in layers])),
        right_bias(*half),
    ),
}, "COLLAPSE-SHAPES": {
    "cuts or repeats the second biases until each neuron has one": lambda W1, b1, W2, b2: (
        value(right_weights, right_bias)(*floating(W1, b1, W2, np.resize(b2, len(W2))))
    ),
}})

@wrong("COLLAPSE-SHAPES", "exchanges two layers that do not follow each other until they do")
def layers_exchanged_to_fit(W1, b1, W2, b2):
    if W2.shape[1] != len(W1):
        W1, b1, W2, b2 = W2, b2, W1, b1
    b1, W2, b2 = layer(b1, W2, b2)
    return W2 @ W1, W2 @ b1 + b2
