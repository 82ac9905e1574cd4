"""What came of one clause for one implementation: the values that go to another process, a terminal, a file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from impls.text import one_line, printable, printable_lines

_LONGEST_MESSAGE = 2000

PASSED, FAILED, ERROR, KNOWN_DEVIATION, SKIPPED = "passed", "failed", "error", "known-deviation", "skipped"


@dataclass(frozen=True)
class Outcome:
    """What came of one clause for one implementation, as it stands in the JSON.

    max_error_ratio: the largest error seen over the error allowed, None where nothing was compared or it is not finite.
    unimplemented: every call said that the function is not written. impure: by function, a call that changed an
    argument or overwrote an earlier result; it is charged to the function's -PURE clause. The text is printable,
    whatever it quotes: it goes to another process, to a terminal, to files.
    """

    outcome: str
    examples: int = 0
    max_error_ratio: float | None = None
    message: str | None = None
    counterexample: str | None = None
    expected: str | None = None
    actual: str | None = None
    unimplemented: bool = False
    not_judged: bool = False
    """A call said that it cannot be told whether the function is right; the message is the reason."""
    diagnosis: tuple[str, ...] = ()
    """What the implementation behaves as, in phrases that complete "the function ..."."""
    impure: Mapping[str, str] = field(default_factory=dict)
    severity: str | None = None
    """Of a failure, one of ``faults.SEVERITIES``."""
    explained_by: tuple[str, ...] = ()
    """Of a composed function, the activations whose own faults explain every failure (``cause``)."""
    curve: Mapping[str, Any] | None = None
    """Of a failing elementwise function, its errors over the input (``curve``)."""

    def __post_init__(self) -> None:
        if self.message is not None:
            object.__setattr__(self, "message", one_line(self.message, _LONGEST_MESSAGE))
        for name in ("counterexample", "expected", "actual"):
            if (text := getattr(self, name)) is not None:
                object.__setattr__(self, name, printable_lines(text))
        object.__setattr__(self, "diagnosis", tuple(map(printable, self.diagnosis)))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
