"""The lecture's figures, drawn from what one built-in computes, and the errors of all of them.

python -m tests.benchmark.figures
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import reference
from impls import Implementation, builtins_present
from tests.experiments import figures_of_the_lecture

FOLDER = Path(__file__).parents[1] / "experiments" / "figures"
_DRAWN_FROM = "torch-nn-cpu"

_ABOUT = """\
`pytest tests/experiments` runs the lecture's experiments from fixed seeds, each with the reason for its result. No line
computes XOR (the four inequalities, and a linear programme) or separates the versicolor among the Iris flowers, while
two layers do. Logistic regression does what the best of all lines can in two harder tasks, counted exactly; networks of
20+1 and 20+20+20+1 neurons do more. With 30 % of the labels flipped a large network gets below the entropy of that
noise and worse on other points. On scikit-learn's digits torch and the reference, from the same parameters and batches,
stay within the propagated error bound and reach accuracies that differ by less than seeds do. `MNIST=FOLDER` adds an
epoch of MNIST from its IDX files.

`pytest tests/conformance --figures DIR` draws these figures of each implementation; here they are of `torch-nn-cpu`.
The errors are in ulp of float32, over the input, of every implementation that is there."""


def measure() -> Iterator[str]:
    """Draw the figures anew; the text that shows them. Raises ModuleNotFoundError without matplotlib or torch."""
    if missing := figures_of_the_lecture.needs():
        raise ModuleNotFoundError(missing)
    there, absent = builtins_present(reference.FUNCTIONS)
    if missing := next((one.reason for one in absent if one.name == _DRAWN_FROM), None):
        raise ModuleNotFoundError(missing)
    yield _ABOUT
    with tempfile.TemporaryDirectory() as folder:
        for picture in figures_of_the_lecture.write(
            [one for one in there if isinstance(one, Implementation)], Path(folder)
        ):
            if picture.of in (None, _DRAWN_FROM):
                name = picture.path.name.removeprefix(f"{_DRAWN_FROM}-")
                shutil.copy(picture.path, FOLDER / name)
                yield ""
                yield f"![{picture.shows}](../experiments/figures/{name})"


if __name__ == "__main__":
    print("\n".join(measure()))
