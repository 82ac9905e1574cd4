"""Every former known mistake has a successor that answers alike on the examples of its clause, or was merged.

MERGED lists the others: by successor and reason.
"""

from collections import defaultdict

import pytest
from hypothesis import settings

from tests.conformance import every_test_imported
from tests.former_mistakes import MISTAKES as FORMER
from tests.harness.judging.judge import Examples
from tests.mistakes import MISTAKES
from tests.selftest import power
from tests.selftest.answers import Answers, alike, calls_of

MERGED = {
    (
        "takes the target before the prediction, clipped at ...",
        "clips the target at any of four sizes, where the old one added 1e-7",
    ): [
        "binary_cross_entropy: swaps its arguments",
        "cross_entropy: swaps its arguments",
    ],
    (
        "the mistake of the function with the same sentence",
        "the same misconception by another formula, which rounds, clips or fills in otherwise",
    ): [
        "binary_cross_entropy: crosses the two terms",
        "binary_cross_entropy: measures the predicted class",
        "binary_cross_entropy: adds the eps in place",
        "binary_cross_entropy: leaves nan out",
        "cross_entropy: clips too early",
        "cross_entropy: reshapes the targets",
        "cross_entropy_with_logits: leaves infinite losses out",
        "cross_entropy_with_logits: truncates the exponentials",
        "cross_entropy_with_logits: stops at the shorter",
        "linear: batch overwritten where the layer is square",
        "mean_squared_error: stops at the shorter",
        "one_hot: columns set in every row",
        "one_hot: examples counted with len",
        "sgd_step: sgd never at rest",
        "adagrad_step: adagrad never at rest",
        "rmsprop_step: rmsprop never at rest",
        "adam_step: adam never at rest",
        "adamax_step: adamax never at rest",
        "relu: one byte of each",
        "tanh: row by row",
        "tanh: axes of length one dropped",
    ],
    (
        "lets NumPy broadcast, or repeats what is missing",
        "one more way to take shapes that do not fit; the clause asks for each combination",
    ): [
        "binary_cross_entropy: compares lengths only",
        "collapse_linear: missing bias as zero",
        "cross_entropy_with_logits: broadcasts a column of labels",
        "linear: features broadcast",
        "linear: weights transposed to fit",
    ],
    ("leaves out what is left over, or what is beyond a size", "another block, offset or size of the same operator"): [
        "binary_cross_entropy: has room for 2000",
        "binary_cross_entropy: forgets the last block",
        "cross_entropy_with_logits: sums by halves",
        "gradient_descent_step: leftover elements not moved",
        "tanh: last piece forgotten",
        "linear: last block overlaps",
        "linear: leftover rows lost",
        "mean_squared_error: takes a sample",
        "mean_squared_error: forgets what is left over",
        "mlp: leftover units lost",
        "neuron: leftover inputs lost",
        "sgd_step: sgd blocks of four",
        "adagrad_step: adagrad blocks of four",
        "rmsprop_step: rmsprop blocks of four",
        "adam_step: adam blocks of four",
        "adamax_step: adamax blocks of four",
        "sigmoid: leftover of eight lost",
        "softmax: long sum in float32",
        "softmax: rows off the grid",
    ],
    (
        "steps forward through ..., reads ... as if the elements lay one after the other",
        "one argument at a time, where the old one took one axis, or all arguments",
    ): [
        "binary_cross_entropy: ignores the sign of a stride",
        "collapse_linear: biases read as if contiguous",
        "mean_squared_error: ignores all strides",
        "mean_squared_error: ignores the sign of a stride",
    ],
    ("uses the second weights as its scratch space and leaves zeros", "another value is left in the argument"): [
        "collapse_linear: product over w2",
    ],
    (
        "keeps one array for each shape and writes every result into it",
        "buffers for every array of the result; the old one kept some of them, or one for all shapes",
    ): [
        "collapse_linear: buffer for each shape",
        "cross_entropy: reuses the buffer of the result",
        "gradient_descent_step: buffers for each shape",
        "mlp_gradients: gradients kept with the parameters",
    ],
    ("keeps targets, or adds losses to those of the last batch", "another memory of earlier calls"): [
        "cross_entropy_with_logits: pads to the most classes seen",
        "mean_squared_error: forgets to clear its buffer",
    ],
    (
        "computes in float32 whatever it is given, and casts back",
        "casts every argument, where the old one left one of them or the product as it was",
    ): [
        "gradient_descent_step: float32 inside",
        "neuron: float32 inside",
    ],
    (
        "takes the difference quotient",
        "dropped: nine lines for one mistake, which GRAD-DTYPE's half of the digits covers",
    ): [
        "mlp_gradients: difference quotient",
    ],
    ("goes back through three layers and leaves the gradients below 0", "another wrong error below the third layer"): [
        "mlp_gradients: error kept below the third layer",
    ],
    (
        "takes the mean of the means of blocks",
        "another loss function's mean of unequal blocks; the gradient of such a mean has no twin",
    ): [
        "mlp_gradients: mean of unequal mini batches",
    ],
    ("gives float64 whatever it is given", "float64 comes out, widened or computed"): [
        "logistic_regression: collected in float64",
        "mlp: float64 always",
        "regression_module: always float64",
        "regression_module_gradients: gradients in float64",
        "binary_module: always float64",
        "binary_module_gradients: gradients in float64",
        "multiclass_module: always float64",
        "multiclass_module_gradients: gradients in float64",
        "sgd_step: sgd float64",
        "adagrad_step: adagrad float64",
        "rmsprop_step: rmsprop float64",
        "adam_step: adam float64",
        "adamax_step: adamax float64",
        "sigmoid: always float64",
        "softmax: always float64",
    ],
    (
        "computes in half precision and casts back",
        "casts the arguments, where the old one cast the result or the weights alone",
    ): [
        "regression_module_gradients: gradients in half precision",
        "binary_module_gradients: gradients in half precision",
        "multiclass_module_gradients: gradients in half precision",
    ],
    ("gives up the whole result for one NaN", "the state is NaN as well"): [
        "sgd_step: sgd nan everywhere",
        "adagrad_step: adagrad nan everywhere",
        "rmsprop_step: rmsprop nan everywhere",
        "adam_step: adam nan everywhere",
        "adamax_step: adamax nan everywhere",
    ],
}
NAMES = {name for names in MERGED.values() for name in names}
OF_CLAUSE = defaultdict(list)
for _former in FORMER.values():
    OF_CLAUSE[_former.clause.id].append(_former)


@pytest.fixture(scope="module")
def examples():
    every_test_imported()
    settings.load_profile("quick")
    return Examples(power.SEED)


@pytest.mark.parametrize("id", OF_CLAUSE)
def test_a_former_mistake_has_a_successor_or_was_merged(examples, id):
    calls = calls_of(id, examples)
    function = OF_CLAUSE[id][0].clause.function
    now = [Answers(one.make, calls) for one in MISTAKES.values() if one.clause.function == function]
    for former in OF_CLAUSE[id]:
        answers = Answers(former.make, calls)
        assert any(alike(answers, one) for one in now) != (former.name in NAMES), former.name
