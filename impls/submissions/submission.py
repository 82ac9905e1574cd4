"""One submission, from its file to functions: loaded, looked through, and put beside the course's adapter.

In: a path, and what is wanted of it. Out: functions that can be called, and all that has to be said of the rest.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from impls import declared
from impls.adapters.torch_modules import is_module_class
from impls.declared import Loss, Network
from impls.implementation import Says
from impls.stubs import gives_none_beside, gives_nothing
from impls.submissions import networks
from impls.submissions.assignment import Wanted
from impls.submissions.course_adapter import Loaded, mentions
from impls.submissions.dependencies import Reach
from impls.submissions.file import LoadError, contained, load, roots_of
from impls.submissions.finding_functions import Finder, OwnWork
from impls.submissions.needed_statements import Code, attributes_of, methods
from impls.submissions.running import LOAD_SECONDS, Ran, ends_within

_MOST_METHODS = 6
_SHORT, _LIKE_A_SHORT_NAME, _LIKE_A_LONG_NAME = 5, 0.75, 0.85
"""Up to how many letters a name is short, and how like another one a misspelt name is: a letter more or less."""
USUAL = {
    "sigmoid": "sigmoid sigm logistic sigmoid_function activation_sigmoid expit",
    "tanh": "tanh hyperbolic_tangent",
    "relu": "relu relu_forward rectifier",
    "softmax": "softmax softmax_function stable_softmax softmax_forward",
    "one_hot": "one_hot onehot one_hot_encode one_hot_encoding to_categorical",
    "binary_cross_entropy": "binary_cross_entropy bce bce_loss log_loss binary_loss cross_entropy_binary compute_cost "
    "compute_loss logistic_loss cost_function",
    "cross_entropy": "cross_entropy crossentropy categorical_cross_entropy ce_loss cross_entropy_loss multiclass_cost",
    "cross_entropy_with_logits": "cross_entropy_with_logits softmax_loss softmax_cross_entropy softmax_loss_naive "
    "softmax_loss_vectorized",
    "mean_squared_error": "mean_squared_error mse mse_loss half_mse l2_loss squared_error",
    "linear": "linear dense affine affine_forward linear_forward fully_connected",
    "neuron": "neuron perceptron",
    "logistic_regression": "logistic_regression",
    "mlp": "mlp forward_pass feedforward feed_forward forward_propagation",
    "gradient_descent_step": "gradient_descent_step update update_parameters update_params gd_step",
    "mlp_gradients": "mlp_gradients backprop backward_propagation backpropagation",
    "sgd_step": "sgd_step sgd sgd_momentum",
    "adagrad_step": "adagrad_step adagrad",
    "rmsprop_step": "rmsprop_step rmsprop",
    "adam_step": "adam_step adam",
    "adamax_step": "adamax_step adamax",
    "network": "network net forward model",
    "network_gradients": "network_gradients backward gradients",
    "fit": "fit train gradient_descent",
    "predict": "predict prediction classify",
}
"""What students call the functions of the interface."""
_MEANT = {name: function for function, names in USUAL.items() for name in names.split()}


@dataclass(frozen=True)
class Submission:
    """What there is to judge, and what is to be said. See ``Implementation``; arrays: the file's own, if it says so."""

    functions: Mapping[str, Callable[..., Any]]
    arrays: str | None
    device: str | None
    says: Says
    is_of_torch: bool = False
    """All that is judged of it are the functions of a class of torch modules."""


def loaded(
    path: Path, wanted: Wanted, source: bytes | Sequence[str] | None = None, seconds: float = LOAD_SECONDS
) -> Submission:
    """The submission at ``path``. Raises LoadError where nothing of it can be judged."""
    course = _Course(wanted)
    alone = wanted.is_homework
    ran = load(path, course.needs, source, lambda code: "ARRAYS" in code.bound and not alone, seconds, alone)
    roots = roots_of(Path(str(ran.module.__file__)), ran.code, alone)
    with contained(*roots, own=ran.module.__name__), ends_within(seconds / 2):
        return _Reading(ran, wanted, roots).submission()


class _Course:
    """What of a submission is needed to judge it for this course, by its text alone."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._tree = ast.parse(wanted.adapter[1]) if wanted.adapter else None

    def needs(self, code: Code) -> set[str]:
        """The names that have to be there: functions by all their names, classes with such methods, declarations."""
        wanted = self._wanted
        names = {one for function in wanted.functions for one in _names_of(wanted, function)}
        plain = {name.rpartition(".")[2].strip("_") for name in names}
        needed = {name.partition(".")[0] for name in names} | set(declared.WORDS) | self._of_the_adapter(code)
        losses = {one.kind for one in declared.losses_in(one.node for one in code.statements)}
        for name, node in code.definitions.items():
            if isinstance(node, ast.ClassDef) and (
                plain & {one.strip("_") for one in attributes_of(node)}
                or any(ast.unparse(base) in needed for base in node.bases)
                or (_asks_for_networks(wanted) and _is_torch(node))
            ):
                needed.add(name)
        if _asks_for_networks(wanted):
            for one in code.statements:
                if isinstance(one.node, ast.Assign) and any(f"{kind}(" in ast.unparse(one.node) for kind in losses):
                    needed |= one.binds
        return needed

    def _of_the_adapter(self, code: Code) -> set[str]:
        if self._tree is None:
            return set()
        defined = [node.name for node in self._tree.body if isinstance(node, ast.FunctionDef)]
        asked = [name for name in self._wanted.functions if name in defined]
        return {name for one in asked for name in mentions(self._tree, one).names & code.bound}


def _names_of(wanted: Wanted, function: str) -> list[str]:
    return [function, *wanted.own.get(function, ()), *wanted.names.get(function, ())]


def _asks_for_networks(wanted: Wanted) -> bool:
    return bool({*networks.FUNCTIONS} & {*wanted.functions})


def _is_torch(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] in ("Module", "Sequential") for base in node.bases) or bool(
        node.bases
    )


class _Reading:
    """Looks through a submission that has run; in foreign code's conditions."""

    def __init__(self, ran: Ran, wanted: Wanted, roots: Sequence[Path]) -> None:
        self._ran, self._wanted = ran, wanted
        places = {one.piece.place for one in ran.code.statements}
        self._own = OwnWork(ran.module, places, [*roots])
        self._reach = Reach(ran, wanted.forbidden, roots)
        self._finder = Finder(ran, wanted, self._own, self._reach)
        self._fails: dict[str, str] = {}
        self._meant_by = {name.rpartition(".")[2]: one for one in wanted.functions for name in _names_of(wanted, one)}
        self._hinted = {*self._meant_by}
        self._says: dict[str, str] = {}
        self._has_classes_of_torch = False

    def submission(self) -> Submission:
        wanted, found = self._wanted, self._finder.found
        file = self._declared_in_file()
        adapter = self._adapter()
        for function in wanted.functions:
            if adapter and callable(adapter.names.get(function)):
                self._adapt(adapter, function)
            else:
                self._finder.look_for(function)
        network = self._network(file)
        said = wanted.said(file)
        holds = [
            name
            for name, value in vars(self._ran.module).items()
            if self._own.function(value) is not None and name in self._ran.code.bound
        ]
        holds += [name for name in self._ran.code.definitions if name not in holds]
        names = vars(self._ran.module)
        return Submission(
            functions=dict(found.functions),
            arrays=names.get("ARRAYS"),
            device=names.get("DEVICE"),
            says=Says(
                not_judged=found.not_judged,
                fails=self._fails,
                absent=self._all_absent(holds)
                | {name: why for name, why in found.absent.items() if name not in found.functions},
                names=found.names,
                called=found.called,
                order=found.order,
                several=found.several,
                declared=declared.in_words(said) | self._says,
                terms=wanted.terms(file),
                network=network,
                versions=file.get("VERSIONS", {}),
                not_looked_at=tuple(self._with_hint(one) for one in holds if one not in found.looked_at),
                holds=len(holds),
            ),
            is_of_torch=self._is_of_torch(),
        )

    def _all_absent(self, holds: Collection[str]) -> dict[str, str]:
        """Of a file that holds no function and no class: what it is, for every function that cannot be there."""
        if holds or self._finder.found.functions:
            return {}
        if self._ran.code.statements:
            what = "it defines no function and no class"
        else:
            what = "it holds no code" if str(self._ran.module.__file__).endswith(".ipynb") else "the file is empty"
        return {name: what for name in self._wanted.functions if name not in self._finder.found.not_judged}

    def _is_of_torch(self) -> bool:
        functions = self._finder.found.functions
        return bool(functions) and all(one in networks.FUNCTIONS for one in functions) and self._has_classes_of_torch

    def _with_hint(self, name: str) -> str:
        """A name that was not looked at, with what it may be meant for: a name of the assignment, or a function.

        A class is called one, with the methods that may be meant.
        """
        if isinstance(node := self._ran.code.definitions.get(name), ast.ClassDef) and name not in self._hinted:
            own = [self._with_hint(one) for one in methods(node) if not (one.startswith("__") and one.endswith("__"))]
            return f"class {name}" + (": " if own else "") + ", ".join(own[:_MOST_METHODS])
        plain = name.strip("_").lower()
        meant = next((one for one in sorted(self._hinted) if one.strip("_").lower() == plain), _MEANT.get(plain))
        if meant is None:
            every = _MEANT | {one.strip("_").lower(): one for one in sorted(self._hinted)}
            likeness = _LIKE_A_SHORT_NAME if len(plain) <= _SHORT else _LIKE_A_LONG_NAME
            near = get_close_matches(plain, [one for one in every if len(one) > 2], n=1, cutoff=likeness)
            meant = every[near[0]] if near else None
        asked = meant != name and (meant in self._hinted or meant in self._wanted.functions)
        if meant and meant.strip("_").lower() == plain:  # the name is right, and stands in another place
            meant = self._meant_by.get(meant, meant)
        return f"{name} ({meant}?)" if asked else name

    def _declared_in_file(self) -> dict[str, Any]:
        try:
            says = declared.in_namespace(vars(self._ran.module))
        except ValueError as wrong:
            raise LoadError(f"{wrong}, in the file") from wrong
        if self._wanted.is_homework:
            return {word: value for word, value in says.items() if word not in (*declared.LOOSENING, "VERSIONS")}
        return says

    def _adapter(self) -> Loaded | None:
        if self._wanted.adapter is None:
            return None
        name, source = self._wanted.adapter
        return Loaded(name, source, self._ran.module, self._own.code)

    def _adapt(self, adapter: Loaded, function: str) -> None:
        found, code = self._finder.found, self._ran.code
        mentioned = adapter.mentions(function)
        attributes, names = mentioned.attributes, mentioned.names & (code.bound | vars(self._ran.module).keys())
        missing = sorted(mentioned.names - names)
        found.looked_at |= names
        self._hinted |= mentioned.names
        if refused := [self._ran.refused[name] for name in sorted(names) if name in self._ran.refused]:
            found.not_judged[function] = refused[0]
        elif missing and mentioned.all_of_them:
            found.absent[function] = f"{missing[0]} is not in the file"
        elif reason := self._reach.why_not(names, attributes):
            found.not_judged[function] = reason
        elif (stubs := self._stubs(names, attributes)) and set(stubs) == names:
            found.absent[function] = f"{', '.join(stubs)}: still to be written"
        else:
            found.functions[function] = adapter.function(function, self._stubs(names, attributes, gives_none_beside))
            methods_of = [one for one in sorted(names) if one in code.definitions]
            if len(methods_of) == 1:
                found.names[function] = methods_of[0]

    def _stubs(
        self, names: Iterable[str], attributes: Collection[str], is_one: Callable[[Any], bool] = gives_nothing
    ) -> list[str]:
        """Those of these functions, and of these methods of classes, that are still to be written."""
        found = []
        for name in sorted(names):
            thing = vars(self._ran.module).get(name)
            if isinstance(thing, type):
                written = {one: value for one, value in vars(thing).items() if one in attributes and callable(value)}
                found += [f"{name}.{one}" for one, value in written.items() if is_one(value)]
            elif callable(thing) and is_one(thing):
                found.append(name)
        return found

    def _network(self, file: Mapping[str, Any]) -> Network | None:
        """What is judged as the network, where the assignment or the interface asks for one."""
        wanted, found = self._wanted, self._finder.found
        asked = [one for one in networks.FUNCTIONS if one in wanted.functions]
        if not asked:
            return None
        names = [name for one in asked for name in _names_of(wanted, one)]
        self._has_classes_of_torch = any(map(is_module_class, self._finder.own_classes()))
        offer = networks.offer(
            self._kinds(names),
            names,
            [one for one in asked if one in found.functions],
            wanted.declared,
            file,
            declared.losses_in(one.node for one in self._ran.code.statements),
            self._made,
        )
        functions = {name: call for name, call in offer.functions.items() if name in asked}
        found.functions |= functions
        for name in functions:
            found.not_judged.pop(name, None)
            found.names[name] = offer.name or name
        for name, why in offer.not_judged.items():
            if name in asked:
                found.functions.pop(name, None)
                found.not_judged.setdefault(name, why)
        if offer.not_judged:
            found.looked_at.update(one.__name__ for one in self._kinds(names) if is_module_class(one))
        if offer.unwritten:
            found.looked_at.update(offer.unwritten)
            found.absent |= dict.fromkeys(asked, f"{', '.join(offer.unwritten)}: still to be written")
        if offer.name:
            found.looked_at.add(offer.name)
        if offer.loss:
            self._says["LOSS"] = offer.loss
        self._fails |= {name: why for name, why in offer.fails.items() if name in found.functions}
        unmade = self._unmade() if not offer.functions and not offer.unwritten else None
        for name in asked:
            if name in found.functions:
                found.absent.pop(name, None)
            elif unmade and name not in found.absent:
                found.not_judged.setdefault(name, unmade)
        return offer.network

    def _unmade(self) -> str | None:
        """Why a class that would be a network is not there, as where the library of its base class is missing."""
        code = self._ran.code
        nodes = {name: node for name, node in code.definitions.items() if isinstance(node, ast.ClassDef)}
        forward = [name for name, node in nodes.items() if _is_torch(node) and "forward" in methods(node)]
        return next((f"{one}: {self._ran.unsound[one]}" for one in forward if one in self._ran.unsound), None)

    def _kinds(self, names: Sequence[str]) -> list[type]:
        """The own classes that can be judged; an object of one, under a name of the network, stands for it."""
        kinds = [kind for kind in self._finder.own_classes() if not self._reach.why_not([kind.__name__], ["forward"])]
        objects = [vars(self._ran.module).get(name) for name in names]
        return list(dict.fromkeys([*(type(one) for one in objects if type(one) in kinds), *kinds]))

    def _made(self, loss: Loss) -> Any:
        """The loss object as the file makes it; None where that fails."""
        code = compile(ast.Expression(loss.call), "<string>", "eval", dont_inherit=True)
        try:
            return eval(code, vars(self._ran.module))
        except Exception:
            return None
