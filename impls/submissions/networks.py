"""The network of an implementation: which class or function it is, and by which architecture it is judged.

In: the classes of torch modules (or the functions called network), and all that is declared. Out: the functions, the
architecture, and where there is none the reason.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from impls import declared
from impls.adapters import torch_modules as modules
from impls.declared import Contradiction, Loss, Network, Terms, Undeclared
from impls.implementation import Says
from impls.stubs import is_unwritten

FUNCTIONS = ("network", "network_gradients")


@dataclass
class Offer:
    """The result of looking for a network.

    unwritten: the classes, where all of them are still to be written. fails: what is wrong without a call. loss: of the
    file, in words.
    """

    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    network: Network | None = None
    not_judged: dict[str, str] = field(default_factory=dict)
    unwritten: list[str] = field(default_factory=list)
    fails: dict[str, str] = field(default_factory=dict)
    name: str | None = None
    loss: str | None = None


def offer(
    kinds: Sequence[type],
    named: Sequence[str],
    written: Sequence[str],
    sources: Sequence[tuple[str, Mapping[str, Any]]],
    file: Mapping[str, Any],
    losses: Sequence[Loss],
    make: Callable[[Loss], Any],
) -> Offer:
    """The network, from a class of torch modules, or for functions that are there already.

    kinds: the submission's own classes; named: those that the assignment names. written: the functions of FUNCTIONS
    that are there. sources, file: as for ``declared.network``; losses: of torch, in the file; make: an object of one.
    """
    found = Offer()
    torch_kinds = [kind for kind in kinds if modules.is_module_class(kind)]
    if not written and not torch_kinds:
        return found
    maker = None if written else _the_class(torch_kinds, named, found)
    if not written and maker is None:
        return found
    offered = written or FUNCTIONS
    why: str | None
    try:
        loss, why = declared.the_loss(losses), None
    except Undeclared as unclear:
        loss, why = None, str(unclear)
    try:
        network = declared.network(sources, file, loss)
    except Contradiction as wrong:
        found.fails |= dict.fromkeys(offered, str(wrong))
        network = Network(("relu", "identity"), None)
    except Undeclared as unclear:
        found.not_judged |= dict.fromkeys(offered, why or str(unclear))
        return found
    if loss is not None and found.name and network.loss:
        found.loss = f"{network.loss}, {ast.unparse(loss.call)}"
    found.network = Network(network.activations, network.loss, maker.dtype if maker else network.dtype)
    if network.loss is None and "network_gradients" in offered and not found.fails:
        found.not_judged["network_gradients"] = "say which LOSS the gradients are of"
    if maker is None:
        return found
    if len(network.activations) != 2:
        found.not_judged |= dict.fromkeys(offered, "a class of torch modules is judged as a network of two layers")
        return found
    found.functions |= maker.functions(_loss(network.loss, loss, make, found))
    return found


def _the_class(kinds: Sequence[type], named: Sequence[str], found: Offer) -> modules.TwoLayers | None:
    """The class that is meant: named by the assignment, or by the lecture, or the only one that fits."""
    by_name = [kind for name in named for kind in kinds if kind.__name__ == name]
    chosen = by_name[:1] or [kind for kind in kinds if kind.__name__ == modules.NAME] or list(kinds)
    makers, unsuited = [], []
    if not (begun := [kind for kind in chosen if not is_unwritten(vars(kind).get("forward", kind))]):
        found.unwritten += [kind.__name__ for kind in chosen]
        return None
    for kind in begun:
        try:
            makers.append((kind, modules.TwoLayers(kind)))
        except modules.Unsuited as wrong:
            unsuited.append(str(wrong))
    if len(makers) == 1:
        found.name = makers[0][0].__name__
        return makers[0][1]
    several = ", ".join(kind.__name__ for kind, _ in makers)
    why = f"several networks of two layers ({several}): the assignment has to name one" if makers else unsuited[0]
    found.not_judged |= dict.fromkeys(FUNCTIONS, why)
    return None


def _loss(
    name: str | None, loss: Loss | None, make: Callable[[Loss], Any], found: Offer
) -> Callable[[Any, Any], Any] | None:
    """The student's own loss, where there is one, else the one that is declared."""
    if loss is None:
        return None if name is None else modules.loss_by_name(name)
    made = make(loss)
    if made is None:
        found.not_judged["network_gradients"] = "its loss cannot be made: an argument of it is not there"
        return None
    if options := modules.unusual_options(made):
        found.fails["network_gradients"] = f"its {loss.kind} has {options}, which makes another loss of it"
    return modules.loss_of_object(made)


def of_module(
    thing: Any,
    functions: dict[str, Any],
    home: Any,
    asked: Sequence[str],
    entry: Mapping[str, Any] | None = None,
    sources: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> Says:
    """What is declared of a module, a class or an object; the functions of its network are added or taken out.

    home: the module that a class or an object was found in. entry: what a built-in's entry declares, in the place of
    the module. sources: as for ``declared.network``. Raises ValueError for a declaration that cannot be.
    """
    names = {word: getattr(thing, word, getattr(home, word, None)) for word in declared.WORDS}
    members = vars(thing).values() if isinstance(thing, ModuleType) else [thing]
    kinds = [
        one
        for one in members
        if modules.is_module_class(one)
        and (one is thing or (one.__module__ == thing.__name__ and not one.__name__.startswith("_")))
    ]
    said = declared.in_namespace(names | dict(entry or {}))
    written = [one for one in FUNCTIONS if one in functions]
    found = offer(kinds, [], written, sources, said, [], lambda loss: None)
    for _, elsewhere in reversed(sources):
        said |= elsewhere
    functions |= {name: call for name, call in found.functions.items() if name in asked}
    not_judged = {name: why for name, why in found.not_judged.items() if name in asked}
    for name in not_judged:
        functions.pop(name, None)
    terms = Terms.of(said, functions)
    return Says(not_judged=not_judged, network=found.network, declared=declared.in_words(said), terms=terms)
