"""How well the diagnosis names mistakes that it was not written for: the disguises, and the mistakes without a name.

    python -m tests.selftest.named [FUNCTION ...]

Prints the disguises of which another mistake or none is named first, the names that are given where none is right, and
both shares. A disguise counts as named where its first clause with a diagnosis says an accepted phrase; a name on
another of its clauses that is not accepted is printed and counts as wrong.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import settings

from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import ERROR, FAILED
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, TEXTBOOK, Clause
from tests.mistakes import suspects
from tests.selftest.candidates import candidate
from tests.selftest.disguises import DISGUISES, NAMELESS, Disguise, Nameless, accepted


@dataclass
class Measured:
    """named: disguises of which an accepted phrase is said first. missed: the others that failed, with what was said.

    wrong: names that are not right, one line each. silent: mistakes without a name of which nothing is said.
    """

    named: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return len(self.named) / max(len(self.named) + len(self.missed), 1)


def measured(functions: Sequence[str] = ()) -> Measured:
    """The diagnosis of all disguises and mistakes without a name; functions: these alone, all if empty."""
    found, phrases, said = Measured(), accepted(), said_of_all(functions)
    for case, of_clauses in said:
        here = f"{case.function}: {case.name} ({case.mistake})"
        if isinstance(case, Nameless):
            found.wrong += [f"{here}, {id}: {phrase}" for id, phrase in of_clauses if phrase]
            if not any(phrase for _, phrase in of_clauses):
                found.silent.append(here)
            continue
        right = phrases.get((case.function, case.mistake), set())
        names = [phrase for _, phrase in of_clauses if phrase]
        (found.named if names and names[0] in right else found.missed).append(f"{here}: {names[:1] or 'nothing'}")
        found.wrong += [f"{here}, {id}: {phrase}" for id, phrase in of_clauses if phrase and phrase not in right]
    return found


def said_of_all(functions: Sequence[str] = ()) -> list[tuple[Disguise | Nameless, list[tuple[str, str | None]]]]:
    """What is said of each case on each clause that it fails; the clauses are in the order of their document.

    Judged clause by clause, since the examples of one clause alone are kept.
    """
    said: dict[int, list[tuple[str, str | None]]] = {}
    cases: list[Disguise | Nameless] = [*DISGUISES, *NAMELESS]
    wanted = [one for one in cases if not functions or one.function in functions]
    examples = Examples(0)
    for clause in _clauses():
        for case in (one for one in wanted if _is_asked(one, clause)):
            implementation = candidate(case.name, {case.function: case.wrong}, task=case.task)
            outcome = judge(PROPERTIES[clause.id], clause, implementation, examples, (), 0, suspects.of)
            if outcome.outcome in (FAILED, ERROR):
                said.setdefault(id(case), []).append((clause.id, next(iter(outcome.diagnosis), None)))
    order = list(CLAUSES)
    return [(case, sorted(said.get(id(case), []), key=lambda one: order.index(one[0]))) for case in wanted]


def _clauses() -> Iterator[Clause]:
    asked = {id for one in NAMELESS for id in one.clauses}
    clauses = [one for one in CLAUSES.values() if (one.level == TEXTBOOK or one.id in asked) and not one.large]
    yield from sorted(clauses, key=lambda one: PROPERTIES[one.id].name)


def _is_asked(case: Disguise | Nameless, clause: Clause) -> bool:
    if case.function != clause.function:
        return False
    if isinstance(case, Nameless) and case.clauses:
        return clause.id in case.clauses
    return clause.level == TEXTBOOK


def main(functions: Sequence[str]) -> int:
    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    found = measured(functions)
    print("\n".join([*found.missed, *(f"wrong name: {line}" for line in found.wrong)]))
    print(f"named first: {len(found.named)} of {len(found.named) + len(found.missed)} disguises, {found.share:.1%}")
    print(f"wrong names: {len(found.wrong)}; without a name and told none: {len(found.silent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
