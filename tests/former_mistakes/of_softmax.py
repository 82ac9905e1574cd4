"""Mistakes in the softmax."""

import numpy as np

from reference import sigmoid, softmax
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


@mistake("SOFTMAX-VALUE", "puts a minus sign into the exponent, so that the smallest logit wins")
def smallest_logit_wins(z):
    return softmax(-z)


@mistake("SOFTMAX-VALUE", "applies the softmax twice, as a model does whose loss contains it already")
def softmax_twice(z):
    return softmax(softmax(z))


@mistake("SOFTMAX-VALUE", "gives the logarithm of the probabilities")
def logarithm(z):
    return np.log(softmax(z))


@mistake("SOFTMAX-VALUE", "gives all the probability to the largest logit")
def winner_takes_all(z):
    return (z == z.max(axis=-1, keepdims=True)).astype(z.dtype)


@mistake("SOFTMAX-VALUE", "forgets keepdims, so that a matrix is divided along the wrong axis, if it can be at all")
def keepdims_forgotten(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


@mistake("SOFTMAX-VALUE", "finds the axis by its length, and of a square matrix the wrong one")
def axis_found_by_its_length(z):
    axis = z.shape.index(z.shape[-1])
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@mistake("SOFTMAX-VALUE", "takes a single column for the logits of a binary classifier and gives their sigmoid")
def sigmoid_of_a_single_class(z):
    return sigmoid(z) if z.shape[-1] == 1 else softmax(z)


@mistake("SOFTMAX-VALUE", "divides the logits by the root of their number, as attention does")
def scaled_as_in_attention(z):
    return softmax(z / np.sqrt(z.shape[-1]))


@mistake("SOFTMAX-VALUE", "clips the logits to [-5, 5] against overflow")
def logits_clipped(z):
    return softmax(np.clip(z, -5, 5))


@mistake("SOFTMAX-VALUE", "answers from memory when a batch of the same shape comes again", remembers=True)
def answered_from_memory():
    answers = {}

    def answering(z):
        return answers.setdefault((z.shape, z.dtype), softmax(z)).copy()

    return answering


@mistake("SOFTMAX-SUM", "gives each logit its sigmoid, and does not divide")
def sigmoid_of_each_logit(z):
    return sigmoid(z)


@mistake("SOFTMAX-SUM", "divides by the sum over the whole matrix")
def sum_over_the_matrix(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@mistake("SOFTMAX-SUM", "keeps the 1 of the sigmoid's denominator")
def one_in_the_denominator(z):
    e = np.exp(z)
    return e / (1 + e.sum(axis=-1, keepdims=True))


@mistake("SOFTMAX-SUM", "adds an eps to the denominator that is too large to go unnoticed")
def eps_of_a_hundred_thousandth(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / (e.sum(axis=-1, keepdims=True) + 1e-5)


@mistake("SOFTMAX-SUM", "adds the eps to every numerator and not to the denominator")
def eps_in_the_numerator(z):
    return softmax(z) + 1e-6


@mistake("SOFTMAX-SUM", "divides by the mean of the exponentials where the formula takes their sum")
def mean_for_sum(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.mean(axis=-1, keepdims=True)


@mistake("SOFTMAX-SHIFT", "divides the logits by their sum and forgets the exponential")
def exponential_forgotten(z):
    return z / z.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-SHIFT", "divides the sigmoids of the logits by their sum")
def sigmoids_divided_by_their_sum(z):
    s = sigmoid(z)
    return s / s.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-SHIFT", "scales the logits by the largest of them against overflow, where it should subtract it")
def divided_by_the_largest_logit(z):
    return softmax(z / np.maximum(np.abs(z).max(axis=-1, keepdims=True), 1))


@mistake("SOFTMAX-PERMUTATION", "takes the last class for the one whose logit is 0")
def logit_of_the_last_class_ignored(z):
    return softmax(np.where(np.arange(z.shape[-1]) == z.shape[-1] - 1, 0, z))


@mistake("SOFTMAX-PERMUTATION", "sums in one pass and forgets to rescale the sum when a larger logit comes")
def running_sum_not_rescaled(z):
    largest = np.maximum.accumulate(z, axis=-1)
    total = np.exp(z - largest).sum(axis=-1, keepdims=True)
    return np.exp(z - largest[..., -1:]) / total


@mistake("SOFTMAX-PERMUTATION", "gives the probabilities in descending order")
def sorted_probabilities(z):
    return np.sort(softmax(z), axis=-1)[..., ::-1]


@mistake("SOFTMAX-ROWS", "divides by the sums of the columns")
def sums_of_the_columns(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


@mistake("SOFTMAX-ROWS", "subtracts from each logit the largest of its column, and so another number from each class")
def largest_of_each_column_subtracted(z):
    return softmax(z - z.max(axis=0)) if z.ndim > 1 else softmax(z)


@mistake("SOFTMAX-ROWS", "divides every row by the sum of the first one")
def sum_of_the_first_row(z):
    e = np.exp(z)
    return e / np.atleast_2d(e)[0].sum()


@mistake("SOFTMAX-SIGMOID", "treats two classes apart and swaps them")
def two_classes_swapped(z):
    return softmax(z)[..., ::-1] if z.shape[-1] == 2 else softmax(z)


@mistake("SOFTMAX-SIGMOID", "treats two classes apart and gives only the probability of the second")
def one_probability_for_two_classes(z):
    return softmax(z)[..., 1:] if z.shape[-1] == 2 else softmax(z)


@mistake("SOFTMAX-VALUE", "takes 2 for the base of the exponential")
def base_two(z):
    e = 2.0 ** (z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-EXAMPLE", "normalises the logits to mean 0 and variance 1 first")
def logits_standardised(z):
    return softmax((z - z.mean(axis=-1, keepdims=True)) / np.maximum(z.std(axis=-1, keepdims=True), 1e-9))


@mistake("SOFTMAX-PURE", "subtracts the largest logit from its argument itself")
def shifted_in_place(z):
    z -= z.max(axis=-1, keepdims=True)
    return softmax(z)


@mistake("SOFTMAX-PURE", "keeps one array for each shape and writes every result into it", remembers=True)
def result_array_reused():
    results = {}

    def reusing(z):
        value = softmax(z)
        result = results.setdefault((value.shape, value.dtype), value)
        result[...] = value
        return result

    return reusing


@mistake("SOFTMAX-SPREAD", "does not subtract the largest logit before the exponential overflows", bug="burn#315")
def not_shifted(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-SPREAD", "subtracts the logarithm of an unshifted sum, which is infinite", bug="pytorch#795,#725")
def logarithm_of_an_infinite_sum(z):
    return np.exp(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))


@mistake("SOFTMAX-SPREAD", "subtracts the smallest logit where it should subtract the largest")
def smallest_logit_subtracted(z):
    e = np.exp(z - z.min(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-OFFSET", "subtracts the largest logit of the batch from every row")
def shifted_over_the_batch(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-OFFSET", "adds the largest logit to log-sum-exp, where a large one swallows it", bug="pytorch#38839")
def log_sum_exp_swallowed(z):
    largest = z.max(axis=-1, keepdims=True)
    return np.exp(z - (largest + np.log(np.exp(z - largest).sum(axis=-1, keepdims=True))))


@mistake("SOFTMAX-LONG", "sums the first 512 exponentials of a row")
def first_512_exponentials(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e[..., :512].sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-LONG", "sums in the order of the row in float32, in which a long sum loses what is small")
def long_sum_in_float32(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True, dtype=np.float32 if z.shape[-1] > 512 else None)


@mistake("SOFTMAX-BATCH", "computes the first 2000 rows")
def first_2000_rows(z):
    value = softmax(z)
    value[2000:] = 0
    return value


@mistake("SOFTMAX-BATCH", "works on 1024 rows at a time and divides all of them by the sums of the first 1024")
def sums_of_the_first_block(z):
    if z.ndim < 2:
        return softmax(z)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)[np.arange(len(z)) % 1024]


@mistake("SOFTMAX-NEGINF", "subtracts the mean of the logits, which -inf makes -inf as well")
def mean_subtracted(z):
    return softmax(z - z.mean(axis=-1, keepdims=True))


@mistake("SOFTMAX-NEGINF", "takes a logit of -inf for a mistake and refuses it")
def infinity_refused(z):
    if np.isinf(z).any():
        raise ValueError("the logits have to be finite")
    return softmax(z)


@mistake("SOFTMAX-NEGINF", "takes a logit of -inf for 0")
def minus_infinity_replaced_by_zero(z):
    return softmax(np.where(np.isneginf(z), 0, z))


@mistake("SOFTMAX-NAN", "passes over NaN in the largest logit and in the sum")
def nan_passed_over(z):
    e = np.exp(z - np.fmax.reduce(z, axis=-1, keepdims=True))
    return np.nan_to_num(e / np.nansum(e, axis=-1, keepdims=True))


@mistake("SOFTMAX-NAN", "gives up the whole batch for one NaN")
def nan_spoils_the_other_rows(z):
    return np.full_like(z, np.nan) if np.isnan(z).any() else softmax(z)


@mistake("SOFTMAX-NAN", "gives a row of -inf alone equal probabilities")
def equal_probabilities_for_impossible_classes(z):
    return softmax(np.where(np.isneginf(z).all(axis=-1, keepdims=True), 0, z))


@mistake("SOFTMAX-NAN", "gives a logit of +inf all the probability")
def infinity_takes_all(z):
    value = softmax(z)
    value[(z == np.inf).any(axis=-1) & ~np.isnan(z).any(axis=-1)] = 0
    value[(z == np.inf) & ~np.isnan(z).any(axis=-1, keepdims=True)] = 1
    return value


@mistake("SOFTMAX-DTYPE", "computes in float32 whatever comes in, and widens the result")
def float32_inside(z):
    return softmax(z.astype(np.float32)).astype(z.dtype)


@mistake("SOFTMAX-DTYPE", "gives float64 for float32")
def always_float64(z):
    return softmax(z.astype(np.float64))


@mistake("SOFTMAX-DTYPE", "adds the exponentials up in half precision")
def half_precision_sum(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True, dtype=np.float16).astype(e.dtype)


@mistake("SOFTMAX-DTYPE", "keeps an eps in the denominator, which costs half of the digits of float64")
def eps_in_the_denominator(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / (e.sum(axis=-1, keepdims=True) + 1e-8)


@mistake("SOFTMAX-INTEGER", "subtracts the largest logit before it promotes integers, and the difference wraps")
def subtracted_before_promotion(z):
    e = np.exp((z - z.max(axis=-1, keepdims=True)).astype(np.result_type(z, np.float32)))
    return e / e.sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-INTEGER", "writes the probabilities into an array of the integers' dtype, where every fraction is 0")
def truncated_to_integers(z):
    result = np.empty_like(z)
    np.copyto(result, softmax(z), casting="unsafe")
    return result


@mistake("SOFTMAX-LAYOUT", "reads the logits as if they lay one after the other in memory", bug="pytorch#80006")
def strides_ignored(z):
    return softmax(as_if_contiguous(z))


@mistake(
    "SOFTMAX-LAYOUT", "borrows the memory of its argument and gives it back as it was, which a read-only one forbids"
)
def written_to_and_restored(z):
    before = z.copy()
    z -= z.max(axis=-1, keepdims=True)
    value = softmax(z)
    z[...] = before
    return value


@mistake("SOFTMAX-SHAPES", "takes the second axis for that of the classes wherever there is one")
def second_axis(z):
    axis = min(z.ndim, 2) - 1
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@mistake("SOFTMAX-SHAPES", "looks for the largest logit of all, and an empty batch has none")
def empty_batch_without_largest_logit(z):
    return softmax(np.clip(z, None, z.max()))


@mistake("SOFTMAX-LENGTH", "adds up four exponentials at a time and leaves out what is left over of a longer row")
def leftover_of_four_lost(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    k = z.shape[-1]
    return e / e[..., : k // 4 * 4 if k > 16 else k].sum(axis=-1, keepdims=True)


@mistake("SOFTMAX-LENGTH", "misreads float64 rows that begin off the grid", bug="pytorch#143644")
def rows_off_the_grid(z):
    value = softmax(z)
    k = z.shape[-1]
    if z.dtype == np.float64 and z.ndim == 2 and 512 < k < 1024 and k % 2 == 1 and k % 32 != 31:
        value[1:] /= value[1:, 1:].sum(axis=-1, keepdims=True)
    return value
