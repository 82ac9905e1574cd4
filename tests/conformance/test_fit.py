"""fit and predict: logistic regression judged by what it learns."""

from tests.conformance.relations import assert_pure, assert_right_in_layouts
from tests.harness import clause, given
from tests.harness.drawing import strategies as draw


@clause("FIT-VALUE")
@given(training=draw.trainings())
def test_batch_gradient_descent_from_zero(impl, training):
    impl.check.fit(*training)


@clause("FIT-PURE")
@given(training=draw.trainings())
def test_training_changes_no_argument_and_keeps_no_buffer(impl, training):
    X, y, alpha, steps = training
    assert_pure(impl, "fit", (X, y, alpha, steps), (X / 2, 1 - y, alpha, steps))


@clause("PREDICT-VALUE")
@given(classified=draw.classifications())
def test_the_class_at_the_threshold_one_half(impl, classified):
    impl.check.predict(*classified)


@clause("PREDICT-PURE")
@given(classified=draw.classifications())
def test_prediction_changes_no_argument_and_keeps_no_buffer(impl, classified):
    X, theta = classified
    assert_pure(impl, "predict", (X, theta), (-X, theta))


@clause("FIT-LAYOUT")
@given(training=draw.trainings(), mix=draw.mixes())
def test_training_reads_any_memory_layout(impl, training, mix):
    assert_right_in_layouts(impl, "fit", mix, training)


@clause("PREDICT-LAYOUT")
@given(classified=draw.classifications(), mix=draw.mixes())
def test_prediction_reads_any_memory_layout(impl, classified, mix):
    assert_right_in_layouts(impl, "predict", mix, classified)
