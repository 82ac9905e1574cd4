"""What a cluster judges: rows go in as they come, out come their order, their counts, and why others have none.

The rows themselves are in the file of rows. Here is a word or two of each, so that memory grows little with the class.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from impls.submissions.spec import Named


@dataclass
class Elsewhere:
    """The submissions of a run, none of which is loaded here.

    environment: of all machines that have judged. verdicts: by submission. unloaded: those that did not load. lost: why
    a submission has no row although it was sent out. counts: of (function, verdict). isolation: in the words of a row.
    """

    named: Sequence[Named]
    environment: dict[str, Any]
    verdicts: dict[str, str] = field(default_factory=dict)
    unloaded: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    isolation: set[str] = field(default_factory=set)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row."""
        self.verdicts[row["name"]] = row["verdict"]
        self.isolation.add(row["isolation"])
        if row["credit"] is None:
            self.unloaded.add(row["name"])
            return
        level = row["required_level"]
        self.counts.update((name, function[level]) for name, function in row["functions"].items())

    def widen(self, environment: Mapping[str, Any]) -> bool:
        """Take in what is said of one more machine; whether there is something new in it."""
        before = self.environment
        within = {key: {**before[key], **environment[key]} for key in ("devices", "accelerators")}
        self.environment = {**before, **environment, **within}
        return self.environment != before

    def in_order(self) -> list[Named]:
        """The submissions as a result lists them: those that did not load come last."""
        return sorted(self.named, key=lambda one: one.name in self.unloaded)
