"""What the suite checks: an implementation, or the reason why there is none."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from impls.backends import BACKENDS
from impls.calling import Caller, Renamed
from impls.declared import INTEGERS, Network, Terms
from impls.text import one_line


@dataclass(frozen=True, eq=False)
class Implementation:
    """Functions that can be called, and what has to be known to call and to judge them.

    functions: the names of the interface that are there. caller: how they are called. arrays (a name in
    ``impls.backends``) and device: what they take and return; offers and integers: the floating and the integer dtypes
    that its arrays can have.
    default_level ("textbook", "robust"): the level required when nobody names one. ulp: per dtype name, the accuracy in
    ulp that the error bounds assume of exp, log, log1p and tanh; flushes_to_zero: the dtypes in which subnormal
    numbers become 0 on the way. versions: the libraries at work. sha256: of all that belongs to a submission, as it
    was read; None for others.
    """

    name: str
    spec: str
    functions: Collection[str]
    caller: Caller
    arrays: str
    device: str
    default_level: str
    ulp: Mapping[str, float]
    flushes_to_zero: Collection[str]
    versions: Mapping[str, str]
    offers: tuple[str, ...]
    integers: tuple[str, ...] = INTEGERS
    isolation: str = "none"
    """Where it runs and what the kernel keeps it from, in words."""
    remarks: tuple[str, ...] = ()
    """What a person has to know who signs the verdict; no part of it."""
    sha256: str | None = None
    says: "Says" = field(default_factory=lambda: Says())

    @property
    def not_judged(self) -> Mapping[str, str]:
        """Functions that cannot be judged, with the reason."""
        return self.says.not_judged

    @property
    def not_looked_at(self) -> tuple[str, ...]:
        """The functions and classes in a file that nothing was made of, with what they may be meant for."""
        return self.says.not_looked_at

    @property
    def terms(self) -> Terms:
        """What is declared of it that changes the judging."""
        return self.says.terms

    @property
    def declared(self) -> Mapping[str, str]:
        """What is declared of it, in words."""
        return self.says.declared

    def for_each(self, function: str) -> Iterator["Implementation"]:
        """This, once for each method of a submission that stands for ``function`` of the interface."""
        yield self
        says = self.says
        for further in says.several.get(function, ()):
            called = {**says.called, function: says.called.get(further, function)}
            order = {**says.order, function: says.order.get(further, ())}
            caller = Renamed(self.caller, {function: further})
            yield replace(self, caller=caller, says=replace(says, called=called, order=order))


@dataclass(frozen=True)
class Says:
    """What is to be said of an implementation beside its functions; of a built-in or a module mostly nothing.

    not_judged: by function, why it cannot be. fails: by function, what is wrong without a call. absent: what is said of
    one that is not there. names: in the submission's own words. called: how a function of its own is called, as
    ``Model().loss``; order: the places of the interface's arguments in such a call, where they differ. several:
    further functions of the caller that stand for the same function of the interface; all are judged, and the worst
    counts. terms: what is declared that changes the judging. flushing: the dtypes in which its array library has made a
    subnormal number 0. network: the architecture of `network`.
    not_looked_at, of the ``holds`` functions and classes of a file.
    """

    not_judged: Mapping[str, str] = field(default_factory=dict)
    fails: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    flushing: tuple[str, ...] = ()
    network: Network | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of libraries, as the implementation declares them."""
    not_looked_at: tuple[str, ...] = ()
    holds: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain data, from which ``said`` makes the same again."""
        data = dict(vars(self)) | {"terms": dict(vars(self.terms))}
        if self.network:
            data["network"] = [list(self.network.activations), self.network.loss, self.network.dtype]
        return data


def said(data: Mapping[str, Any]) -> Says:
    """What a process says of what it has loaded: foreign text, which becomes lines of plain text.

    Raises KeyError, TypeError, ValueError or AttributeError where it is nothing of the kind.
    """

    def lines(value: Mapping[Any, Any]) -> dict[str, str]:
        return {one_line(str(key), 100): one_line(str(text), 600) for key, text in value.items()}

    network = data["network"]
    texts = ("not_judged", "fails", "absent", "names", "called", "declared", "versions")
    return Says(
        **{word: lines(data[word]) for word in texts},
        order={str(name): tuple(map(int, order)) for name, order in data["order"].items()},
        several={str(name): tuple(map(str, further)) for name, further in data["several"].items()},
        terms=Terms.of_plain(data["terms"]),
        flushing=tuple(map(str, data["flushing"])),
        network=Network(tuple(map(str, network[0])), network[1] and str(network[1]), str(network[2]))
        if network
        else None,
        not_looked_at=tuple(one_line(str(one), 100) for one in data["not_looked_at"][:1000]),
        holds=int(data["holds"]),
    )


def arithmetic_of(arrays: str, says: Says) -> dict[str, Any]:
    """What of an Implementation follows from its array library and from what is declared: its dtypes, and flushing.

    Raises ValueError for declared dtypes that such arrays cannot have.
    """
    backend = BACKENDS[arrays]
    floats, integers = says.terms.dtypes_of(backend.floats)
    flushing = floats if says.terms.flushes_to_zero else {*backend.flushes, *says.flushing}
    return {"offers": floats, "integers": integers, "flushes_to_zero": [one for one in floats if one in flushing]}


@dataclass(frozen=True)
class Unloadable:
    """A spec that names something which is there and cannot be loaded: an error row in every report.

    reason: what it raised or why it was refused, in one line of at most 600 characters.
    """

    name: str
    spec: str
    reason: str
    arrays: str
    device: str
    default_level: str = "textbook"
    isolation: str = "none"
    remarks: tuple[str, ...] = ()
    sha256: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", one_line(self.reason, 600))


@dataclass(frozen=True)
class Absent:
    """A built-in that cannot run here; ``reason`` says what was probed and the result."""

    name: str
    spec: str
    arrays: str
    device: str
    default_level: str
    reason: str
