"""One run of the suite: what it was asked for, the implementations it judges, and what came of each clause."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import reference
from impls import Absent, Implementation, Unloadable
from impls.isolation import Isolated
from impls.submissions.assignment import SHARE
from impls.submissions.spec import Named
from tests.harness.drawing import profiles
from tests.harness.drawing.drawing_and_shrinking import SHRINK_BUDGET
from tests.harness.drawing.plans_on_disk import Kept
from tests.harness.judging import planning_ahead
from tests.harness.judging.expected import why_not_expected
from tests.harness.judging.judge import Judgement
from tests.harness.judging.kind import Kind
from tests.harness.judging.outcome import ERROR, FAILED, KNOWN_DEVIATION, PASSED, SKIPPED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.reports import points, verdicts
from tests.harness.reports import resume as earlier
from tests.harness.reports.elsewhere import Elsewhere
from tests.harness.reports.handed import Handed
from tests.harness.reports.loading import Found, Loading
from tests.harness.reports.options import Options
from tests.harness.reports.rows_on_disk import Rows
from tests.harness.reports.task import Task
from tests.harness.reports.verdicts import Verdict
from tests.harness.spec.clauses import CLAUSES, LARGE_SIZES, PROPERTIES, TEXTBOOK, Clause
from tests.harness.spec.suite_hash import hash_of_the_suite

_A_CLASS = 4
_FROM_BEST_TO_WORST = (PASSED, KNOWN_DEVIATION, SKIPPED, FAILED, ERROR)
_KEPT_EXAMPLES = 100
"""From how many isolated implementations on, up to how many examples a clause, all examples are kept."""


@dataclass
class Run:
    """The state of one run, the same in the process that reports and in every worker that judges."""

    options: Options
    handed: Handed = field(default_factory=Handed)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """What came of (implementation, clause), as it becomes known."""
    scheduled: set[tuple[str, str]] = field(default_factory=set)
    """The pairs that this run set out to judge, after any deselection."""
    lost: set[tuple[str, str]] = field(default_factory=set)
    """Those of them that never came to an outcome, though the run went on to its end."""
    unfinished: set[str] = field(default_factory=set)
    """Implementations that this run set out to judge and did not judge to the end."""
    is_alone: bool = True
    """No other process of the same run judges on this machine."""
    closed: bool = False
    """Nothing more will be judged."""
    stopped: bool = False
    """The run was told to stop before its end."""
    started: float = field(default_factory=time.perf_counter)
    cache: Path | None = None
    """A folder of this machine where the plans of this run may be kept."""
    rows: Rows | None = None
    """Where the rows of the result are kept, those of an earlier run among them; None where no result is written."""
    resumed: frozenset[str] = frozenset()
    """The implementations that an earlier run has judged."""
    _ahead: dict[tuple[str, str], list[Judgement]] = field(default_factory=dict)
    """What judges the pair that is judged next, where it is prepared already."""
    watch: Callable[[Sequence[Named]], Iterable[Named]] = iter
    """Goes through what is to be loaded, and may tell how far it is."""
    elsewhere: Elsewhere | None = None
    """What a cluster judges; then nothing is loaded here."""

    @cached_property
    def loading(self) -> Loading:
        """How what is asked for is found and loaded."""
        return Loading(self.options)

    @cached_property
    def _found(self) -> Found:
        return Found([], [], []) if self.elsewhere else self.loading.found(self.watch)

    @property
    def functions(self) -> tuple[str, ...]:
        """What is asked for: the functions of the assignment, or all of the interface."""
        return self.loading.functions

    @cached_property
    def task(self) -> Task:
        """What is to be judged, by whichever process: what loaded here, without what an earlier run has judged."""
        loaded = {one.name for one in self.implementations}
        named = {one.name: one for one in self.loading.named if one.name in loaded - self.resumed}
        keeps_plans = all(map(self._leaves_files_alone, self.implementations))
        clauses = list(filter(self.is_expected, CLAUSES.values()))
        left_out = {
            name: [clause.id for clause in clauses if not self._is_to_be_judged(self._by_name[name], clause)]
            for name in named
        }
        return Task(named, len(loaded), self._is_a_class, keeps_plans, left_out)

    def implementation(self, name: str) -> Implementation:
        """The one of that name among those to be judged."""
        return self._by_name[name]

    def resolve(self) -> None:
        """Find and load what is to be judged now. Raises ValueError where a name resolves to nothing."""
        if self._found and self._is_a_class:
            self.loading.isolation.rest()

    @property
    def implementations(self) -> list[Implementation]:
        """Those to be judged, in the order they are named."""
        return self._found.implementations

    @property
    def unloadable(self) -> list[Unloadable]:
        """Those that were named and could not be loaded."""
        return self._found.unloadable

    @property
    def absent(self) -> list[Absent]:
        """The built-ins whose library or device is not there and which nobody named."""
        return self._found.absent

    @cached_property
    def examples(self) -> Examples:
        largest = self.options.large or LARGE_SIZES[0]
        return Examples(self.options.seed, largest, keep=self.task.one_after_the_other, kept=self._kept)

    @cached_property
    def _kept(self) -> Kept:
        """What planning has computed on this machine before, where no submission can read or write it."""
        options = self.options
        if self.cache is None or options.large is not None or not self.task.keeps_plans:
            return Kept(None)
        return Kept.under(self.cache, hash_of_the_suite(), options.profile, options.seed)

    def _leaves_files_alone(self, implementation: Implementation) -> bool:
        """Whether its code is trusted with this machine's files, or cannot reach those of this run."""
        if isinstance(implementation.caller, Isolated):
            return implementation.caller.isolation.closes_files
        return next((one.path is None for one in self.loading.named if one.name == implementation.name), False)

    @cached_property
    def _is_a_class(self) -> bool:
        """Whether the implementations are judged one after the other, and not clause by clause.

        Then each has its verdict long before the run ends, and every example is kept until then.
        """
        few = profiles.EXAMPLES[self.options.profile] <= _KEPT_EXAMPLES and self.options.large is None
        return few and sum(isinstance(one.caller, Isolated) for one in self.implementations) >= _A_CLASS

    @cached_property
    def _by_name(self) -> dict[str, Implementation]:
        return {one.name: one for one in self.implementations}

    def _to_judge(self, name: str) -> Implementation | Unloadable:
        """One of the task: as it was loaded, or loaded now where another process has found it."""
        if "_found" in self.__dict__:
            return self._by_name[name]
        if name not in self._loaded_here:
            self._loaded_here[name] = self.loading.again(self.task.named[name])
        return self._loaded_here[name]

    @cached_property
    def _loaded_here(self) -> dict[str, Implementation | Unloadable]:
        return {}

    def required_level(self, implementation: Implementation | Unloadable | Absent) -> str:
        """The level asked for on the command line, else the implementation's own."""
        return self.options.level or implementation.default_level

    def is_required(self, implementation: str, clause: str) -> bool:
        """Whether a failure of that clause fails that implementation."""
        return self.required_level(self._to_judge(implementation)) == "robust" or CLAUSES[clause].level == "textbook"

    def is_expected(self, clause: Clause) -> bool:
        """Whether this run is to judge the clause, unless it is deselected.

        The large ones only where asked for; under an assignment those of its functions; under a level those of it.
        """
        if self.options.assignment and clause.function not in self.options.assignment.functions:
            return False
        if self.options.level == TEXTBOOK and clause.level != TEXTBOOK:
            return False
        return self.options.large is not None or not clause.large

    def is_expected_of(self, implementation: Implementation | Unloadable, clause: Clause) -> bool:
        """The same for one of the implementations, which may declare that it has not what a clause asks for."""
        why_not = why_not_expected(clause, implementation) if isinstance(implementation, Implementation) else None
        return self.is_expected(clause) and why_not is None

    def _is_to_be_judged(self, implementation: Implementation, clause: Clause) -> bool:
        """Whether there is a test item for it: under an assignment one line says that a function is not there."""
        if clause.function in implementation.not_judged:
            return False
        there = clause.function in implementation.functions or self.options.assignment is None
        return there and self.is_expected_of(implementation, clause)

    def judge(
        self, implementation: str, clause: str, following: tuple[str, str] | None = None, ends: bool = True
    ) -> Outcome:
        """Judge one pair now; a function that the implementation does not have is skipped.

        ends: it is the last one of its function and implementation. following: the pair that is judged next. Where that
        runs in another process, its plans are made while the process still computes for this pair, and the process
        computes on while this one compares.
        """
        pair = (implementation, clause)
        judgements = self._ahead.pop(pair, None) or self._judgements(*pair)
        if isinstance(judgements, Outcome):
            return judgements
        for one in judgements:
            one.prepare()  # before the examples of the pair that follows take the place of this one's
        ahead = self._prepared(*following) if following else None
        if ahead and not ends and len(judgements) == 1 and judgements[0].is_asked_at_once:
            judgements[0].begin()
            ahead.begin()
        outcomes = [one.outcome(ends) for one in judgements[:-1]]
        outcomes.append(judgements[-1].outcome(ends, ahead.begin if ahead else lambda: None))
        return max(outcomes, key=lambda outcome: _FROM_BEST_TO_WORST.index(outcome.outcome))

    def _prepared(self, implementation: str, clause: str) -> Judgement | None:
        """The judgement of that pair, prepared, where another process can begin with it."""
        judged = self._to_judge(implementation)
        if isinstance(judged, Unloadable) or not isinstance(judged.caller, Isolated):
            return None
        try:
            judgements = self._judgements(implementation, clause)
            if isinstance(judgements, Outcome) or len(judgements) != 1:
                return None
            judgements[0].prepare()
        except Exception:  # of the suite itself: it is raised again when that pair is judged
            return None
        self._ahead = {(implementation, clause): judgements}
        return judgements[0]

    def _judgements(self, implementation: str, clause: str) -> list[Judgement] | Outcome:
        """What judges that pair, or the outcome where nothing is called for it."""
        judged = self._to_judge(implementation)
        if isinstance(judged, Unloadable):
            return Outcome(ERROR, message=f"it loads only now and then: {judged.reason}")
        if CLAUSES[clause].function not in judged.functions:
            return Outcome(
                SKIPPED,
                message=f"not implemented: {implementation} has no {CLAUSES[clause].function}",
                unimplemented=True,
            )
        if wrong := judged.says.fails.get(CLAUSES[clause].function):
            return Outcome(FAILED, message=wrong)
        required = self.is_required(implementation, clause)  # else it shows its smallest drawn input, and no diagnosis
        budget, suspects = (SHRINK_BUDGET, self.handed.suspects) if required else (0, None)
        deviations = [known for known in self.handed.deviations if known.applies_to(clause, judged)]
        inputs = self.handed.inputs
        return [
            Judgement(PROPERTIES[clause], CLAUSES[clause], one, self.examples, deviations, budget, suspects, inputs)
            for one in judged.for_each(CLAUSES[clause].function)
        ]

    def planning_ahead(self, pairs: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        """While the context lasts, another process makes plans for the last of the pairs, which this one then reads."""
        if not self.is_alone or not pairs or not all(map(_leaves_threads_alone, self.implementations)):
            return nullcontext()
        kinds = {one.name: Kind.of(one) for one in self.implementations}
        wanted = {(clause, kinds[name]): None for name, clause in pairs}
        return planning_ahead.planning(self.examples, [(PROPERTIES[id], CLAUSES[id], kind) for id, kind in wanted])

    def close(self) -> None:
        """Settle what was scheduled and has no outcome: the run was stopped before it, or its process died."""
        self.closed = True
        self.unfinished |= {name for name, _ in self.scheduled - self.outcomes.keys()}
        for pair in self.scheduled - self.outcomes.keys():
            if self.stopped:
                self.outcomes[pair] = Outcome(SKIPPED, message="not run: the run was stopped before it")
            else:
                self.lost.add(pair)
                self.outcomes[pair] = Outcome(ERROR, message="lost: the process that judged it died")

    def verdicts(self) -> Iterator[tuple[Implementation, Verdict]]:
        """The verdict on every implementation that was loaded."""
        for implementation in self.implementations:
            yield implementation, self.verdict(implementation)

    def verdict(self, implementation: Implementation) -> Verdict:
        """The verdict on one of them, from the outcomes so far."""
        if self.rows is not None and implementation.name in self.resumed:
            return earlier.verdict(self.rows[implementation.name])
        outcomes = self._settled(implementation.name)
        functions = {
            name: verdicts.of_function(
                clauses,
                outcomes,
                absent=name not in implementation.functions,
                is_expected=partial(self.is_expected_of, implementation),
                why_not=lambda clause: why_not_expected(clause, implementation),
                not_judged=implementation.not_judged.get(name),
                said=implementation.says.absent.get(name),
            )
            for name, clauses in self._clauses.items()
            if name in self.functions
        }
        level, complete = self.required_level(implementation), self.options.require_complete
        must_complete = not self.stopped and bool(self._scheduled_of(implementation.name))
        asked = self.functions if self.options.assignment else ()
        return verdicts.of_implementation(functions, level, complete, must_complete, asked)

    def _settled(self, name: str) -> dict[str, Outcome]:
        """What came of the clauses of an implementation, with impure calls charged where they belong."""
        found = {id: self.outcomes[name, id] for id in CLAUSES if (name, id) in self.outcomes}
        return verdicts.charged(found, lambda clause: self.is_required(name, clause.id))

    def needs(self, clause: str) -> bool:
        """Whether it is a failure that the function of that clause is not implemented."""
        return self.options.require_complete and CLAUSES[clause].function not in verdicts.OPTIONAL

    def credit(
        self, implementation: Implementation, verdict: Verdict, level: str, only_written: bool = False
    ) -> tuple[int, int]:
        """How many clauses of that level are passed in all functions, or all that are written; how many there are."""
        credits = [
            one.credit(level, partial(self.is_expected_of, implementation))
            for one in verdict.functions.values()
            if not only_written or one.levels[level] != verdicts.NOT_IMPLEMENTED
        ]
        return sum(passed for passed, _ in credits), sum(count for _, count in credits)

    def points(self, implementation: Implementation | Unloadable, verdict: Verdict) -> dict[str, float | None] | None:
        """What each function has earned, None for one that could not be judged; None where there are no points."""
        assignment = self.options.assignment
        if assignment is None or not any(one.points for one in assignment.functions.values()):
            return None
        level = self.required_level(implementation)
        return {
            name: points.earned(
                verdict.functions[name],
                level,
                assignment.points(name, implementation.name),
                assignment.scoring == SHARE,
                partial(self.is_expected_of, implementation),
            )
            for name in assignment.functions
        }

    @cached_property
    def _clauses(self) -> dict[str, list[Clause]]:
        return {name: [one for one in CLAUSES.values() if one.function == name] for name in reference.FUNCTIONS}

    def _scheduled_of(self, name: str) -> set[str]:
        """The clauses that this run set out to judge that implementation on."""
        return {id for id in CLAUSES if (name, id) in self.scheduled}

    def is_complete(self, name: str) -> bool:
        """Whether all that was to be judged of that implementation is judged, now or in an earlier run."""
        if name in self.resumed:
            return True
        judged = {id for id in self._scheduled_of(name) if (name, id) in self.outcomes}
        return bool(judged) and judged == self._scheduled_of(name) and name not in self.unfinished

    def failures_without_item(self) -> Iterator[tuple[str, str]]:
        """Names and reasons of what failed otherwise than in the test item of one clause."""
        for unloadable in self.unloadable:
            yield unloadable.name, unloadable.reason
        for implementation, verdict in self.verdicts():
            if implementation.name in self.resumed:
                if verdict.verdict in (verdicts.ERROR, verdicts.FAILS):
                    yield implementation.name, f"{verdict.verdict}, as an earlier run has found (see its JSON)"
                continue
            level = self.required_level(implementation)
            partly = [
                f"{name}: {one.reason}"
                for name, one in verdict.functions.items()
                if one.reason and one.levels[level] == verdicts.ERROR and name not in implementation.says.fails
            ]
            partly += [
                f"{id}: {outcome.message}"
                for id, outcome in self._settled(implementation.name).items()
                if outcome.outcome != self.outcomes[implementation.name, id].outcome
            ]
            lost = sorted(id for who, id in self.lost if who == implementation.name)
            partly += [f"lost with the process that judged them: {', '.join(lost)}"] if lost else []
            if reason := verdict.reason or "; ".join(partly):
                yield implementation.name, reason


def _leaves_threads_alone(implementation: Implementation) -> bool:
    """Whether no threads but those of NumPy compute for it in this process."""
    return isinstance(implementation.caller, Isolated) or implementation.arrays == "numpy"
