"""Mistakes in a linear layer."""

import numpy as np

from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import floating, layer, linear, refuse_unless


@mistake("LINEAR-VALUE", "multiplies x by W instead of by W transposed, which fits only where W is square")
def untransposed_w(x, W, b):
    return x @ W + b


@mistake("LINEAR-VALUE", "multiplies by whichever of W and its transpose fits, and a square W fits both ways")
def untransposed_w_where_it_is_square(x, W, b):
    return (x @ W if x.shape[-1] == W.shape[0] else x @ W.T) + b


@mistake("LINEAR-VALUE", "takes the bias for a threshold and subtracts it")
def bias_subtracted(x, W, b):
    return x @ W.T - b


@mistake("LINEAR-VALUE", "takes an input of 0 for a missing one and adds its weight alone")
def zero_inputs_count_as_one(x, W, b):
    return np.where(x == 0, 1, x) @ W.T + b


@mistake("LINEAR-VALUE", "averages the weighted inputs where the formula sums them")
def mean_of_the_weighted_inputs(x, W, b):
    return x @ W.T / x.shape[-1] + b


@mistake(
    "LINEAR-VALUE", "squeezes the result, so that a batch of one example and a layer of one neuron lose their axis"
)
def squeezed(x, W, b):
    return np.squeeze(x @ W.T + b)


@mistake("LINEAR-VALUE", "gives a single example the axis of a batch")
def batch_axis_for_a_single_example(x, W, b):
    return np.atleast_2d(x) @ W.T + b


@mistake(
    "LINEAR-VALUE", "keeps the transposed weights of the first call for later ones of the same shape", remembers=True
)
def weights_of_the_first_call():
    transposed = {}
    return lambda x, W, b: x @ transposed.setdefault(W.shape, W.T.copy()) + b


@mistake("LINEAR-ROWS", "leaves the examples in columns, as W X + b has them")
def examples_in_columns(x, W, b):
    return W @ x + b if x.ndim == 1 else W @ x.T + b[:, None]


@mistake("LINEAR-ROWS", "reshapes the batch to (n, m) where it should transpose it")
def reshaped_instead_of_transposed(x, W, b):
    return W @ x + b if x.ndim == 1 else (W @ x.reshape(x.shape[::-1])).T + b


@mistake("LINEAR-ROWS", "gives every example of a batch the sums of the first one")
def first_example_for_all(x, W, b):
    return np.broadcast_to(x[0] @ W.T + b, (len(x), len(b))) if x.ndim == 2 else x @ W.T + b


@mistake("LINEAR-ROWS", "takes the batch for transposed where it is square")
def square_batch_transposed(x, W, b):
    return (x.T if x.ndim == 2 and x.shape[0] == x.shape[1] else x) @ W.T + b


@mistake("LINEAR-IDENTITY", "multiplies in half precision to save memory")
def half_precision_inside(x, W, b):
    return (x.astype(np.float16) @ W.T.astype(np.float16) + b).astype(x.dtype)


@mistake("LINEAR-IDENTITY", "rounds the factors to the eleven bits of TF32, which the error of a long sum would cover")
def eleven_bits_of_each_factor(x, W, b):
    return _rounded_to_eleven_bits(x) @ _rounded_to_eleven_bits(W).T + b


def _rounded_to_eleven_bits(a):
    mantissa, exponent = np.frexp(a)
    return np.ldexp(np.round(mantissa * 2**11) / 2**11, exponent)


@mistake("LINEAR-IDENTITY", "rounds the result to six decimals to make it look tidy")
def rounded_to_six_decimals(x, W, b):
    return np.round(x @ W.T + b, 6)


@mistake("LINEAR-IDENTITY", "adds an eps although nothing is divided")
def eps_added(x, W, b):
    return x @ W.T + b + 1e-12


@mistake("LINEAR-BIAS", "leaves the bias out")
def bias_forgotten(x, W, b):
    return x @ W.T


@mistake("LINEAR-BIAS", "adds the bias twice, as a column of the weights and once more")
def bias_doubled(x, W, b):
    ones = np.ones((*x.shape[:-1], 1))
    return np.concatenate([x, ones], axis=-1) @ np.column_stack([W, b]).T + b


@mistake("LINEAR-BIAS", "adds the bias to each weighted input, so n times in all")
def bias_for_each_input(x, W, b):
    return (x[..., None, :] * W + b[:, None]).sum(axis=-1)


@mistake("LINEAR-BIAS", "gives every neuron the bias of the first one")
def one_bias_for_all_neurons(x, W, b):
    return x @ W.T + b[0]


@mistake("LINEAR-BIAS", "adds the biases along the examples where there are as many examples as neurons")
def bias_along_the_examples_of_a_square_batch(x, W, b):
    z = x @ W.T
    return z + b[:, None] if z.shape == (len(b), len(b)) else z + b


@mistake("LINEAR-BIAS", "adds the bias to the first example of a batch only")
def bias_for_the_first_example(x, W, b):
    z = x @ W.T
    z[0] += b if z.ndim == 2 else b[0]
    return z


@mistake("LINEAR-PURE", "adds the weighted sums to the bias in place")
def accumulated_in_the_bias(x, W, b):
    if x.ndim == 2:
        return x @ W.T + b
    b += W @ x
    return b


@mistake("LINEAR-PURE", "overwrites the batch with the result where that has the same size")
def batch_overwritten_where_the_layer_is_square(x, W, b):
    z = x @ W.T + b
    if z.shape != x.shape:
        return z
    x[...] = z
    return x


@mistake("LINEAR-PURE", "returns a buffer that the next call of the same shape overwrites", remembers=True)
def buffer_for_each_shape():
    buffers = {}

    def into_its_buffer(x, W, b):
        z = x @ W.T + b
        buffer = buffers.setdefault(z.shape, np.empty_like(z))
        buffer[...] = z
        return buffer

    return into_its_buffer


@mistake("LINEAR-DTYPE", "makes the result an array of float64 whatever comes in")
def float64_always(x, W, b):
    z = np.zeros((*x.shape[:-1], len(b)))
    z += x @ W.T + b
    return z


@mistake("LINEAR-DTYPE", "computes in float32, the habit of the frameworks, and casts back")
def float32_inside(x, W, b):
    return (x.astype(np.float32) @ W.T.astype(np.float32) + b).astype(x.dtype)


@mistake("LINEAR-LAYOUT", "reads the memory of W in the order in which it lies there", bug="pytorch PR51713")
def weights_in_the_order_of_memory(x, W, b):
    return x @ W.ravel(order="K").reshape(W.shape).T + b


@mistake("LINEAR-LAYOUT", "reads a view as if its elements lay one after the other", bug="pytorch#80006")
def examples_read_as_if_contiguous(x, W, b):
    return as_if_contiguous(x) @ W.T + b


@mistake("LINEAR-LAYOUT", "walks through memory upwards, where a reversed view walks downwards")
def reversed_view_read_forwards(x, W, b):
    return x @ np.flip(W, [axis for axis, stride in enumerate(W.strides) if stride < 0]).T + b


@mistake("LINEAR-LAYOUT", "asks for a writable buffer, as a typed memoryview in Cython does")
def read_only_arrays_refused(x, W, b):
    if not all(a.flags.writeable for a in (x, W, b)):
        raise ValueError("buffer source array is read-only")
    return x @ W.T + b


@mistake("LINEAR-LAYOUT", "takes a batch whose rows share their memory for a single row")
def broadcast_batch_collapsed(x, W, b):
    return (x[:1] if x.ndim == 2 and x.strides[0] == 0 else x) @ W.T + b


@mistake("LINEAR-NAN", "counts NaN as 0, so that missing data look like a result")
def nan_as_zero(x, W, b):
    return np.nan_to_num(x) @ W.T + b


@mistake("LINEAR-NAN", "makes the sums of the whole batch NaN when one example holds a NaN")
def nan_spoils_the_batch(x, W, b):
    return x @ W.T + b + 0 * x.sum()


@mistake("LINEAR-NAN", "looks for NaN in the first input of each example only")
def nan_in_the_first_input_only(x, W, b):
    return np.where(np.isnan(x[..., :1]), np.nan, np.nan_to_num(x) @ W.T + b)


@mistake("LINEAR-LONG", "adds eight inputs at a time and forgets those left over")
def leftover_inputs_lost(x, W, b):
    n = x.shape[-1]
    whole = n - n % 8 if n > 8 else n
    return x[..., :whole] @ W[:, :whole].T + b


@mistake("LINEAR-LONG", "lets the last block of eight inputs overlap the one before and counts those in it twice")
def last_block_overlaps(x, W, b):
    n = x.shape[-1]
    blocks = [slice(max(0, min(start, n - 8)), start + 8) for start in range(0, n, 8)]
    return sum(x[..., block] @ W[:, block].T for block in blocks) + b


@mistake("LINEAR-LONG", "has room for 256 inputs and drops those beyond")
def inputs_beyond_256_dropped(x, W, b):
    return x[..., :256] @ W[:, :256].T + b


@mistake("LINEAR-LONG", "forgets the inputs left over by a block of 32, though only for a single example")
def leftover_inputs_of_a_single_example_lost(x, W, b):
    n = x.shape[-1]
    whole = n - n % 32 if x.ndim == 1 and n > 32 else n
    return x[..., :whole] @ W[:, :whole].T + b


@mistake("LINEAR-BATCH", "works through a batch in blocks of 256 rows and forgets the last, smaller one")
def leftover_rows_lost(x, W, b):
    z = np.zeros((*x.shape[:-1], len(b)), x.dtype) + b
    whole = len(x) - len(x) % 256 if x.ndim == 2 and len(x) > 256 else len(x)
    z[:whole] += x[:whole] @ W.T if x.ndim == 2 else W @ x
    return z


@mistake("LINEAR-BATCH", "computes 1024 rows at most and leaves the others 0")
def rows_beyond_1024_left_zero(x, W, b):
    z = x @ W.T + b
    if x.ndim == 2:
        z[1024:] = 0
    return z


@mistake("LINEAR-HUGE", "launches one block for each example and 4096 blocks at most, so that later rows stay 0")
def rows_beyond_4096_left_zero(x, W, b):
    z = x @ W.T + b
    if x.ndim == 2:
        z[4096:] = 0
    return z


@mistake("LINEAR-EMPTY", "collects the rows in a list, and of an empty list NumPy makes the shape (0,)")
def list_of_rows(x, W, b):
    x, W, b = layer(x, W, b)
    return W @ x + b if x.ndim == 1 else np.array([W @ row + b for row in x], x.dtype)


@mistake("LINEAR-EMPTY", "stacks the rows, which needs one at least")
def stacked_rows(x, W, b):
    x, W, b = layer(x, W, b)
    return W @ x + b if x.ndim == 1 else np.stack([W @ row + b for row in x])


@mistake("LINEAR-INTEGER", "multiplies integers in their own dtype, where products wrap around")
def integers_wrap_around(x, W, b):
    refuse_unless(x.shape[-1:] == W.shape[1:] and b.shape == W.shape[:1])
    return x @ W.T + b


@mistake("LINEAR-INTEGER", "promotes small integers to the smallest float, half precision, which counts to 2048 only")
def small_integers_to_half_precision(x, W, b):
    return linear(*(a.astype(np.result_type(a, np.float16)) for a in (x, W, b)))


@mistake("LINEAR-SHAPES", "adds whatever b broadcasts to, as NumPy does unasked")
def bias_broadcast(x, W, b):
    x, W, b = floating(x, W, b)
    return x @ W.T + b


@mistake("LINEAR-SHAPES", "multiplies elementwise before it sums, so that one feature is broadcast to W's several")
def features_broadcast(x, W, b):
    x, W, b = floating(x, W, b)
    refuse_unless(b.shape == W.shape[:1])
    return (x[..., None, :] * W).sum(axis=-1) + b


@mistake("LINEAR-SHAPES", "transposes a batch that does not fit until it does")
def batch_transposed_to_fit(x, W, b):
    return linear(x.T if x.ndim == 2 and x.shape[1] != W.shape[1] else x, W, b)


@mistake("LINEAR-SHAPES", "transposes a W that does not fit and repeats the biases until all fits")
def weights_transposed_to_fit(x, W, b):
    x, W, b = floating(x, W if x.shape[-1] == W.shape[1] else W.T, b)
    return x @ W.T + np.resize(b, len(W))
