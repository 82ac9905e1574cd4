"""The clauses of one_hot."""

import numpy as np

from tests.conformance.relations import are_compact, assert_pure, each, integers_of
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw

BATCHES = [(m,) for m in (1, 2, 3, 5, 8)]


@clause("ONEHOT-VALUE")
@given(encoding=draw.labels(BATCHES, classes=(1, 2, 3, 4, 5, 8, 10)))
def test_there_is_1_at_the_label_and_0_elsewhere(impl, encoding):
    impl.exactly(impl.one_hot(*encoding), exact.one_hot(*encoding))


@clause("ONEHOT-PURE")
@given(encoding=draw.labels(BATCHES, classes=(2, 3, 5)))
def test_no_argument_changes_and_no_result_is_overwritten(impl, encoding):
    labels, k = encoding
    assert_pure(impl, "one_hot", (labels, k), ((labels + 1) % k, k))


@clause("ONEHOT-LABELS")
@given(encoding=draw.labels(BATCHES, classes=(1, 2, 3, 10)), at=draw.positions())
def test_a_label_out_of_range_is_refused(impl, encoding, at):
    labels, k = encoding
    for wrong in draw.wrong_labels(k):
        impl.attempt.one_hot(draw.replaced(labels, at, wrong), k).refused(f"the label {wrong} of {k} classes")


@clause("ONEHOT-INDEX")
@each(encoding=[(np.arange(220) * 7 % 300, 300)])
@given(encoding=draw.labels(BATCHES, classes=(2, 5, 100, 130, 300)))
def test_labels_of_any_integer_dtype_are_taken_as_they_are_or_refused(impl, encoding):
    labels, k = encoding
    for dtype in integers_of(impl):
        of_dtype = np.minimum(labels, min(np.iinfo(dtype).max, k)).astype(dtype)
        impl.attempt.one_hot(of_dtype, k).refused_or_exactly(exact.one_hot(of_dtype, k))


@clause("ONEHOT-BATCH")
@given(encoding=draw.many_labels())
def test_thousands_of_labels_and_of_classes(impl, encoding):
    impl.exactly(impl.one_hot(*encoding), exact.one_hot(*encoding))


@clause("ONEHOT-LAYOUT")
@each(
    encoding=[(labels, 3) for labels in (np.arange(13) ** 2 // 4 % 3, np.arange(12).reshape(4, 3) ** 2 // 4 % 3)],
    mix=draw.ALL_LAYOUTS[:3],
)
@given(encoding=draw.labels([(2,), (5,), (8,), (2, 3), (3, 3)], classes=(2, 3, 10)), mix=draw.mixes())
def test_the_memory_layout_does_not_matter(impl, encoding, mix):
    labels, k = encoding
    for (values,), (view,), layouts in draw.in_layouts([labels], mix):
        if are_compact(layouts):
            impl.exactly(impl.one_hot(view, k), exact.one_hot(values, k))
        else:
            impl.attempt.one_hot(view, k).refused_or_exactly(exact.one_hot(values, k))


@clause("ONEHOT-NDIM")
@given(encoding=draw.labels([(64,)], classes=(1, 2, 3, 10)))
def test_the_classes_are_a_new_last_axis_whatever_the_shape(impl, encoding):
    labels, k = encoding
    for shape in draw.TENSORS:
        shaped = np.resize(labels, shape)
        if shape:
            impl.exactly(impl.one_hot(shaped, k), exact.one_hot(shaped, k))
        else:
            impl.attempt.one_hot(shaped, k).refused_or_exactly(exact.one_hot(shaped, k))
