"""Known mistakes of mean_squared_error."""

import numpy as np

from reference import mean_squared_error as right
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


def squares(y_hat, y):
    """The squared errors, where nothing is wrong with them."""
    return (y_hat - y) ** 2


# The error and its square


@mistake("MSE-VALUE", "leaves out the 1/2, as torch.nn.MSELoss does")
def forgets_the_half(y_hat, y):
    return np.mean((y_hat - y) ** 2)


@mistake("MSE-VALUE", "forgets to square, so that errors of opposite signs cancel")
def forgets_to_square(y_hat, y):
    return np.mean(y_hat - y) / 2


@mistake("MSE-VALUE", "takes the absolute value of the error in place of its square")
def takes_the_absolute_error(y_hat, y):
    return np.mean(np.abs(y_hat - y)) / 2


@mistake("MSE-VALUE", "adds the target where it should subtract it")
def adds_the_target(y_hat, y):
    return np.mean((y_hat + y) ** 2) / 2


@mistake("MSE-VALUE", "takes the difference of the squares in place of the square of the difference")
def subtracts_the_squares(y_hat, y):
    return np.mean(y_hat**2 - y**2) / 2


@mistake("MSE-VALUE", "squares the squared errors once more")
def squares_twice(y_hat, y):
    return np.mean(squares(y_hat, y) ** 2) / 2


@mistake("MSE-VALUE", "takes the square root at the end, as the root mean squared error does")
def takes_the_square_root(y_hat, y):
    return np.sqrt(np.mean((y_hat - y) ** 2) / 2)


@mistake("MSE-VALUE", "squares the half together with the error")
def squares_the_half(y_hat, y):
    return np.mean(((y_hat - y) / 2) ** 2)


@mistake("MSE-VALUE", "subtracts the mean error first and gets half the variance of the errors")
def takes_the_variance_of_the_errors(y_hat, y):
    return np.var(y_hat - y) / 2


@mistake("MSE-VALUE", "grows only linearly beyond an error of 1, which is the Huber loss")
def takes_the_huber_loss(y_hat, y):
    error = np.abs(y_hat - y)
    return np.mean(np.where(error <= 1, error**2 / 2, error - 0.5))


@mistake("MSE-VALUE", "divides the errors by the targets, as if they were to be relative")
def takes_the_relative_error(y_hat, y):
    return np.mean(((y_hat - y) / np.where(y == 0, 1, y)) ** 2) / 2


@mistake("MSE-VALUE", "rounds the loss down with //, where / is meant")
def divides_with_two_slashes(y_hat, y):
    return np.sum((y_hat - y) ** 2) // (2 * y.size)


# The mean


@mistake("MSE-MEAN", "sums over the batch where the formula takes the mean")
def sums_over_the_batch(y_hat, y):
    return np.sum((y_hat - y) ** 2) / 2


@mistake("MSE-MEAN", "squares the mean of the errors where the formula takes the mean of the squares")
def squares_the_mean(y_hat, y):
    return np.sum(np.mean(y_hat - y, axis=0) ** 2) / 2 / (y.size // len(y))


@mistake("MSE-MEAN", "divides by m - 1, as for a sample's variance")
def divides_by_one_example_less(y_hat, y):
    return np.sum((y_hat - y) ** 2) / (2 * max(len(y) - 1, 1) * (y.size // len(y)))


@mistake("MSE-MEAN", "takes the median of the examples, which outliers do not trouble")
def takes_the_median(y_hat, y):
    return np.median(np.mean(squares(y_hat, y).reshape(len(y), -1), axis=1)) / 2


@mistake("MSE-MATRIX", "divides by the number m of examples where 1/(2mk) divides by the label variables too")
def divides_by_the_number_of_examples(y_hat, y):
    return np.sum((y_hat - y) ** 2) / (2 * len(y))


@mistake("MSE-MATRIX", "takes m for the number of label variables as well, which shows for m other than k only")
def divides_by_m_twice(y_hat, y):
    return np.sum((y_hat - y) ** 2) / (2 * len(y) ** y.ndim)


@mistake("MSE-MATRIX", "takes the mean over the examples only and gives one loss for each label variable")
def gives_a_loss_for_each_column(y_hat, y):
    return np.mean((y_hat - y) ** 2, axis=0) / 2


@mistake("MSE-MATRIX", "multiplies the errors as matrices, which also multiplies one label variable's with another's")
def multiplies_matrices(y_hat, y):
    error = y_hat - y
    return np.sum(error.T @ error) / (2 * y.size)


@mistake("MSE-MATRIX", "takes NumPy's norm of order 2, which for a matrix is its largest singular value")
def takes_the_spectral_norm(y_hat, y):
    return np.linalg.norm(y_hat - y, ord=2) ** 2 / (2 * y.size)


@mistake(
    "MSE-SCALAR", "takes a column of predictions from a row of targets, which NumPy makes a table of all differences"
)
def subtracts_a_row_from_a_column(y_hat, y):
    return np.mean((y_hat - (y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y)) ** 2) / 2


@mistake("MSE-SCALAR", "halves the mean for vectors and forgets to for columns")
def halves_vectors_only(y_hat, y):
    return np.mean((y_hat - y) ** 2) / (2 if y.ndim == 1 else 1)


# What stays from call to call


@mistake("MSE-PURE", "subtracts the targets from the caller's predictions themselves")
def subtracts_in_place(y_hat, y):
    y_hat -= y
    return np.mean(y_hat**2) / 2


@mistake("MSE-PURE", "uses the caller's targets as the room for the errors")
def writes_the_errors_over_the_targets(y_hat, y):
    np.subtract(y_hat, y, out=y)
    return np.mean(y**2) / 2


@mistake("MSE-PURE", "gives every call's result in one and the same array", remembers=True)
def reuses_the_buffer_of_the_result():
    result = np.zeros(())
    return lambda y_hat, y: np.mean(squares(y_hat, y) / 2, out=result)


@mistake("MSE-VALUE", "averages over all batches seen so far, as a metric does and a loss does not", remembers=True)
def keeps_a_running_mean():
    seen = []

    def running_mean(y_hat, y):
        seen.append(right(y_hat, y))
        return np.mean(seen)

    return running_mean


@mistake("MSE-VALUE", "keeps the errors of an earlier, longer batch beyond the end of a shorter one", remembers=True)
def forgets_to_clear_its_buffer():
    buffer = np.zeros(1)

    def mean_squared_error(y_hat, y):
        nonlocal buffer
        of_each = squares(y_hat, y).ravel()
        buffer = np.concatenate([of_each, buffer[of_each.size :]])
        return np.sum(buffer) / (2 * y.size)

    return mean_squared_error


# The range of floating point


@mistake("MSE-LARGE", "squares in float32, where the square of 1e20 is infinite")
def squares_in_float32(y_hat, y):
    return np.mean(((y_hat - y).astype(np.float32)) ** 2).astype(y_hat.dtype) / 2


@mistake("MSE-LARGE", "clips the errors at 1000, as one clips gradients")
def clips_the_errors(y_hat, y):
    return np.mean(np.clip(y_hat - y, -1000, 1000) ** 2) / 2


@mistake("MSE-VALUE", "adds an eps of 1e-8, which only a logarithm or a quotient could need")
def adds_an_eps(y_hat, y):
    return np.mean((y_hat - y) ** 2 + 1e-8) / 2


@mistake("MSE-CLOSE", "multiplies the square out, and the squares of large numbers cancel")
def multiplies_the_square_out(y_hat, y):
    return np.mean(y_hat**2 - 2 * y_hat * y + y**2) / 2


@mistake("MSE-CLOSE", "takes the error for 0 where numpy.isclose calls prediction and target equal")
def forgives_close_predictions(y_hat, y):
    return np.mean(np.where(np.isclose(y_hat, y), 0, y_hat - y) ** 2) / 2


@mistake("MSE-NAN", "leaves NaN out of the mean, so that a network that has diverged seems to learn")
def leaves_nan_out(y_hat, y):
    return np.nanmean((y_hat - y) ** 2) / 2


@mistake("MSE-NAN", "takes a target that is NaN for one that is missing")
def takes_nan_for_a_missing_target(y_hat, y):
    known = ~np.isnan(y)
    return np.sum((y_hat - y) ** 2, where=known) / 2 / max(np.sum(known), 1)


@mistake("MSE-NAN", "replaces NaN in the predictions by 0")
def replaces_nan_by_0(y_hat, y):
    return np.mean((np.nan_to_num(y_hat) - y) ** 2) / 2


@mistake("MSE-NAN", "bounds the error from below with fmax, which prefers any number to NaN")
def prefers_numbers_to_nan(y_hat, y):
    return np.mean(np.fmax(squares(y_hat, y), 0)) / 2


@mistake("MSE-DTYPE", "computes in float32 whatever it is given")
def computes_in_float32(y_hat, y):
    return np.mean((y_hat.astype(np.float32) - y.astype(np.float32)) ** 2) / 2


@mistake("MSE-DTYPE", "adds up in float32 what it computed in float64")
def adds_up_in_float32(y_hat, y):
    return np.mean((y_hat - y) ** 2, dtype=np.float32) / 2


@mistake("MSE-DTYPE", "computes in half precision, as under careless mixed precision")
def computes_in_half(y_hat, y):
    return np.mean((y_hat.astype(np.float16) - y.astype(np.float16)) ** 2) / 2


@mistake("MSE-INTEGER", "subtracts in the integers' own dtype: 0 - 1 is 255 in uint8")
def subtracts_in_the_dtype_of_the_integers(y_hat, y):
    return np.mean((y_hat - y).astype(float) ** 2) / 2


@mistake("MSE-INTEGER", "squares in the integers' own dtype, in which the square of 16 is 0")
def squares_in_the_dtype_of_the_integers(y_hat, y):
    error = y_hat.astype(float) - y
    return np.mean(error.astype(y.dtype) ** 2) / 2


@mistake("MSE-INTEGER", "cuts the loss off to an integer because its arguments are integers")
def truncates_the_loss(y_hat, y):
    return np.asarray(right(y_hat, y)).astype(y_hat.dtype)


# Arguments to be refused


@mistake("MSE-SHAPES", "lets NumPy broadcast: predictions (m,) and targets (m, 1) give m times m differences")
def broadcasts(y_hat, y):
    return np.mean((y_hat - y) ** 2) / 2


@mistake("MSE-SHAPES", "compares the numbers of elements where it should compare the shapes", bug="pytorch#4938")
def flattens_both(y_hat, y):
    return right(y_hat.ravel(), y.ravel())


@mistake("MSE-SHAPES", "goes through predictions and targets together until the shorter of them ends")
def stops_at_the_shorter(y_hat, y):
    return np.mean([right(*pair) for pair in zip(np.atleast_2d(y_hat.T).T, np.atleast_2d(y.T).T, strict=False)])


@mistake("MSE-EMPTY", "divides the sum of nothing by at least 1: a perfect loss for no example at all")
def gives_0_for_nothing(y_hat, y):
    return np.sum((y_hat - y) ** 2) / (2 * max(y.size, 1))


# Size and memory


@mistake("MSE-LONG", "takes the mean of the means of minibatches, though the last one is smaller")
def takes_the_mean_of_the_means_of_minibatches(y_hat, y):
    of_each = squares(y_hat, y).ravel()
    return np.mean([block.mean() for block in np.split(of_each, range(128, of_each.size, 128))]) / 2


@mistake("MSE-LONG", "estimates the loss of a large batch from every second example")
def takes_a_sample(y_hat, y):
    return np.mean(squares(y_hat, y)[:: 1 + (len(y) > 1100)]) / 2


@mistake("MSE-SPIKE", "leaves out the largest error of a long batch as an outlier")
def leaves_the_largest_out(y_hat, y):
    of_each = np.sort(squares(y_hat, y), axis=None)
    return np.mean(of_each[:-1] if of_each.size > 1000 else of_each) / 2


@mistake("MSE-SPIKE", "lets each block of 256 write its first square where the one before wrote its last")
def overlaps_its_blocks(y_hat, y):
    of_each = squares(y_hat, y).ravel()
    return (np.sum(of_each) - np.sum(of_each[255:-1:256])) / (2 * of_each.size)


@mistake("MSE-LENGTH", "works on sixteen elements at a time and forgets those left over")
def forgets_what_is_left_over(y_hat, y):
    of_each = squares(y_hat, y).ravel()
    return np.sum(of_each[: of_each.size // 16 * 16] if of_each.size > 64 else of_each) / (2 * of_each.size)


@mistake("MSE-LENGTH", "counts the examples in a byte, in which 257 is 1")
def counts_in_a_byte(y_hat, y):
    return np.sum(squares(y_hat, y)) / 2 / max(y.size % 256, 1)


@mistake("MSE-LAYOUT", "reads the predictions from memory one after the other, whatever their strides")
def ignores_strides(y_hat, y):
    return right(as_if_contiguous(y_hat), y)


@mistake("MSE-LAYOUT", "reads both arguments from memory one after the other, whatever their strides")
def ignores_all_strides(y_hat, y):
    return right(as_if_contiguous(y_hat), as_if_contiguous(y))


@mistake("MSE-LAYOUT", "steps forward through a reversed view, whose stride is negative")
def ignores_the_sign_of_a_stride(y_hat, y):
    return right(y_hat[::-1] if y_hat.strides[0] < 0 else y_hat, y)


@mistake(
    "MSE-LAYOUT", "borrows the predictions' memory and gives it back as it was, which a read-only array does not allow"
)
def needs_to_write_to_its_arguments(y_hat, y):
    before = y_hat.copy()
    y_hat -= y
    loss = np.mean(y_hat**2) / 2
    y_hat[...] = before
    return loss
