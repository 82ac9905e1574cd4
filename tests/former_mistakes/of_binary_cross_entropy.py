"""Known mistakes of binary_cross_entropy."""

import numpy as np

from reference import binary_cross_entropy as right
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


def losses(y_hat, y):
    """The loss of each element, where nothing is wrong with it."""
    of_positive = np.where(y > 0, -y * np.log(y_hat), 0)
    of_negative = np.where(y < 1, -(1 - y) * np.log1p(-y_hat), 0)
    return of_positive + of_negative


# Signs, terms and logarithms


@mistake("BCE-VALUE", "leaves out the minus sign, so that descent makes the predictions worse")
def forgets_the_minus_sign(y_hat, y):
    return np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


@mistake("BCE-VALUE", "puts the minus sign before the first term and forgets it before the second")
def negates_the_first_term_only(y_hat, y):
    return np.mean(-y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


@mistake("BCE-VALUE", "counts in bits: takes the logarithm to base 2 where the slides' log is the natural one")
def takes_the_logarithm_to_base_2(y_hat, y):
    return np.mean(-y * np.log2(y_hat) - (1 - y) * np.log2(1 - y_hat))


@mistake("BCE-VALUE", "takes the target first and the prediction second")
def swaps_its_arguments(y_hat, y):
    eps = 1e-7
    return np.mean(-y_hat * np.log(y + eps) - (1 - y_hat) * np.log(1 - y + eps))


@mistake(
    "BCE-VALUE", "leaves out the term of the negative examples, as if the labels were one-hot vectors of two classes"
)
def forgets_the_negative_examples(y_hat, y):
    return np.mean(-y * np.log(y_hat))


@mistake("BCE-VALUE", "gives each term the other one's logarithm, so that being right is punished")
def crosses_the_two_terms(y_hat, y):
    return np.mean(-y * np.log(1 - y_hat) - (1 - y) * np.log(y_hat))


@mistake("BCE-VALUE", "takes the prediction for a logit and applies the sigmoid to it once more")
def applies_the_sigmoid_again(y_hat, y):
    return right(1 / (1 + np.exp(-y_hat)), y)


@mistake("BCE-VALUE", "rounds the prediction to the class before it measures the loss")
def measures_the_predicted_class(y_hat, y):
    eps = 1e-7
    return np.mean(-y * np.log(np.round(y_hat) + eps) - (1 - y) * np.log(1 - np.round(y_hat) + eps))


@mistake("BCE-VALUE", "clips the predictions to [0.01, 0.99], as if a loss could not tell 0.001 from 0.01")
def clips_too_early(y_hat, y):
    return right(np.clip(y_hat, 0.01, 0.99), y)


@mistake("BCE-VALUE", "adds an eps to the argument of the logarithm that is no longer small: 0.001")
def adds_too_large_an_eps(y_hat, y):
    return np.mean(-y * np.log(y_hat + 1e-3) - (1 - y) * np.log(1 - y_hat + 1e-3))


@mistake("BCE-CE", "averages over the two classes as well, where their two terms add up")
def halves_the_loss(y_hat, y):
    return np.mean(np.stack([-y * np.log(y_hat), -(1 - y) * np.log(1 - y_hat)]))


# The mean


@mistake("BCE-MEAN", "sums over the batch where the formula takes the mean")
def sums_over_the_batch(y_hat, y):
    return np.sum(losses(y_hat, y))


@mistake("BCE-MEAN", "divides by m - 1, as for a sample's variance")
def divides_by_one_example_less(y_hat, y):
    return np.sum(losses(y_hat, y)) / max(y.size - 1, 1)


@mistake("BCE-MEAN", "gives both classes the same weight, however many examples each one has")
def balances_the_classes(y_hat, y):
    return np.mean([right(y_hat[y == label], y[y == label]) for label in np.unique(y)])


@mistake("BCE-MEAN", "takes the logarithm of a mean where the formula takes the mean of the logarithms")
def takes_the_logarithm_of_the_mean(y_hat, y):
    return -np.log(np.mean(y * y_hat + (1 - y) * (1 - y_hat)))


@mistake("BCE-MATRIX", "divides by the number m of rows where the mean over a matrix divides by mk")
def divides_by_the_number_of_rows(y_hat, y):
    return np.sum(losses(y_hat, y)) / len(y)


@mistake("BCE-MATRIX", "takes the mean over the examples only and gives one loss for each column")
def gives_a_loss_for_each_column(y_hat, y):
    return np.mean(losses(y_hat, y), axis=0)


@mistake(
    "BCE-MATRIX",
    "multiplies matrices where it should multiply elements: each column also meets the other ones' predictions",
)
def multiplies_matrices(y_hat, y):
    return -np.sum(y.T @ np.log(y_hat) + (1 - y).T @ np.log(1 - y_hat)) / y.size


# What stays from call to call


@mistake("BCE-PURE", "adds the eps to the caller's predictions themselves")
def adds_the_eps_in_place(y_hat, y):
    y_hat += 1e-8
    return np.mean(-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat))


@mistake("BCE-PURE", "negates the caller's targets to save a minus sign")
def negates_the_targets_in_place(y_hat, y):
    y *= -1
    return np.mean(y * np.log(y_hat) - (1 + y) * np.log(1 - y_hat))


@mistake("BCE-PURE", "gives every call's result in one and the same array", remembers=True)
def reuses_the_buffer_of_the_result():
    result = np.zeros(())
    return lambda y_hat, y: np.mean(losses(y_hat, y), out=result)


@mistake("BCE-VALUE", "averages over all batches seen so far, as a metric does and a loss does not", remembers=True)
def keeps_a_running_mean():
    seen = []

    def running_mean(y_hat, y):
        seen.append(right(y_hat, y))
        return np.mean(seen)

    return running_mean


@mistake(
    "BCE-VALUE",
    "keeps the targets of the first batch of each size, as a traced function keeps its constants",
    remembers=True,
)
def keeps_the_first_targets():
    targets = {}
    return lambda y_hat, y: right(y_hat, targets.setdefault(y.shape, y.copy()))


# 0, 1 and what lies near


@mistake("BCE-CERTAIN", "multiplies 0 by log 0, which is NaN, where the term of the other class should vanish")
def multiplies_0_by_log_0(y_hat, y):
    return np.mean(-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat))


@mistake("BCE-CERTAIN", "adds the eps to the logarithm instead of to its argument, where it protects from nothing")
def adds_the_eps_outside_of_the_logarithm(y_hat, y):
    eps = 1e-15
    return np.mean(-y * (np.log(y_hat) + eps) - (1 - y) * (np.log1p(-y_hat) + eps))


@mistake("BCE-CERTAIN", "clips to 1 - 1e-15, which in float32 is 1 itself", bug="scikit-learn#24315")
def clips_by_an_eps_of_another_dtype(y_hat, y):
    p = np.clip(y_hat, 1e-15, 1 - 1e-15)
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


@mistake("BCE-CERTAIN", "goes back from the probability to the logit, which is infinite for a certain prediction")
def goes_back_to_the_logit(y_hat, y):
    logit = np.log(y_hat) - np.log1p(-y_hat)
    return np.mean(np.logaddexp(0, logit) - y * logit)


@mistake("BCE-INFINITE", "clips at 1e-7, so that the worst prediction of all costs no more than 16")
def forgives_a_certain_mistake(y_hat, y):
    p = np.clip(y_hat, 1e-7, 1 - 1e-7)
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


@mistake("BCE-INFINITE", "leaves infinite losses out of the mean, the worst predictions of all")
def leaves_infinite_losses_out(y_hat, y):
    of_each = losses(y_hat, y)
    return np.mean(of_each, where=np.isfinite(of_each)) if np.isfinite(of_each).any() else 0.0


@mistake("BCE-SOFT", "chooses one of the two logarithms by the target where the target weighs both")
def chooses_instead_of_weighing(y_hat, y):
    return np.mean(np.where(y > 0.5, -np.log(y_hat), -np.log1p(-y_hat)))


@mistake("BCE-SOFT", "takes the entropy of the targets off, which gives the divergence and shows for soft targets only")
def measures_the_divergence(y_hat, y):
    return right(y_hat, y) - right(y, y)


@mistake("BCE-TAILS", "adds 1e-12 to the argument of the logarithm, more than the smallest probabilities themselves")
def hides_small_probabilities_behind_an_eps(y_hat, y):
    return np.mean(-y * np.log(y_hat + 1e-12) - (1 - y) * np.log(1 - y_hat + 1e-12))


@mistake("BCE-TAILS", "divides by the probability, and 1/p overflows where p is subnormal")
def takes_the_logarithm_of_the_odds(y_hat, y):
    return np.mean(y * np.log1p((1 - y_hat) / y_hat) + (1 - y) * np.log1p(y_hat / (1 - y_hat)))


# Dtypes


@mistake("BCE-DTYPE", "computes in float32 whatever it is given")
def computes_in_float32(y_hat, y):
    return np.mean(losses(y_hat.astype(np.float32), y.astype(np.float32)))


@mistake("BCE-DTYPE", "adds up in float32 what it computed in float64")
def adds_up_in_float32(y_hat, y):
    return np.mean(losses(y_hat, y), dtype=np.float32)


@mistake("BCE-DTYPE", "keeps the slides' eps, which costs half of float64's digits")
def keeps_the_eps_of_the_slides(y_hat, y):
    eps = 1e-8
    return np.mean(-y * np.log(y_hat + eps) - (1 - y) * np.log(1 - y_hat + eps))


# Arguments to be refused


@mistake("BCE-SHAPES", "lets NumPy broadcast: predictions (m,) and targets (m, 1) meet in m times m losses")
def broadcasts(y_hat, y):
    return np.mean(losses(y_hat, y))


@mistake("BCE-SHAPES", "compares the numbers of elements where it should compare the shapes")
def flattens_both(y_hat, y):
    return right(y_hat.ravel(), y.ravel())


@mistake("BCE-SHAPES", "compares the numbers of examples where it should compare the shapes")
def compares_lengths_only(y_hat, y):
    if len(y_hat) != len(y):
        raise ValueError("as many targets as predictions are needed")
    return np.mean(losses(y_hat, y))


@mistake("BCE-DOMAIN", "clips predictions outside [0, 1] instead of refusing them")
def clips_impossible_predictions(y_hat, y):
    return right(np.clip(y_hat, 0, 1), y)


@mistake("BCE-DOMAIN", "leaves NaN out of the mean, and with it every prediction that is no probability")
def leaves_nan_out(y_hat, y):
    return np.nanmean(losses(y_hat, y))


@mistake("BCE-DOMAIN", "forgives a prediction that a rounding error has put beyond 0 or 1")
def forgives_rounding_errors(y_hat, y):
    near = (y_hat > -1e-6) & (y_hat < 1 + 1e-6)
    return right(np.where(near, np.clip(y_hat, 0, 1), y_hat), y)


@mistake("BCE-TARGETS", "looks at the predictions and not at the targets")
def checks_predictions_only(y_hat, y):
    if not ((y_hat >= 0) & (y_hat <= 1)).all():
        raise ValueError("predictions have to be probabilities")
    return np.mean(-y * np.log(y_hat) - (1 - y) * np.log1p(-y_hat))


@mistake("BCE-TARGETS", "takes every target that is not 0 for a 1")
def makes_targets_booleans(y_hat, y):
    return right(y_hat, (y != 0).astype(float))


@mistake("BCE-TARGETS", "guesses from a negative target that the classes are -1 and 1")
def guesses_the_coding_of_the_classes(y_hat, y):
    return right(y_hat, np.where(y == -1, 0, y))


@mistake("BCE-EMPTY", "divides the sum of nothing by at least 1: a perfect loss for no example at all")
def gives_0_for_nothing(y_hat, y):
    return np.sum(losses(y_hat, y)) / max(y.size, 1)


# Size and memory


@mistake("BCE-LONG", "takes the mean of the means of blocks, though the last block is shorter")
def takes_the_mean_of_the_means_of_blocks(y_hat, y):
    of_each = losses(y_hat, y).ravel()
    return np.mean([block.mean() for block in np.split(of_each, range(256, of_each.size, 256))])


@mistake("BCE-LONG", "has room for 2000 losses and leaves out the rest")
def has_room_for_2000(y_hat, y):
    return np.mean(losses(y_hat, y).ravel()[:2000])


@mistake("BCE-SPIKE", "leaves out the largest loss of a long batch as an outlier")
def leaves_the_largest_out(y_hat, y):
    of_each = np.sort(losses(y_hat, y), axis=None)
    return np.mean(of_each[:-1] if of_each.size > 1000 else of_each)


@mistake("BCE-SPIKE", "begins its second block of 1024 one element too late")
def loses_the_first_of_the_second_block(y_hat, y):
    of_each = losses(y_hat, y).ravel()
    return (np.sum(of_each[:1024]) + np.sum(of_each[1025:])) / of_each.size


@mistake("BCE-LENGTH", "works on eight elements at a time and forgets those left over")
def forgets_what_is_left_over(y_hat, y):
    of_each = losses(y_hat, y).ravel()
    return np.sum(of_each[: of_each.size // 8 * 8] if of_each.size > 8 else of_each) / of_each.size


@mistake("BCE-LENGTH", "stops one block of 256 too early, which no short batch shows")
def forgets_the_last_block(y_hat, y):
    of_each = losses(y_hat, y).ravel()
    blocks = range(0, max(of_each.size - 256, 1), 256)
    return sum(np.sum(of_each[start : start + 256]) for start in blocks) / of_each.size


@mistake("BCE-LAYOUT", "reads the predictions from memory one after the other, whatever their strides")
def ignores_strides(y_hat, y):
    return right(as_if_contiguous(y_hat), y)


@mistake("BCE-LAYOUT", "steps forward through a reversed view, whose stride is negative")
def ignores_the_sign_of_a_stride(y_hat, y):
    return right(y_hat[::-1] if y_hat.strides[0] < 0 else y_hat, y)


@mistake("BCE-LAYOUT", "flattens the predictions in the order of memory and the targets in the order of their indices")
def flattens_in_the_order_of_memory(y_hat, y):
    return right(y_hat.ravel(order="K"), y.ravel())


@mistake(
    "BCE-LAYOUT", "borrows the targets' memory and gives it back as it was, which a read-only array does not allow"
)
def needs_to_write_to_its_arguments(y_hat, y):
    of_positive = np.where(y > 0, -y * np.log(y_hat), 0)
    np.subtract(1, y, out=y)
    of_negative = np.where(y > 0, -y * np.log1p(-y_hat), 0)
    np.subtract(1, y, out=y)
    return np.mean(of_positive + of_negative)


@mistake("BCE-NDIM", "asks for the number of examples, which one prediction without an axis does not have")
def needs_an_axis(y_hat, y):
    return np.sum(losses(y_hat, y)) / (len(y) * (y.size // len(y)))


@mistake("BCE-NDIM", "divides by m and k, the first two axes, and knows of no third")
def divides_by_two_axes(y_hat, y):
    return np.sum(losses(y_hat, y)) / np.prod(y.shape[:2])
