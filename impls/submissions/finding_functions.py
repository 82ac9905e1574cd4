"""Which thing in a submission is which function of the interface: a module that has run in, functions to call out.

A function is looked for under the names that the submission's entry gives it, or else the interface's name, then the
assignment's, then as a method of a class. What a library made is no work of the student's, and says nothing of it.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from impls.adapters.torch_modules import is_module_class
from impls.calling import CallFailed, NotJudged
from impls.interrupt import was_interrupted
from impls.stubs import code_of, gives_nothing, only_refuses
from impls.submissions.assignment import Wanted
from impls.submissions.dependencies import Reach
from impls.submissions.running import Ran, ends_within, seconds_left

_PREDICTIONS = (
    "y_hat yhat y_pred ypred pred preds prediction predictions predicted p a al a2 h prob probs probabilities out "
    "output outputs logits z scores score hypothesis y_prob y_probs yprob y_proba proba y_score y_preds y_predicted "
    "y_output y_out yp y_p y_est estimate estimates"
)
_TARGETS = (
    "y t y_true ytrue target targets label labels true truth actual y_actual y_target y_label y_labels ground_truth gt "
    "y_real expected y_test yt y_t"
)
PREDICTIONS = frozenset(_PREDICTIONS.split())
TARGETS = frozenset(_TARGETS.split())
LOSSES = ("binary_cross_entropy", "cross_entropy", "mean_squared_error", "cross_entropy_with_logits")
_WRAPPED = ("pyfunc", "py_func", "__wrapped__", "func", "__func__", "_torchdynamo_orig_callable", "_fun", "fun")
"""Where those who wrap a function keep it: numpy.vectorize, numba, functools, partial, torch.compile, jax."""


class OwnWork:
    """Tells what is the student's own from what a library made."""

    def __init__(self, module: ModuleType, places: Iterable[str], roots: Sequence[Path]) -> None:
        """places: the names of the files and cells of the submission. roots: where its own modules lie."""
        self._module, self._places, self._roots = module, frozenset(places), tuple(roots)

    def code(self, code: CodeType) -> bool:
        name = code.co_filename
        return name in self._places or name == "<string>" or self._lies_in(name)

    def _lies_in(self, file: str) -> bool:
        return any(Path(file).is_relative_to(root) for root in self._roots) and "site-packages" not in file

    def kind(self, kind: type) -> bool:
        """A class of the submission's own."""
        if kind.__module__ == self._module.__name__:
            return True
        home = getattr(sys.modules.get(kind.__module__), "__file__", None)
        return isinstance(home, str) and self._lies_in(home)

    def function(self, value: Any, depth: int = 5) -> Any:
        """The own function, or object of an own class, in what may be wrapped around it; None where there is none."""
        if depth == 0 or value is None:
            return None
        if isinstance(value, FunctionType):
            if self.code(value.__code__):
                return value
            cells = [one.cell_contents for one in value.__closure__ or () if _is_filled(one)]
            inside = [getattr(value, "__wrapped__", None), *filter(callable, cells)]
            return next(filter(None, (self.function(one, depth - 1) for one in inside)), None)
        if isinstance(value, type):
            return value if self.kind(value) else None
        if isinstance(value, MethodType):
            of_own = value if self.function(value.__self__, 1) is not None else None
            return self.function(value.__func__, depth - 1) or of_own
        if self.kind(type(value)):
            return value
        if type(value).__name__ == "ufunc" and value.__name__.endswith("(vectorized)"):  # numpy.frompyfunc
            return value
        if self._module.__name__ in str(getattr(value, "qualified_name", "")):  # torch.jit
            return value
        inside = [inspect.getattr_static(value, name, None) for name in _WRAPPED]
        inside += [getattr(value, name, None) for name in ("func", "__wrapped__")]
        return next(filter(None, (self.function(one, depth - 1) for one in inside)), None)


@dataclass(frozen=True)
class Own:
    """An own function as the suite calls it. called: its name in the submission. order: of the interface's arguments.

    made: the object whose method it is.
    """

    called: str
    call: Callable[..., Any]
    order: Sequence[int] = ()
    made: object = None

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self.call

    @property
    def __code__(self) -> Any:
        return code_of(self.call)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if len(self.order) == len(arguments):
            arguments = tuple(arguments[place] for place in self.order)
        if self.made is not None:
            self._fits(arguments, options)
        try:
            return self.call(*arguments, **options)
        except ModuleNotFoundError as raised:
            raise NotJudged(f"it needs {raised.name}, which is not installed ({self.called})") from raised
        except AttributeError as raised:
            if self.made is not None and raised.obj is self.made:
                why = f"{self.called} needs self.{raised.name}, which only an object in use has; write an adapter"
                raise NotJudged(why) from raised
            raise

    def _fits(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """A method takes what its class was written for, which need not be what the interface gives."""
        try:
            signature = inspect.signature(self.call)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(*arguments, **options)
        except TypeError as wrong:
            given = "the argument" if len(arguments) == 1 else f"the {len(arguments)} arguments"
            why = f"{self.called}{signature} cannot be called with {given} of the interface"
            raise NotJudged(f"{why} ({wrong}); write an adapter") from wrong


@dataclass
class Found:
    """What was found of the interface. functions: by name, "sigmoid#2" being a further method of that name.

    not_judged: why a function cannot be. absent: what is said of one that is not there. names: in the submission.
    called, order: how the submission itself would call it.
    """

    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    not_judged: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    order: dict[str, tuple[int, ...]] = field(default_factory=dict)
    several: dict[str, tuple[str, ...]] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)


class Finder:
    """Looks for the functions of one submission that has run."""

    def __init__(self, ran: Ran, wanted: Wanted, own: OwnWork, reach: Reach) -> None:
        self._ran, self._wanted, self._own, self._reach = ran, wanted, own, reach
        self._names = vars(ran.module)
        self.found = Found()

    def look_for(self, function: str) -> None:
        """Find one function, and note it, or why it is not there."""
        found, wanted = self.found, self._wanted
        own = wanted.own.get(function)
        names = list(own or dict.fromkeys([function, *wanted.names.get(function, ())]))
        for name in names:
            if self._take(function, name):
                return
        if own is None and self._take_methods(function, {function, *(one for one in names if "." not in one)}):
            return
        if function in found.not_judged:
            found.absent.pop(function, None)

    def _take(self, function: str, name: str) -> bool:
        """Take what bears that name, if it is a function of the student's own, or may be one."""
        found, base = self.found, name.partition(".")[0]
        if base in self._ran.refused:
            why = self._ran.refused[base]
            found.functions[function] = Broken(why)
            return True
        value = self._value(name)
        if value is None and base not in self._ran.unsound:
            return False
        reason = self._reach.why_not([base], name.split(".")[1:] and [_bare_attribute(name)])
        if value is None or value is ...:
            if reason and value is None:
                found.not_judged.setdefault(function, reason)
            return False
        kind = value if isinstance(value, type) else type(value)
        if function.startswith("network") and is_module_class(kind) and self._own.kind(kind):
            return False  # it is judged as a class of torch modules
        if not callable(value):
            found.absent.setdefault(function, f"{name} is {_described(value)}, not a function")
            return False
        if isinstance(value, type):
            return self._own.kind(value) and self._take_object(function, name, value)
        inner = self._own.function(value)
        if inner is None and base not in self._ran.code.bound:
            return False  # it came with all the names of a library
        if inner is None:
            what = f"{name} is {self._reach.imported.get(name) or _library_name(value)}, no work of the student"
            found.not_judged.setdefault(function, reason or what)
            return False
        if reason:
            found.not_judged[function] = reason
            found.looked_at.add(base)
            return True
        made = getattr(value, "__self__", None)
        self._keep(function, Own(name, value, self._order(function, inner), made))
        return True

    def _take_object(self, function: str, name: str, kind: type) -> bool:
        """A class of that name whose objects can be called."""
        if not any("__call__" in vars(base) for base in kind.__mro__):
            self.found.absent.setdefault(function, f"{name} is a class, not a function")
            return False
        made = made_of(kind)
        self._keep(function, Own(name, made, self._order(function, type(made).__call__), made))
        return True

    def _take_methods(self, function: str, names: set[str]) -> bool:
        """All methods of these names, of whatever class; each function once, and those still to be written last of all.

        Those of a base class that only say what a class of its kind has to have are no more than that.
        """
        every = list(self._methods(names))
        begun = [one for one in every if not _says_nothing(inspect.getattr_static(*one[:2]))]
        judged: list[Own] = []
        for kind, attribute, written in begun or every:
            self.found.looked_at.add(kind.__name__)
            called = f"{kind.__name__}.{written}"
            if reason := self._reach.why_not([kind.__name__], [written]):
                self.found.not_judged[function] = f"{called}: {reason}"
                return True
            made = made_of(kind)
            call = getattr(made, attribute)
            judged.append(Own(called, call, self._order(function, call), made))
        for one in judged:
            self._keep(function, one)
        return bool(judged)

    def _methods(self, names: set[str]) -> Iterator[tuple[type, str, str]]:
        """Own classes, with the attribute and the written name of a method that bears one of these names."""
        seen: list[object] = []
        for kind in self.own_classes():
            for base in kind.__mro__:
                for attribute, value in list(vars(base).items()):
                    written = (
                        attribute.removeprefix(f"_{base.__name__.lstrip('_')}") if "__" in attribute else attribute
                    )
                    plain = getattr(value, "__func__", value)
                    if written.strip("_") not in names or not isinstance(plain, FunctionType) or plain in seen:
                        continue
                    if self._own.code(plain.__code__):
                        seen.append(plain)
                        yield self._complete(kind, attribute, plain), attribute, written

    def _complete(self, kind: type, attribute: str, method: FunctionType) -> type:
        """The class, or that one of its subclasses which has what the method uses and the class itself has not."""
        value = inspect.getattr_static(kind, attribute)
        for other in self.own_classes():
            takes_over = issubclass(other, kind) and inspect.getattr_static(other, attribute, None) is value
            if takes_over and any(hasattr(other, name) > hasattr(kind, name) for name in method.__code__.co_names):
                return other
        return kind

    def own_classes(self) -> list[type]:
        """The classes of the submission's own, in the order in which it defines them, each once."""
        kinds = [value for value in self._names.values() if isinstance(value, type) and self._own.kind(value)]
        return list(dict.fromkeys(kinds))

    def _keep(self, function: str, own: Own) -> None:
        found = self.found
        found.looked_at.add(own.called.partition(".")[0])
        found.not_judged.pop(function, None)
        found.absent.pop(function, None)
        name = function
        if function in found.functions:
            several = found.several.get(function, ())
            name = f"{function}#{len(several) + 2}"
            found.several[function] = (*several, name)
        else:
            found.names[function] = own.called
        found.functions[name] = own
        first, _, method = own.called.partition(".")
        kind = self._names.get(first)
        found.called[name] = _in_code(first, kind, method) if isinstance(kind, type) else own.called
        if own.order:
            found.order[name] = tuple(own.order)

    def _value(self, name: str) -> Any:
        """What a dotted name stands for, private names of a class included; None where there is nothing."""
        first, *rest = name.split(".")
        value = self._names.get(first)
        for part in rest:
            if isinstance(value, type) and self._own.kind(value):
                value = made_of(value)
            mangled = f"_{type(value).__name__.lstrip('_')}{part}" if part.startswith("__") else part
            value = getattr(value, mangled, None) or getattr(value, part, None)
        return value

    def _order(self, function: str, inner: Any) -> Sequence[int]:
        """The order of the arguments: the assignment's, else of a loss by the names of its parameters."""
        if said := self._wanted.order.get(function):
            return said
        if function not in LOSSES:
            return ()
        try:
            parameters = [one for one in inspect.signature(inner).parameters if one != "self"]
        except (TypeError, ValueError):
            return ()
        first, second = [*parameters, "", ""][:2]
        return (1, 0) if first.lower() in TARGETS and second.lower() in PREDICTIONS else ()


@dataclass(frozen=True)
class Broken:
    """Stands for a function whose cell is no Python."""

    why: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        raise CallFailed(self.why)


def made_of(kind: type) -> Any:
    """An object of the class: made without arguments, else without its constructor."""
    made = _constructed(kind)
    return object.__new__(kind) if made is None else made


def _constructed(kind: type) -> Any:
    """An object made without arguments in half of the time that is left; None where that does not end well."""
    try:
        inspect.signature(kind).bind()
        with ends_within(seconds_left() / 2):
            return kind()
    except BaseException as raised:
        if isinstance(raised, KeyboardInterrupt) and was_interrupted():
            raise
        return None


def _in_code(name: str, kind: type, method: str) -> str:
    """What stands before the bracket of a call that can be run outside the class."""
    made = f"{name}.__new__({name})" if _constructed(kind) is None else f"{name}()"
    if not method:
        return made
    private = (f"_{base.__name__.lstrip('_')}{method}" for base in kind.__mro__)
    written = next((one for one in private if method.startswith("__") and hasattr(kind, one)), method)
    is_free = isinstance(inspect.getattr_static(kind, written, None), staticmethod | classmethod)
    return f"{name if is_free else made}.{written}"


def _says_nothing(method: Any) -> bool:
    return gives_nothing(method) or only_refuses(method)


def _bare_attribute(name: str) -> str:
    return name.rpartition(".")[2]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _described(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _library_name(value: Any) -> str:
    """What of which library it is."""
    inner = value.func if isinstance(value, functools.partial) else value
    module = getattr(inner, "__module__", None) or type(inner).__module__
    name = getattr(inner, "__qualname__", None) or getattr(inner, "__name__", None)
    return f"{module}.{name}" if name else f"an object of {type(inner).__module__}.{type(inner).__qualname__}"
