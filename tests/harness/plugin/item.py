"""The test item of one clause and one implementation: judges the pair, and its outcome decides the item's.

A class of a thousand has three hundred thousand of them, and pytest holds all from collection to the end. So an item
has no fixtures, no parametrization and no markers of its own: a third of the memory of a parametrized function.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.judging.outcome import ERROR, FAILED, KNOWN_DEVIATION, SKIPPED, Outcome
from tests.harness.plugin.keys import run_key
from tests.harness.reports import terminal as terminal_report
from tests.harness.reports.options import item_id
from tests.harness.spec.clauses import CLAUSES, Property


class PairItem(pytest.Item):
    """One (implementation, clause). outcome: what came of it, None before it has run.

    following: the pair of the next item. ends: no later item is about the same function of the same implementation.
    """

    def __init__(self, *, pair: tuple[str, str], **node: Any) -> None:
        super().__init__(**node)
        self.pair = pair
        self.following: tuple[str, str] | None = None
        self.ends = False
        self.outcome: Outcome | None = None

    def runtest(self) -> None:
        name, clause = self.pair
        run = self.config.stash[run_key]
        self.outcome = outcome = run.judge(name, clause, self.following, self.ends)
        self.user_properties += [
            ("clause", clause),
            ("level", CLAUSES[clause].level),
            ("outcome", outcome.outcome),
        ]
        if outcome.outcome == SKIPPED and not run.needs(clause):
            pytest.skip(outcome.message or SKIPPED)
        if outcome.outcome == KNOWN_DEVIATION:
            raise pytest.xfail.Exception(f"known deviation: {outcome.message}", pytrace=False)
        if outcome.outcome in (FAILED, ERROR, SKIPPED):
            if not run.is_required(name, clause):
                reason = f"beyond the required level: {clause} {outcome.outcome}: {outcome.message}"
                raise pytest.xfail.Exception(reason, pytrace=False)
            pytest.fail(terminal_report.failure(run, name, clause, outcome, self.nodeid), pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        function = self.name.partition("[")[0]
        test = getattr(getattr(self.parent, "obj", None), function, None)
        return self.path, test.__code__.co_firstlineno - 1 if test else None, self.name


def items_of(collector: pytest.Collector, name: str, property_: Property) -> Iterator[PairItem]:
    """The items of one property: every clause of it on every implementation that is to be judged."""
    run = collector.config.stash[run_key]
    for clause in filter(run.is_expected, property_.clauses):
        for who in run.task.named:
            if clause.id in run.task.left_out.get(who, ()):
                continue
            yield PairItem.from_parent(collector, name=f"{name}[{item_id(who, clause.id)}]", pair=(who, clause.id))


def pair_of(item: pytest.Item) -> tuple[str, str] | None:
    """The (implementation, clause) of an item; None where it is no conformance test."""
    return item.pair if isinstance(item, PairItem) else None
