"""Known mistakes of cross_entropy, of probabilities."""

import numpy as np

from reference import cross_entropy as right
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


def losses(y_hat, y):
    """The loss of each example, where nothing is wrong with it."""
    return np.sum(np.where(y > 0, -y * np.log(y_hat), 0), axis=-1)


# Signs, logarithms and arguments


@mistake("CE-VALUE", "leaves out the minus sign, so that descent makes the predictions worse")
def forgets_the_minus_sign(y_hat, y):
    return np.mean(np.sum(y * np.log(y_hat), axis=-1))


@mistake("CE-VALUE", "counts in bits: takes the logarithm to base 2 where the slides' log is the natural one")
def takes_the_logarithm_to_base_2(y_hat, y):
    return -np.mean(np.sum(y * np.log2(y_hat), axis=-1))


@mistake("CE-VALUE", "takes the logarithm to base 10, which a pocket calculator calls log")
def takes_the_logarithm_to_base_10(y_hat, y):
    return -np.mean(np.sum(y * np.log10(y_hat), axis=-1))


@mistake("CE-EXAMPLE", "measures how sure the network is of its own answer and does not look at the label")
def measures_the_largest_probability(y_hat, y):
    return -np.mean(np.log(np.max(y_hat, axis=-1)))


@mistake("CE-VALUE", "takes how far the label's probability is from 1 and no logarithm")
def forgets_the_logarithm(y_hat, y):
    return np.mean(1 - np.sum(y * y_hat, axis=-1))


@mistake("CE-VALUE", "takes the target first and the prediction second")
def swaps_its_arguments(y_hat, y):
    return -np.mean(np.sum(y_hat * np.log(y + 1e-7), axis=-1))


@mistake("CE-VALUE", "adds the binary cross-entropy's term of what is not true for every class")
def adds_the_binary_term(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat), axis=-1))


@mistake("CE-VALUE", "takes the probabilities for logits and applies the softmax to them once more")
def applies_the_softmax_again(y_hat, y):
    return right(np.exp(y_hat) / np.sum(np.exp(y_hat), axis=-1, keepdims=True), y)


@mistake("CE-VALUE", "counts the classes from 1 and so reads the probability of the class before the label")
def counts_the_classes_from_1(y_hat, y):
    return -np.mean(np.log(np.take_along_axis(y_hat, np.argmax(y, axis=-1, keepdims=True) - 1, axis=-1)))


@mistake("CE-VALUE", "clips the probabilities at 0.01, as if a loss could not tell 0.001 from 0.01")
def clips_too_early(y_hat, y):
    return right(np.maximum(y_hat, 0.01), y)


@mistake("CE-VALUE", "adds an eps to the argument of the logarithm that is no longer small: 0.001")
def adds_too_large_an_eps(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat + 1e-3), axis=-1))


@mistake("CE-VALUE", "punishes the predicted class where it is wrong and gives no loss where it is right")
def counts_wrong_examples_only(y_hat, y):
    wrong = np.argmax(y_hat, axis=-1) != np.argmax(y, axis=-1)
    return np.mean(wrong * losses(y_hat, y))


# Sums, means and axes


@mistake("CE-VALUE", "averages over the classes too, where the formula sums over them")
def averages_over_the_classes(y_hat, y):
    return -np.mean(y * np.log(y_hat))


@mistake("CE-VALUE", "sums over the examples and averages over the classes, which shows for m other than k only")
def mixes_up_the_axes(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat), axis=0))


@mistake("CE-VALUE", "guesses that labels lie in columns wherever that fits, and a square batch always fits")
def transposes_a_square_of_labels(y_hat, y):
    return right(y_hat, y.T if y.T.shape == y_hat.shape else y)


@mistake(
    "CE-VALUE",
    "multiplies matrices where it should multiply elements: each label also meets the other examples' predictions",
)
def multiplies_matrices(y_hat, y):
    return -np.sum(y @ np.log(y_hat).T) / (y.size // y.shape[-1])


@mistake("CE-MEAN", "sums over the batch where the formula takes the mean")
def sums_over_the_batch(y_hat, y):
    return np.sum(losses(y_hat, y))


@mistake("CE-MEAN", "divides by m - 1, as for a sample's variance")
def divides_by_one_example_less(y_hat, y):
    return np.sum(losses(y_hat, y)) / max(losses(y_hat, y).size - 1, 1)


@mistake("CE-MEAN", "gives every class the same weight, however many examples it has")
def balances_the_classes(y_hat, y):
    labels = np.argmax(np.atleast_2d(y), axis=-1)
    return np.mean([np.mean(np.atleast_1d(losses(y_hat, y))[labels == label]) for label in np.unique(labels)])


@mistake("CE-MEAN", "takes the logarithm of a mean where the formula takes the mean of the logarithms")
def takes_the_logarithm_of_the_mean(y_hat, y):
    return -np.log(np.mean(np.sum(y * y_hat, axis=-1)))


@mistake("CE-ONE", "divides the loss of one example by its length, taking classes for examples")
def takes_classes_for_examples(y_hat, y):
    return -np.sum(y * np.log(y_hat)) / len(y)


@mistake("CE-ONE", "sums over axis 1, which one example without a batch axis does not have")
def needs_a_batch_axis(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat), axis=1))


# What stays from call to call


@mistake("CE-PURE", "adds the eps to the caller's probabilities themselves")
def adds_the_eps_in_place(y_hat, y):
    y_hat += 1e-9
    return -np.mean(np.sum(y * np.log(y_hat), axis=-1))


@mistake("CE-PURE", "uses the caller's targets as the room for y log y_hat")
def multiplies_into_the_targets(y_hat, y):
    y *= np.log(y_hat)
    return -np.mean(np.sum(y, axis=-1))


@mistake("CE-PURE", "gives every call's result in one and the same array", remembers=True)
def reuses_the_buffer_of_the_result():
    result = np.zeros(())
    return lambda y_hat, y: np.mean(losses(y_hat, y), out=result)


@mistake("CE-VALUE", "averages over all batches seen so far, as a metric does and a loss does not", remembers=True)
def keeps_a_running_mean():
    seen = []

    def running_mean(y_hat, y):
        seen.append(right(y_hat, y))
        return np.mean(seen)

    return running_mean


@mistake("CE-VALUE", "adds each call's losses to what the last call of that batch size left behind", remembers=True)
def forgets_to_clear_its_buffer():
    buffers = {}

    def accumulated(y_hat, y):
        buffer = buffers.setdefault(y.shape[:-1], np.zeros(y.shape[:-1]))
        buffer += losses(y_hat, y)
        return np.mean(buffer)

    return accumulated


# 0, 1 and what lies near


@mistake("CE-CERTAIN", "multiplies the 0 of a false class by log 0, which is NaN, where the product should vanish")
def multiplies_0_by_log_0(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat), axis=-1))


@mistake("CE-CERTAIN", "leaves examples predicted with certainty out of the mean, where they count with a loss of 0")
def leaves_certain_examples_out(y_hat, y):
    uncertain = np.all(np.atleast_2d(y_hat) < 1, axis=-1)
    return np.mean(np.atleast_1d(losses(y_hat, y))[uncertain])


@mistake("CE-INFINITE", "clips at 1e-7, so that the worst prediction of all costs no more than 16")
def forgives_a_certain_mistake(y_hat, y):
    return right(np.clip(y_hat, 1e-7, 1), y)


@mistake("CE-INFINITE", "replaces every NaN and infinity by 0, so that the worst prediction of all costs nothing")
def replaces_what_is_not_finite(y_hat, y):
    return -np.mean(np.sum(np.nan_to_num(y * np.log(y_hat), neginf=0), axis=-1))


@mistake("CE-SOFT", "takes the most likely class of a soft target for the label")
def hardens_the_targets(y_hat, y):
    return right(y_hat, (y == np.max(y, axis=-1, keepdims=True)).astype(y.dtype))


@mistake("CE-SOFT", "takes the entropy of the targets off, which gives the divergence and shows for soft targets only")
def measures_the_divergence(y_hat, y):
    return right(y_hat, y) - right(y, y)


@mistake("CE-SOFT", "takes the logarithm of the expected probability where it should expect the logarithm")
def takes_the_logarithm_of_the_expectation(y_hat, y):
    return -np.mean(np.log(np.sum(y * y_hat, axis=-1)))


@mistake("CE-TAILS", "clips at the dtype's machine epsilon, far above its smallest probabilities")
def clips_at_the_machine_epsilon(y_hat, y):
    return right(np.clip(y_hat, np.finfo(y_hat.dtype).eps, 1), y)


@mistake("CE-TAILS", "clamps the logarithm at -50, short of what float32 can hold")
def clamps_the_logarithm(y_hat, y):
    return np.mean(np.sum(np.where(y > 0, -y * np.maximum(np.log(y_hat), -50), 0), axis=-1))


# Dtypes


@mistake("CE-DTYPE", "computes in float32 whatever it is given")
def computes_in_float32(y_hat, y):
    return np.mean(losses(y_hat.astype(np.float32), y.astype(np.float32)))


@mistake("CE-DTYPE", "takes the logarithms in half precision, as under careless mixed precision")
def computes_in_half(y_hat, y):
    return np.mean(np.sum(np.where(y > 0, -y * np.log(y_hat.astype(np.float16)), 0), axis=-1))


@mistake("CE-DTYPE", "keeps the slides' eps, which costs half of float64's digits")
def keeps_the_eps_of_the_slides(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat + 1e-8), axis=-1))


# Arguments to be refused


@mistake("CE-SHAPES", "lets NumPy broadcast: one target serves for all examples")
def broadcasts(y_hat, y):
    return np.mean(losses(y_hat, y))


@mistake("CE-SHAPES", "brings the targets into the shape of the predictions if only the numbers of elements agree")
def reshapes_the_targets(y_hat, y):
    return right(y_hat, y.reshape(y_hat.shape))


@mistake("CE-SHAPES", "goes through predictions and targets together until the shorter of them ends")
def stops_at_the_shorter(y_hat, y):
    return np.mean([right(*example) for example in zip(np.atleast_2d(y_hat), np.atleast_2d(y), strict=False)])


@mistake("CE-DOMAIN", "looks at the label's probability only and not at the others")
def looks_at_the_label_only(y_hat, y):
    if y_hat.shape != y.shape or np.any(y_hat[y == 1] > 1):
        raise ValueError("predictions and targets do not fit")
    return np.mean(losses(y_hat, y))


@mistake("CE-DOMAIN", "divides each row by its sum, whatever the row holds, instead of refusing what is no probability")
def normalises_anything(y_hat, y):
    return np.mean(losses(y_hat / np.sum(y_hat, axis=-1, keepdims=True), y))


@mistake("CE-DOMAIN", "clips predictions outside [0, 1] instead of refusing them")
def clips_impossible_predictions(y_hat, y):
    return right(np.clip(y_hat, 0, 1), y)


@mistake("CE-DOMAIN", "leaves the examples whose loss is NaN out of the mean")
def leaves_nan_out(y_hat, y):
    return np.nanmean(-np.sum(y * np.log(y_hat), axis=-1))


@mistake("CE-TARGETS", "looks at the predictions and not at the targets")
def checks_predictions_only(y_hat, y):
    if not ((y_hat >= 0) & (y_hat <= 1)).all():
        raise ValueError("predictions have to be probabilities")
    return -np.mean(np.sum(y * np.log(y_hat), axis=-1))


@mistake("CE-TARGETS", "reads off the label as the largest target, whatever it is")
def reads_the_label_off_anything(y_hat, y):
    return right(y_hat, np.eye(y.shape[-1])[np.argmax(y, axis=-1)])


@mistake("CE-EMPTY", "divides the sum of nothing by at least 1: a perfect loss for no example at all")
def gives_0_for_nothing(y_hat, y):
    return np.sum(losses(y_hat, y)) / max(len(np.atleast_2d(y)), 1)


# Size and memory


@mistake("CE-LARGE", "takes the mean of the means of minibatches, though the last one is smaller")
def takes_the_mean_of_the_means_of_minibatches(y_hat, y):
    of_each = np.atleast_1d(losses(y_hat, y))
    return np.mean([block.mean() for block in np.split(of_each, range(128, of_each.size, 128))])


@mistake("CE-LARGE", "keeps the label in a byte, in which class 256 is class 0")
def keeps_the_label_in_a_byte(y_hat, y):
    label = np.argmax(y, axis=-1, keepdims=True).astype(np.uint8)
    return -np.mean(np.log(np.take_along_axis(y_hat, label.astype(int), axis=-1)))


@mistake("CE-SPIKE", "leaves out the largest loss of a large batch as an outlier")
def leaves_the_largest_out(y_hat, y):
    of_each = np.sort(np.atleast_1d(losses(y_hat, y)))
    return np.mean(of_each[:-1] if of_each.size > 1000 else of_each)


@mistake("CE-SPIKE", "starts its sum with the second example of a batch of more than 256")
def starts_with_the_second(y_hat, y):
    of_each = np.atleast_1d(losses(y_hat, y))
    return np.sum(of_each[int(of_each.size > 256) :]) / of_each.size


@mistake("CE-LENGTH", "works on four classes at a time and forgets those left over")
def forgets_the_classes_left_over(y_hat, y):
    k = y.shape[-1]
    whole = slice(0, k // 4 * 4 if k > 4 else k)
    return np.mean(losses(y_hat[..., whole], y[..., whole]))


@mistake("CE-LENGTH", "has room for the 1000 classes of ImageNet and leaves out the rest")
def has_room_for_1000_classes(y_hat, y):
    return np.mean(losses(y_hat[..., :1000], y[..., :1000]))


@mistake("CE-LAYOUT", "reads the predictions from memory one after the other, whatever their strides")
def ignores_strides(y_hat, y):
    return right(as_if_contiguous(y_hat), y)


@mistake("CE-LAYOUT", "flattens the targets in the order of memory, which in Fortran's layout runs down the columns")
def flattens_in_the_order_of_memory(y_hat, y):
    return right(y_hat, y.ravel(order="K").reshape(y.shape))


@mistake("CE-LAYOUT", "borrows the predictions' memory for a moment, which a read-only array does not allow")
def needs_to_write_to_its_arguments(y_hat, y):
    before = y_hat.copy()
    loss = -np.mean(np.sum(np.where(y > 0, y * np.log(y_hat, out=y_hat), 0), axis=-1))
    y_hat[...] = before
    return loss
