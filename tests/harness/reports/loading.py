"""What a run names, found and loaded: in go its options, out come implementations, and why others are none."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import reference
from impls import Absent, Implementation, Unloadable, builtins_present, with_unique_names
from impls.backends import global_state_restored
from impls.builtin import BUILTINS
from impls.isolation import NONE, PROCESS, Isolation, Limits, load_isolated
from impls.submissions.spec import Asked, Named, asked_of, load_here, named_by
from tests.harness.reports.options import Options


class NothingToCheck(ValueError):
    """No implementation fits what was asked for."""


@dataclass(frozen=True)
class Found:
    """What was named, as it loaded. absent: the built-ins whose library or device is not there and nobody named."""

    implementations: list[Implementation]
    unloadable: list[Unloadable]
    absent: list[Absent]


@dataclass
class Loading:
    """Finds and loads what the options name."""

    options: Options

    @property
    def functions(self) -> tuple[str, ...]:
        """What is asked for: the functions of the assignment, or all of the interface."""
        return tuple(self.options.assignment.functions) if self.options.assignment else reference.FUNCTIONS

    @property
    def asked(self) -> Asked:
        """The arrays and the device that are asked for."""
        return Asked.by(self.options.arrays, self.options.device, self.options.assignment)

    @cached_property
    def named(self) -> list[Named]:
        """What the specs name, loaded or not; without specs the built-ins. Raises ValueError where one is wrong."""
        named = with_unique_names(one for spec in self.options.specs for one in named_by(spec, self.asked))
        return list(map(self._with_the_assignment, named))

    @cached_property
    def isolation(self) -> Isolation:
        """Where the workers of the run come from."""
        options = self.options
        single = len(options.specs) == 1 and os.path.isfile(options.specs[0])
        total = options.total_seconds or (None if single else Limits.total_seconds)
        limits = Limits(options.call_seconds, options.load_seconds, total, options.memory_mib)
        if options.large:
            limits = limits.for_arrays_of(options.large)
        return Isolation(options.isolation or PROCESS, limits)

    def end_workers(self) -> None:
        """End the processes of isolated implementations; none is left behind."""
        if "isolation" in self.__dict__:
            self.isolation.close()

    def found(self, watch: Callable[[Sequence[Named]], Iterable[Named]]) -> Found:
        """All that is named, loaded. Raises NothingToCheck, and ValueError where a name resolves to nothing.

        watch: goes through what is to be loaded.
        """
        if self.options.specs:
            loaded = [self._load(one, self.functions, self.asked) for one in watch(self.named)]
            return _found(loaded, [])
        loaded, absent = builtins_present(reference.FUNCTIONS, self._load)
        self.named = [Named(one.name, one.spec) for one in loaded]
        fits, missing = list(filter(self._is_asked_for, loaded)), list(filter(self._is_asked_for, absent))
        named = " on ".join(filter(None, (self.options.arrays, self.options.device)))
        pair_is_named = self.options.arrays and self.options.device
        if named and (not fits or (missing and pair_is_named)):
            probed = "; ".join(f"{one.name}: {one.reason}" for one in missing) or "no built-in takes them"
            raise NothingToCheck(f"asked for {named}, which is not there ({probed})")
        return _found(fits, absent)

    def again(self, named: Named) -> Implementation | Unloadable:
        """One that another process has found, loaded in this one."""
        return self._load(self._with_the_assignment(named), self.functions, self.asked)

    def _with_the_assignment(self, named: Named) -> Named:
        options = self.options
        return asked_of(named, self.functions, options.assignment, options.load_seconds, options.task)

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


def _found(loaded: Sequence[Implementation | Unloadable], absent: list[Absent]) -> Found:
    return Found(
        [one for one in loaded if isinstance(one, Implementation)],
        [one for one in loaded if isinstance(one, Unloadable)],
        absent,
    )
