"""Known mistakes of cross_entropy_with_logits that only the robust level forbids."""

import numpy as np

from reference import cross_entropy_with_logits as right
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.of_cross_entropy_with_logits import at_labels, log_softmax, softmax
from tests.former_mistakes.registry import mistake

# Overflow, underflow and infinities


@mistake("LOGITS-SPREAD", "exponentiates without a shift, and e^94 overflows float32", bug="pytorch#795,#725")
def forgets_the_shift(z, labels):
    return np.mean(np.log(np.sum(np.exp(z), axis=-1)) - at_labels(z, labels))


@mistake(
    "LOGITS-SPREAD",
    "shifts by the maximum with the wrong sign and doubles what it should take away",
    bug="pytorch PR2221",
)
def shifts_the_wrong_way(z, labels):
    largest = np.max(z, axis=-1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z + largest), axis=-1)) - largest[..., 0] - at_labels(z, labels))


@mistake("LOGITS-SPREAD", "takes the logarithm of a softmax, which has underflown where the loss is large")
def takes_the_logarithm_of_the_softmax(z, labels):
    return -np.mean(np.log(at_labels(softmax(z), labels)))


@mistake(
    "LOGITS-SPREAD", "goes through a loss of probabilities that clamps its logarithms at -100", bug="pytorch#24933"
)
def clamps_the_logarithm_of_the_softmax(z, labels):
    return np.mean(-np.maximum(np.log(at_labels(softmax(z), labels)), -100))


@mistake(
    "LOGITS-OFFSET",
    "adds the maximum back before it subtracts the logit, and loses the normaliser",
    bug="pytorch#38839",
)
def subtracts_the_logit_from_log_sum_exp(z, labels):
    largest = np.max(z, axis=-1, keepdims=True)
    log_sum_exp = largest + np.log(np.sum(np.exp(z - largest), axis=-1, keepdims=True))
    return np.mean(log_sum_exp - at_labels(z, labels)[..., None])


@mistake("LOGITS-OFFSET", "shifts every row by the maximum of the whole batch, and rows far below it underflow")
def shifts_by_the_maximum_of_the_batch(z, labels):
    shifted = z - np.max(z)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=-1)) - at_labels(shifted, labels))


@mistake("LOGITS-OFFSET", "shifts every row by the maximum of the first one, above which another may overflow")
def shifts_by_the_maximum_of_the_first_row(z, labels):
    shifted = z - np.max(np.atleast_2d(z)[0])
    return np.mean(np.log(np.sum(np.exp(shifted), axis=-1)) - at_labels(shifted, labels))


@mistake("LOGITS-NEGINF", "multiplies by a one-hot label, and 0 times -inf is NaN", bug="pytorch#102894,#49844")
def multiplies_by_a_one_hot_label(z, labels):
    return -np.mean(np.sum(np.eye(z.shape[-1])[labels] * log_softmax(z), axis=-1))


@mistake("LOGITS-NEGINF", "replaces a logit of -inf by 0, as if it were a missing value")
def takes_minus_infinity_for_0(z, labels):
    return right(np.where(z == -np.inf, 0, z), labels)


@mistake("LOGITS-INFINITE", "masks a logit by -20 where -inf is due, so that an impossible class has a price")
def replaces_minus_infinity_by_a_number(z, labels):
    return right(np.maximum(z, -20), labels)


@mistake("LOGITS-INFINITE", "leaves infinite losses out of the mean, the worst predictions of all")
def leaves_infinite_losses_out(z, labels):
    of_each = -at_labels(log_softmax(z), labels)
    return np.sum(of_each[of_each != np.inf]) / max(np.sum(of_each != np.inf), 1)


@mistake("LOGITS-NAN", "leaves NaN out of the sum as if that class did not exist")
def leaves_nan_logits_out(z, labels):
    shifted = z - np.nanmax(z, axis=-1, keepdims=True)
    return np.mean(np.log(np.nansum(np.exp(shifted), axis=-1)) - at_labels(shifted, labels))


@mistake("LOGITS-NAN", "leaves the examples whose loss is NaN out of the mean")
def leaves_nan_losses_out(z, labels):
    return np.nanmean(-at_labels(log_softmax(z), labels))


@mistake("LOGITS-POSINF", "shifts by finite maxima only, and beside a logit of +inf the others' loss is infinite")
def shifts_by_finite_maxima_only(z, labels):
    largest = np.max(z, axis=-1, keepdims=True)
    shifted = z - np.where(np.isfinite(largest), largest, 0)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=-1)) - at_labels(shifted, labels))


@mistake("LOGITS-POSINF", "replaces an infinite logit by the largest finite number, for which a softmax exists")
def replaces_infinities_by_large_numbers(z, labels):
    return right(np.where(np.isinf(z), np.sign(z) * 1e30, z), labels)


# Size, dtypes and memory


@mistake(
    "LOGITS-LONG", "sums the row in fours and forgets those left over, in rows of more than 512", bug="pytorch#143644"
)
def forgets_what_is_left_over_of_a_long_row(z, labels):
    k = z.shape[-1]
    shifted = z - np.max(z, axis=-1, keepdims=True)
    summed = shifted[..., : k // 4 * 4] if k > 512 else shifted
    return np.mean(np.log(np.sum(np.exp(summed), axis=-1)) - at_labels(shifted, labels))


@mistake("LOGITS-LONG", "has room for the 1000 classes of ImageNet and leaves the rest out of the sum")
def has_room_for_1000_classes(z, labels):
    shifted = z - np.max(z, axis=-1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(shifted[..., :1000]), axis=-1)) - at_labels(shifted, labels))


@mistake("LOGITS-BATCH", "counts the examples in half precision, where 2048 + 1 is 2048")
def counts_in_half_precision(z, labels):
    of_each = np.atleast_1d(-at_labels(log_softmax(z), labels))
    return np.sum(of_each) / np.cumsum(np.ones(of_each.size, np.float16), dtype=np.float16)[-1].astype(z.dtype)


@mistake("LOGITS-BATCH", "takes the mean of the means of minibatches, though the last one is smaller")
def takes_the_mean_of_the_means_of_minibatches(z, labels):
    starts = range(128, len(labels), 128) if labels.ndim else []
    return np.mean([right(*batch) for batch in zip(np.split(z, starts), np.split(labels, starts), strict=True)])


@mistake("LOGITS-SPIKE", "leaves out the largest loss of a large batch as an outlier")
def leaves_the_largest_out(z, labels):
    of_each = np.sort(np.atleast_1d(-at_labels(log_softmax(z), labels)))
    return np.mean(of_each[:-1] if of_each.size > 1000 else of_each)


@mistake("LOGITS-SPIKE", "forgets the examples left over from blocks of 256")
def forgets_the_examples_left_over(z, labels):
    of_each = np.atleast_1d(-at_labels(log_softmax(z), labels))
    return np.mean(of_each[: of_each.size // 256 * 256] if of_each.size > 256 else of_each)


@mistake(
    "LOGITS-LENGTH",
    "adds one half of the exponentials to the other until one is left, and loses the last of an odd number",
)
def sums_by_halves(z, labels):
    shifted = z - np.max(z, axis=-1, keepdims=True)
    e = np.exp(shifted)
    while e.shape[-1] > 1:
        half = e.shape[-1] // 2
        e = e[..., :half] + e[..., half : 2 * half]
    return np.mean(np.log(e[..., 0]) - at_labels(shifted, labels))


@mistake("LOGITS-LENGTH", "keeps the label in a byte, in which class 256 is class 0")
def keeps_the_label_in_a_byte(z, labels):
    return right(z, np.asarray(labels).astype(np.uint8))


@mistake("LOGITS-DTYPE", "computes in float32 whatever it is given")
def computes_in_float32(z, labels):
    return -np.mean(at_labels(log_softmax(z.astype(np.float32)), labels))


@mistake("LOGITS-DTYPE", "keeps the normaliser in half precision, as under careless mixed precision")
def keeps_the_normaliser_in_half(z, labels):
    normaliser = np.log(np.sum(np.exp(z), axis=-1)).astype(np.float16)
    return np.mean(normaliser - at_labels(z, labels))


@mistake("LOGITS-DTYPE", "keeps the slides' eps in the logarithm of the softmax, which costs half of float64's digits")
def keeps_the_eps_of_the_slides(z, labels):
    return -np.mean(np.log(at_labels(softmax(z), labels) + 1e-8))


@mistake("LOGITS-INTEGER", "subtracts the maximum in the integers' own dtype, where the difference wraps around")
def shifts_in_the_dtype_of_the_integers(z, labels):
    return right((z - np.max(z, axis=-1, keepdims=True)).astype(float), labels)


@mistake("LOGITS-INTEGER", "writes the exponentials into an array like the logits, which cuts them off to integers")
def truncates_the_exponentials(z, labels):
    shifted = z - np.max(z, axis=-1, keepdims=True).astype(float)
    e = np.empty_like(z)
    e[...] = np.exp(shifted)
    return np.mean(np.log(np.sum(e, axis=-1)) - at_labels(shifted, labels))


@mistake(
    "LOGITS-LAYOUT", "reads the logits from memory one after the other, whatever their strides", bug="pytorch#80006"
)
def ignores_strides(z, labels):
    return right(as_if_contiguous(z), labels)


@mistake("LOGITS-LAYOUT", "reads the labels from memory one after the other, whatever their stride")
def ignores_the_stride_of_the_labels(z, labels):
    return right(z, as_if_contiguous(labels))


@mistake("LOGITS-LAYOUT", "flattens the logits in the order of memory, which in Fortran's layout runs down the columns")
def flattens_in_the_order_of_memory(z, labels):
    return right(z.ravel(order="K").reshape(z.shape), labels)


# Arguments to be refused


@mistake("LOGITS-LABELS", "lets a negative label count from the last class, as NumPy's indices do")
def counts_negative_labels_from_the_end(z, labels):
    return -np.mean(np.take_along_axis(log_softmax(z), labels[..., None], axis=-1))


@mistake(
    "LOGITS-LABELS",
    "finds the label's logit in flat memory, where one out of range belongs to another row",
    bug="pytorch#39769,#66872",
)
def reads_other_rows_for_labels_out_of_range(z, labels):
    flat = np.arange(len(labels)) * z.shape[-1] + labels
    return -np.mean(np.take(log_softmax(z), flat, mode="clip"))


@mistake("LOGITS-LABELS", "ignores examples labelled -100 as padding")
def ignores_padding(z, labels):
    kept = labels != -100
    return right(z[kept], labels[kept]) if kept.any() else np.nan


@mistake("LOGITS-LABELS", "compares the labels with the classes, and a label that is none of them costs nothing")
def gives_unknown_labels_no_loss(z, labels):
    is_label = np.arange(z.shape[-1]) == labels[..., None]
    return -np.mean(np.sum(log_softmax(z), axis=-1, where=is_label))


@mistake("LOGITS-SHAPES", "takes a column of labels, with which NumPy pairs every row and every label")
def broadcasts_a_column_of_labels(z, labels):
    if labels.shape[:1] != z.shape[:-1]:
        raise ValueError("a label for each row is needed")
    return -np.mean(log_softmax(z)[np.arange(len(labels)), labels])


@mistake("LOGITS-SHAPES", "takes one label for all rows")
def gives_all_rows_one_label(z, labels):
    return right(z, np.broadcast_to(labels, z.shape[:-1]))


@mistake("LOGITS-SHAPES", "goes through rows and labels together until the shorter of them ends")
def stops_at_the_shorter(z, labels):
    return np.mean([right(*example) for example in zip(np.atleast_2d(z), np.atleast_1d(labels), strict=False)])


@mistake("LOGITS-EMPTY", "divides the sum of nothing by at least 1: a perfect loss for no example at all")
def gives_0_for_nothing(z, labels):
    return -np.sum(at_labels(log_softmax(z), labels)) / max(labels.size, 1)
