"""One run of the suite: what it was asked for, the implementations it judges, and what came of each clause."""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import reference
from impls import Absent, ArrayLibrary, Implementation, Unloadable, builtins_present, resolve, with_unique_names
from impls.backends import global_state_restored, library
from impls.builtin import BUILTINS
from impls.calling import described
from impls.isolation import NONE, PROCESS, Isolated, Isolation, Limits, load_isolated
from impls.submissions.aliases import Aliases
from impls.submissions.spec import Asked, Named, load_here
from tests.harness.drawing import profiles
from tests.harness.drawing.kept import Kept
from tests.harness.judging.diagnosis import Suspect
from tests.harness.judging.judge import ERROR, SKIPPED, Examples, Outcome, judge
from tests.harness.reports import resume as earlier
from tests.harness.reports import verdicts
from tests.harness.reports.verdicts import Verdict
from tests.harness.spec.clauses import CLAUSES, LARGE_SIZES, PROPERTIES, Clause
from tests.harness.spec.deviations import KnownDeviation

_PLAIN = "/ !#$&'()*+,-.:;<=>?@[]^_`{|}~"
_A_CLASS = 4
_KEPT_EXAMPLES = 100
"""From how many isolated implementations on, up to how many examples a clause, all examples are kept."""

_SHRINK_BUDGETS = 40, 300, 3000
"""How many tries a failure gets to become smaller: at least, at most, and for all implementations of a run together.

One beyond the required level gets none, and no diagnosis: it shows its smallest drawn input.
"""


@dataclass(frozen=True)
class Options:
    """What the command line asks for; level, arrays and device are None where it does not say."""

    specs: tuple[str, ...]
    arrays: str | None
    device: str | None
    level: str | None
    require_complete: bool
    profile: str
    seed: int
    isolation: str | None = None
    """Where implementations run (``impls.isolation.MODES``); None: files and folders in processes of their own."""
    call_seconds: float = Limits.call_seconds
    load_seconds: float = Limits.load_seconds
    total_seconds: float | None = None
    """Of all calls of one function; None: any number for a single file, ``Limits.total_seconds`` for others."""
    memory_mib: int | None = Limits.memory_mib
    aliases: Aliases = field(default_factory=Aliases)
    selected: str = ""
    """What -k and -m select, as they were given."""
    large: int | None = None
    """The most elements an array of the large clauses may have; None where these are not asked for."""


def item_id(name: str, clause: str) -> str:
    """The id of the test item of that implementation and clause: plain ASCII, which pytest takes as it is."""
    return f"{clause}:{quote(name, safe=_PLAIN, errors='surrogateescape')}"


def pair_of_item(nodeid: str) -> tuple[str, str] | None:
    """The (implementation, clause) of ``...::test_name[id]``; None where that is no conformance test."""
    _, bracket, id = nodeid.partition("[")
    clause, colon, name = id[:-1].partition(":")
    return (unquote(name, errors="surrogateescape"), clause) if bracket and colon and clause in CLAUSES else None


class NothingToCheck(ValueError):
    """No implementation fits what was asked for."""


@dataclass
class Run:
    """The state of one run, the same in the process that reports and in every worker that judges."""

    options: Options
    deviations: Sequence[KnownDeviation] = ()
    suspects: Callable[[str], Iterable[Suspect]] = lambda function: ()
    """The known mistakes of a function, asked for when something has failed."""
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """What came of (implementation, clause), as it becomes known."""
    scheduled: set[tuple[str, str]] = field(default_factory=set)
    """The pairs that this run set out to judge, after any deselection."""
    lost: set[tuple[str, str]] = field(default_factory=set)
    """Those of them that never came to an outcome, though the run went on to its end."""
    not_loaded_again: dict[str, str] = field(default_factory=dict)
    """Implementations that loaded here and not in a worker, with the reason."""
    unfinished: set[str] = field(default_factory=set)
    """Implementations that this run set out to judge and did not judge to the end."""
    closed: bool = False
    """Nothing more will be judged."""
    stopped: bool = False
    """The run was told to stop before its end."""
    started: float = field(default_factory=time.perf_counter)
    cache: Path | None = None
    """A folder of this machine where the plans of this run may be kept."""
    resumed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The rows of implementations that an earlier run has judged, by name."""

    @cached_property
    def _resolved(self) -> tuple[list[Implementation], list[Unloadable], list[Absent]]:
        options = self.options
        if options.specs:
            resolved = (
                resolve(spec, reference.FUNCTIONS, options.arrays, options.device, self._load, options.aliases)
                for spec in options.specs
            )
            found = with_unique_names(one for several in resolved for one in several)
            return _loaded(found), _unloadable(found), []
        found, absent = builtins_present(reference.FUNCTIONS, self._load)
        fits, missing = list(filter(self._is_asked_for, found)), list(filter(self._is_asked_for, absent))
        named = " on ".join(filter(None, (options.arrays, options.device)))
        pair_is_named = options.arrays and options.device
        if named and (not fits or (missing and pair_is_named)):
            probed = "; ".join(f"{one.name}: {one.reason}" for one in missing) or "no built-in takes them"
            raise NothingToCheck(f"asked for {named}, which is not there ({probed})")
        return _loaded(fits), _unloadable(fits), absent

    @cached_property
    def isolation(self) -> Isolation:
        """Where the workers of this run come from."""
        options = self.options
        single = len(options.specs) == 1 and os.path.isfile(options.specs[0])
        total = options.total_seconds or (None if single else Limits.total_seconds)
        limits = Limits(options.call_seconds, options.load_seconds, total, options.memory_mib)
        if options.large:
            limits = limits.for_arrays_of(options.large)
        return Isolation(options.isolation or PROCESS, limits)

    def _load(self, found: Named, names: Sequence[str], asked: Asked) -> Implementation | Unloadable:
        """Load in this process what is trusted with it: built-ins and modules, unless the command says otherwise.

        A built-in that may lose its device with one wrong call is not: the process, and the others, would lose it too.
        """
        fragile = found.is_builtin and BUILTINS[found.spec].may_lose_its_device
        mode = self.options.isolation or (NONE if found.path is None and not fragile else PROCESS)
        if mode != NONE:
            return load_isolated(self.isolation, found, names, asked)
        with global_state_restored():  # in a process of its own, what a file sets holds for its calls
            return load_here(found, names, asked)

    def _is_asked_for(self, builtin: Implementation | Unloadable | Absent) -> bool:
        arrays, device = self.options.arrays, self.options.device
        return arrays in (None, builtin.arrays) and device in (None, builtin.device)

    def end_workers(self) -> None:
        """End the processes of isolated implementations; none is left behind."""
        if "isolation" in self.__dict__:
            self.isolation.close()

    def resolve(self) -> None:
        """Find and load what is to be judged now. Raises ValueError where a name resolves to nothing."""
        if self._resolved and self.one_after_the_other:
            self.isolation.rest()

    @property
    def implementations(self) -> list[Implementation]:
        """Those to be judged, in the order they are named."""
        return self._resolved[0]

    @property
    def unloadable(self) -> list[Unloadable]:
        """Those that were named and could not be loaded."""
        return self._resolved[1]

    @property
    def absent(self) -> list[Absent]:
        """The built-ins whose library or device is not there and which nobody named."""
        return self._resolved[2]

    @cached_property
    def examples(self) -> Examples:
        largest = self.options.large or LARGE_SIZES[0]
        return Examples(self.options.seed, largest, keep=self.one_after_the_other, kept=self._kept)

    @cached_property
    def _kept(self) -> Kept:
        """What planning has computed on this machine before, where no submission can read or write it."""
        options = self.options
        safe = all(map(self._leaves_files_alone, self.implementations))
        if self.cache is None or options.large is not None or not safe:
            return Kept(None)
        return Kept.under(self.cache, earlier.hash_of_the_suite(), options.profile, options.seed)

    def _leaves_files_alone(self, implementation: Implementation) -> bool:
        """Whether its code is trusted with this machine's files, or cannot reach those of this run."""
        if isinstance(implementation.caller, Isolated):
            return implementation.caller.isolation.closes_files
        return not Path(implementation.spec).exists()

    @cached_property
    def one_after_the_other(self) -> bool:
        """Whether the implementations are judged one after the other, and not clause by clause.

        Then each has its verdict long before the run ends, and every example is kept until then.
        """
        few = profiles.EXAMPLES[self.options.profile] <= _KEPT_EXAMPLES and self.options.large is None
        return few and sum(isinstance(one.caller, Isolated) for one in self.implementations) >= _A_CLASS

    @cached_property
    def _by_name(self) -> dict[str, Implementation]:
        return {one.name: one for one in self.implementations}

    def required_level(self, implementation: Implementation | Unloadable | Absent) -> str:
        """The level asked for on the command line, else the implementation's own."""
        return self.options.level or implementation.default_level

    def is_required(self, implementation: str, clause: str) -> bool:
        """Whether a failure of that clause fails that implementation."""
        return self.required_level(self._by_name[implementation]) == "robust" or CLAUSES[clause].level == "textbook"

    def is_expected(self, clause: Clause) -> bool:
        """Whether this run is to judge the clause, unless it is deselected: the large ones only where asked for."""
        return self.options.large is not None or not clause.large

    @cached_property
    def _shrink_budget(self) -> int:
        least, most, together = _SHRINK_BUDGETS
        return max(least, min(most, together // max(1, len(self.implementations))))

    def judge(self, implementation: str, clause: str) -> Outcome:
        """Judge one pair now; a function that the implementation does not have is skipped."""
        judged = self._by_name[implementation]
        if CLAUSES[clause].function not in judged.functions:
            return Outcome(
                SKIPPED,
                message=f"not implemented: {implementation} has no {CLAUSES[clause].function}",
                unimplemented=True,
            )
        required = self.is_required(implementation, clause)
        budget, suspects = (self._shrink_budget, self.suspects) if required else (0, None)
        deviations = [known for known in self.deviations if known.applies_to(clause, judged)]
        return judge(PROPERTIES[clause], CLAUSES[clause], judged, self.examples, deviations, budget, suspects)

    def close(self) -> None:
        """Settle what was scheduled and has no outcome: the run was stopped before it, or its process died."""
        self.closed = True
        self.unfinished = {name for name, _ in self.scheduled - self.outcomes.keys()}
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
        if row := self.resumed.get(implementation.name):
            return earlier.verdict(row)
        outcomes = self._settled(implementation.name)
        functions = {
            name: verdicts.of_function(
                clauses, outcomes, absent=name not in implementation.functions, is_expected=self.is_expected
            )
            for name, clauses in self._clauses.items()
        }
        level, complete = self.required_level(implementation), self.options.require_complete
        must_complete = not self.stopped and bool(self._scheduled_of(implementation.name))
        verdict = verdicts.of_implementation(functions, level, complete, must_complete)
        if reason := self.not_loaded_again.get(implementation.name):
            verdict = replace(verdict, verdict=verdicts.ERROR, reason=f"it loads only once: {reason}")
        return verdict

    def _settled(self, name: str) -> dict[str, Outcome]:
        """What came of the clauses of an implementation, with impure calls charged where they belong."""
        found = {id: self.outcomes[name, id] for id in CLAUSES if (name, id) in self.outcomes}
        return verdicts.charged(found, lambda clause: self.is_required(name, clause.id))

    def needs(self, clause: str) -> bool:
        """Whether it is a failure that the function of that clause is not implemented."""
        return self.options.require_complete and CLAUSES[clause].function not in verdicts.OPTIONAL

    def credit(self, verdict: Verdict, level: str, only_written: bool = False) -> tuple[int, int]:
        """How many clauses of that level are passed in all functions, or all that are written; how many there are."""
        credits = [
            one.credit(level, self.is_expected)
            for one in verdict.functions.values()
            if not only_written or one.levels[level] != verdicts.NOT_IMPLEMENTED
        ]
        return sum(passed for passed, _ in credits), sum(count for _, count in credits)

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
                if one.reason and one.levels[level] == verdicts.ERROR
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

    def environment(self) -> dict[str, object]:
        """The versions and devices of this run."""
        versions = {name: metadata.version(name) for name in ("numpy", "hypothesis", "pytest")}
        for implementation in self.implementations:
            versions |= implementation.versions
        devices = {f"{one.arrays} on {one.device}": "present" for one in self.implementations}
        devices |= {f"{one.arrays} on {one.device}": one.reason for one in self.absent}
        facts = {f"{one.arrays} on {one.device}": _facts(one) for one in self._accelerators()}
        return {
            "python": platform.python_version(),
            "platform": sys.platform,
            **versions,
            "devices": devices,
            "accelerators": facts,
        }

    def _accelerators(self) -> Iterator[ArrayLibrary]:
        """The arrays of this run that lie elsewhere than on the CPU."""
        for arrays, device in sorted({(one.arrays, one.device) for one in self.implementations}):
            if device != "cpu":
                yield library(arrays, device)


def _facts(arrays: ArrayLibrary) -> dict[str, str]:
    """What the library says of the device; a report is not to fail where it can say nothing."""
    try:
        return arrays.facts()
    except Exception as error:
        return {"unknown": described(error)}


def _loaded(found: Sequence[Implementation | Unloadable]) -> list[Implementation]:
    return [one for one in found if isinstance(one, Implementation)]


def _unloadable(found: Sequence[Implementation | Unloadable]) -> list[Unloadable]:
    return [one for one in found if isinstance(one, Unloadable)]
