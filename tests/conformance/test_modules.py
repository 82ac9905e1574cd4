"""The lecture's two-layer network as a module: its output and gradients with given parameters, for each task."""

from reference import TASKS
from tests.conformance.relations import assert_pure
from tests.harness import clause, given
from tests.harness.drawing import strategies as draw

OUTPUTS = [f"{task}_module" for task in TASKS]


def for_task(f, drawn):
    """x, theta and the targets that go with the task; one output where the classification is binary."""
    task = f.partition("_")[0]
    (W1, b1), (W2, b2) = drawn["theta"]
    outputs = 1 if task == "binary" else len(b2)
    targets = {"regression": drawn["numbers"], "binary": drawn["bits"], "multiclass": drawn["labels"]}
    return drawn["x"], [(W1, b1), (W2[:outputs], b2[:outputs])], targets[task]


def assert_output(impl, f, x, theta, training=False):
    return impl.check[f](x, theta, training)


@clause("REGRESSION-VALUE", "BINARY-VALUE", "MULTICLASS-VALUE")
@given(drawn=draw.two_layers())
def test_the_module_computes_the_network_of_its_task(impl, f, drawn):
    x, theta, _ = for_task(f, drawn)
    assert_output(impl, f, x, theta)


@clause("REGRESSION-SINGLE", "BINARY-SINGLE", "MULTICLASS-SINGLE")
@given(drawn=draw.two_layers())
def test_a_batch_of_one_is_a_batch(impl, f, drawn):
    x, theta, _ = for_task(f, drawn)
    assert_output(impl, f, x[:1], theta)


@clause("REGRESSION-TRAINING", "BINARY-TRAINING", "MULTICLASS-TRAINING")
@given(drawn=draw.two_layers())
def test_training_and_evaluation_mode_agree(impl, f, drawn):
    x, theta, _ = for_task(f, drawn)
    assert_output(impl, f, x, theta, training=True)


@clause("REGRESSION-PURE", "BINARY-PURE", "MULTICLASS-PURE")
@given(drawn=draw.two_layers())
def test_the_output_changes_no_argument_and_keeps_no_buffer(impl, f, drawn):
    x, theta, _ = for_task(f, drawn)
    assert_pure(impl, f, (x, theta, False), (x + 1, theta, False))


@clause("REGRESSION-DTYPE", "BINARY-DTYPE", "MULTICLASS-DTYPE")
@given(drawn=draw.two_layers(dtypes=draw.FLOATS))
def test_the_output_keeps_the_dtype(impl, f, drawn):
    x, theta, _ = for_task(f, drawn)
    impl.dtype(assert_output(impl, f, x, theta), x.dtype)


@clause("REGRESSION-GRADIENT", "BINARY-GRADIENT", "MULTICLASS-GRADIENT")
@given(drawn=draw.two_layers())
def test_every_parameter_receives_its_gradient(impl, f, drawn):
    x, theta, y = for_task(f, drawn)
    impl.check[f](x, y, theta)


@clause("REGRESSION-GRADIENT-DTYPE", "BINARY-GRADIENT-DTYPE", "MULTICLASS-GRADIENT-DTYPE")
@given(drawn=draw.two_layers(dtypes=draw.FLOATS))
def test_the_gradients_keep_the_dtype(impl, f, drawn):
    x, theta, y = for_task(f, drawn)
    gradients = impl[f](x, y, theta)
    impl.dtype(gradients, x.dtype)
    impl.right(gradients)
