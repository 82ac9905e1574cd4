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

from tests.harness.reports.reading_row import Curve

_INK = "#010203"
"""Stands for the colour of the page's text while matplotlib draws."""
_LABEL = "The error over the input, beside the error allowed"
_MOST_TICKS = 5
"""Labels of the error axis, and of each half of the input axis."""
_BELOW = 2
"""How many decades below the smallest error allowed the lower edge is."""


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
    tolerances = [bound for _, bound in allowed if bound > 0] or positive
    lowest, highest = _decade(min(tolerances)) - _BELOW, _decade(max(positive)) + 1
    settings: Any = {"svg.hashsalt": place, "svg.fonttype": "none", "font.family": "sans-serif"}
    with matplotlib.rc_context({**settings, "text.color": _INK, "axes.edgecolor": _INK}):
        figure = Figure(figsize=(6.4, 2.8))
        axes = figure.add_axes((0.13, 0.17, 0.85, 0.72))
        # Decades are drawn as numbers: matplotlib's logarithmic axis takes five times as long.
        axes.plot(*_drawn(finite, lowest), ".", color="#d1242f", label="error")
        axes.plot(*_drawn(allowed, lowest), color=_INK, label="allowed")
        ticks = range(lowest, highest + 1, max(1, math.ceil((highest - lowest) / _MOST_TICKS)))
        axes.set_yticks(list(ticks), [f"1e{tick}" for tick in ticks])
        places = _ticks(max(abs(z) for z, _, _ in points))
        axes.set_xticks([math.asinh(z) for z in places], [f"{z:g}" for z in places])
        axes.tick_params(colors=_INK)
        axes.set_xlabel("input", color=_INK)
        axes.set_ylabel("absolute error", color=_INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, borderaxespad=0)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = text.getvalue()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    # Names of parts are unique in a page, not in a picture: every plot would have its "figure_1".
    drawn = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{place}-", drawn)
    drawn = drawn.replace(_INK, "currentColor")
    return Markup(drawn.replace("<svg ", f'<svg role="img" aria-label="{_LABEL}" ', 1))


def _decade(value: float) -> int:
    return math.floor(math.log10(value))


def _drawn(points: list[tuple[float, float]], lowest: int) -> tuple[list[float], list[float]]:
    """Where the points are drawn: evenly near 0, by decades far from it; what is below the lower edge stands on it."""
    heights = [max(math.log10(value), lowest) if value > 0 else lowest for _, value in points]
    return [math.asinh(z) for z, _ in points], heights


def _ticks(largest: float) -> list[float]:
    """Labels of the input axis: 0, and powers of ten on both sides of it."""
    decades = max(0, _decade(largest)) if largest > 0 else 0
    powers = [10.0**at for at in range(0, decades + 1, max(1, math.ceil(decades / _MOST_TICKS)))]
    return [*(-one for one in reversed(powers)), 0.0, *powers]


def says(curve: Curve) -> str:
    """What the plot shows, for those who do not see it."""
    lost = sum(error is None for error in curve.error)
    above = sum(error is not None and error > bound for error, bound in zip(curve.error, curve.allowed, strict=True))
    text = f"The error over {curve.label}: {above} of {len(curve.error)} inputs shown lie above what is allowed"
    return text + (f", {lost} gave no finite number." if lost else ".")
