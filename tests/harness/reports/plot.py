"""The error of a function over its input, as an SVG picture to stand in a page: a curve in, markup out.

The picture holds numbers only, no text from outside. Its ink is ``currentColor``, so that it is readable on a light and
on a dark page. Submissions with one mistake have one curve, which is drawn once.
"""

import io
import math
import re
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from tests.harness.reports.results import Curve

_INK = "#010203"
"""Stands for the colour of the page's text while matplotlib draws."""
_LABEL = "The error over the input, beside the error allowed"
_DECADES = 5
"""Labels of the error axis, at most."""


def available() -> bool:
    """Whether matplotlib is there; without it a page has no plots."""
    return find_spec("matplotlib") is not None


@lru_cache(maxsize=1000)
def svg(curve: Curve, place: str) -> Markup:
    """The plot of ``curve``; ``place`` is a name for it that no other plot of the page has."""
    import matplotlib
    from matplotlib.figure import Figure

    points = sorted(zip(curve.input, curve.error, curve.allowed, strict=True), key=lambda point: point[0])
    finite = [(z, error) for z, error, _ in points if error is not None]
    allowed = [(z, bound) for z, _, bound in points]
    positive = [value for _, value in finite + allowed if value > 0] or [1.0]
    lowest, highest = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    settings: Any = {"svg.hashsalt": place, "svg.fonttype": "none", "font.family": "sans-serif"}
    with matplotlib.rc_context({**settings, "text.color": _INK, "axes.edgecolor": _INK}):
        figure = Figure(figsize=(6.4, 2.6))
        axes = figure.add_axes((0.13, 0.18, 0.85, 0.78))
        # Decades are drawn as numbers: matplotlib's logarithmic axis takes five times as long.
        axes.plot(*_decades(finite, lowest), ".", color="#d1242f", label="error")
        axes.plot(*_decades(allowed, lowest), color=_INK, label="allowed")
        ticks = range(lowest, highest + 1, max(1, math.ceil((highest - lowest) / _DECADES)))
        axes.set_yticks(list(ticks), [f"1e{tick}" for tick in ticks])
        axes.tick_params(colors=_INK)
        axes.set_xlabel("input", color=_INK)
        axes.set_ylabel("absolute error", color=_INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper center", ncols=2)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = text.getvalue()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    # Names of parts are unique in a page, not in a picture: every plot would have its "figure_1".
    drawn = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{place}-", drawn)
    drawn = drawn.replace(_INK, "currentColor")
    return Markup(drawn.replace("<svg ", f'<svg role="img" aria-label="{_LABEL}" ', 1))


def _decades(points: list[tuple[float, float]], lowest: int) -> tuple[list[float], list[float]]:
    """Inputs, and the decimal logarithms of the values; 0 is drawn at the lower edge."""
    return [z for z, _ in points], [math.log10(value) if value > 0 else lowest for _, value in points]


def says(curve: Curve) -> str:
    """What the plot shows, for those who do not see it."""
    lost = sum(error is None for error in curve.error)
    above = sum(error is not None and error > bound for error, bound in zip(curve.error, curve.allowed, strict=True))
    text = f"The error over {curve.label}: {above} of {len(curve.error)} inputs lie above what is allowed"
    return text + (f", {lost} gave no finite number." if lost else ".")
