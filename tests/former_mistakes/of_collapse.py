"""Mistakes in collapsing two linear layers into one."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import floating, layer, refuse_unless


@mistake("COLLAPSE-VALUE", "multiplies in the order in which the layers come, W1 W2, which fits or does not")
def weights_in_reading_order(W1, b1, W2, b2):
    return W1 @ W2, W2 @ b1 + b2


@mistake(
    "COLLAPSE-VALUE", "multiplies in the order in which the layers come wherever that fits the shapes of the result"
)
def weights_in_reading_order_where_they_are_square(W1, b1, W2, b2):
    return W1 @ W2 if W1.shape == W2.shape == W1.shape[::-1] else W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-VALUE", "adds the biases, without the second layer's weights on the first one's")
def biases_added(W1, b1, W2, b2):
    return W2 @ W1, b1 + b2


@mistake("COLLAPSE-VALUE", "forgets that the first layer's bias goes through the second layer too")
def first_bias_lost(W1, b1, W2, b2):
    return W2 @ W1, b2.copy()


@mistake("COLLAPSE-VALUE", "leaves out the second layer's bias")
def second_bias_lost(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1


@mistake("COLLAPSE-VALUE", "takes the layers in the wrong order, b = W1 b2 + b1, where all sizes are equal")
def bias_in_the_wrong_order(W1, b1, W2, b2):
    return W2 @ W1, W1 @ b2 + b1 if W1.shape == W2.shape == W1.shape[::-1] else W2 @ b1 + b2


@mistake("COLLAPSE-VALUE", "weights the second bias too, W2 (b1 + b2), where it fits")
def both_biases_weighted(W1, b1, W2, b2):
    return W2 @ W1, W2 @ (b1 + b2) if len(b1) == len(b2) else W2 @ b1 + b2


@mistake("COLLAPSE-VALUE", "multiplies b1 by W2 transposed where W2 is square")
def bias_times_a_square_w2(W1, b1, W2, b2):
    return W2 @ W1, (b1 @ W2 if W2.shape[0] == W2.shape[1] else W2 @ b1) + b2


@mistake("COLLAPSE-VALUE", "multiplies square matrices elementwise")
def square_weights_elementwise(W1, b1, W2, b2):
    return W2 * W1 if W1.shape == W2.shape else W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-VALUE", "adds the weights of equal layers, as if they stood side by side")
def equal_layers_added(W1, b1, W2, b2):
    return W2 + W1 if W1.shape == W2.shape else W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-SHAPE", "gives W with one row for each input, S_0 x S_2")
def weights_transposed(W1, b1, W2, b2):
    return (W2 @ W1).T, W2 @ b1 + b2


@mistake("COLLAPSE-SHAPE", "gives the bias as a column")
def bias_as_column(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1[:, None] + b2[:, None]


@mistake("COLLAPSE-SHAPE", "gives the bias once for each input, as a matrix of W's shape")
def bias_for_each_input(W1, b1, W2, b2):
    W = W2 @ W1
    return W, np.broadcast_to((W2 @ b1 + b2)[:, None], W.shape).copy()


@mistake("COLLAPSE-FUNCTION", "sums over four hidden neurons and drops those beyond")
def hidden_neurons_beyond_four_dropped(W1, b1, W2, b2):
    return W2[:, :4] @ W1[:4], W2[:, :4] @ b1[:4] + b2


@mistake("COLLAPSE-FUNCTION", "rounds the weights of the one layer to single precision to save memory")
def weights_in_single_precision(W1, b1, W2, b2):
    return (W2 @ W1).astype(np.float32).astype(W1.dtype), W2 @ b1 + b2


@mistake("COLLAPSE-PURE", "adds the weighted first bias to the second one in place")
def second_bias_in_place(W1, b1, W2, b2):
    W = W2 @ W1
    b2 += W2 @ b1
    return W, b2


@mistake("COLLAPSE-PURE", "writes the product over W2 where it has the same shape")
def product_over_w2(W1, b1, W2, b2):
    b = W2 @ b1 + b2
    W = W2 @ W1
    if W.shape == W2.shape:
        W2[...] = W
        W = W2
    return W, b


@mistake("COLLAPSE-PURE", "returns a buffer that the next call for layers of the same sizes overwrites", remembers=True)
def buffer_for_each_shape():
    buffers = {}

    def into_its_buffer(W1, b1, W2, b2):
        W = W2 @ W1
        buffer = buffers.setdefault(W.shape, np.empty_like(W))
        buffer[...] = W
        return buffer, W2 @ b1 + b2

    return into_its_buffer


@mistake("COLLAPSE-DTYPE", "makes the bias an array of float64 whatever comes in")
def float64_bias(W1, b1, W2, b2):
    b = np.zeros(len(b2))
    b += W2 @ b1 + b2
    return W2 @ W1, b


@mistake("COLLAPSE-DTYPE", "multiplies in half precision and casts back")
def half_precision_inside(W1, b1, W2, b2):
    return (W2.astype(np.float16) @ W1.astype(np.float16)).astype(W1.dtype), W2 @ b1 + b2


@mistake("COLLAPSE-LAYOUT", "reads the memory of W1 in the order in which it lies there", bug="pytorch PR51713")
def weights_in_the_order_of_memory(W1, b1, W2, b2):
    return W2 @ W1.ravel(order="K").reshape(W1.shape), W2 @ b1 + b2


@mistake("COLLAPSE-LAYOUT", "reads biases as if the elements of a view lay one after the other", bug="pytorch#80006")
def biases_read_as_if_contiguous(W1, b1, W2, b2):
    b1, b2 = (as_if_contiguous(b) for b in (b1, b2))
    return W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-LAYOUT", "walks through W2's memory upwards, where a reversed view walks downwards")
def reversed_view_read_forwards(W1, b1, W2, b2):
    W2 = np.flip(W2, [axis for axis, stride in enumerate(W2.strides) if stride < 0])
    return W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-LONG", "adds eight hidden neurons at a time and forgets those left over")
def leftover_hidden_neurons_lost(W1, b1, W2, b2):
    n = len(b1)
    whole = n - n % 8 if n > 8 else n
    return W2[:, :whole] @ W1[:whole], W2[:, :whole] @ b1[:whole] + b2


@mistake("COLLAPSE-LONG", "has room for 256 hidden neurons in the product for the bias")
def biases_beyond_256_dropped(W1, b1, W2, b2):
    return W2 @ W1, W2[:, :256] @ b1[:256] + b2


@mistake("COLLAPSE-INTEGER", "multiplies integers in their own dtype, where products wrap around")
def integers_wrap_around(W1, b1, W2, b2):
    refuse_unless(W2.shape[1] == len(W1) == len(b1) and len(W2) == len(b2))
    return W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-INTEGER", "promotes small integers to the smallest float, half precision, which counts to 2048 only")
def small_integers_to_half_precision(W1, b1, W2, b2):
    W1, b1, W2, b2 = (a.astype(np.result_type(a, np.float16)) for a in (W1, b1, W2, b2))
    return W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-SHAPES", "adds whatever b2 broadcasts to, as NumPy does unasked")
def second_bias_broadcast(W1, b1, W2, b2):
    W1, b1, W2, b2 = floating(W1, b1, W2, b2)
    return W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-SHAPES", "exchanges two layers that do not follow each other until they do")
def layers_exchanged_to_fit(W1, b1, W2, b2):
    if W2.shape[1] != len(W1):
        W1, b1, W2, b2 = W2, b2, W1, b1
    b1, W2, b2 = layer(b1, W2, b2)
    return W2 @ W1, W2 @ b1 + b2


@mistake("COLLAPSE-SHAPES", "takes a bias that is missing for 0")
def missing_bias_as_zero(W1, b1, W2, b2):
    W1, b1, W2, b2 = floating(W1, b1, W2, b2)
    b1 = np.concatenate([b1, np.zeros(len(W1) - len(b1))])
    refuse_unless(len(b2) == len(W2))
    return W2 @ W1, W2 @ b1 + b2
