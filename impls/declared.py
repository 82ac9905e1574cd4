"""What is declared of an implementation: what each word may be, and what the network is from all that is said of it.

Declarations come from several sources, the nearest first: the assignment's entry for the submission, the assignment,
the adapter, the file, a loss object in the file. In: these, and the loaded module. Out: values that have been checked.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

ACTIVATIONS = ("sigmoid", "tanh", "relu", "softmax", "identity")
TASKS = {
    "regression": (("relu", "identity"), "mean_squared_error"),
    "binary": (("relu", "sigmoid"), "binary_cross_entropy"),
    "multiclass": (("relu", "identity"), "cross_entropy_with_logits"),
}
"""The lecture's networks of two layers, and their losses."""
WITH_LOGITS = "binary_cross_entropy_with_logits"
LOSSES = ("mean_squared_error", "binary_cross_entropy", "cross_entropy", "cross_entropy_with_logits", WITH_LOGITS)
LOSS_OBJECTS = {
    "MSELoss": TASKS["regression"],
    "BCELoss": TASKS["binary"],
    "CrossEntropyLoss": TASKS["multiclass"],
    "BCEWithLogitsLoss": (("relu", "identity"), WITH_LOGITS),
}
"""What a loss of torch stands for."""
FLOATS = ("float64", "float32", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")
"""The dtypes, the widest first, the signed ones before the others."""
EPS_PLACES = {
    "adagrad_step": ("outside", "inside", "none"),
    "rmsprop_step": ("outside", "inside", "none"),
    "adam_step": ("outside", "inside", "uncorrected"),
    "adamax_step": ("inside", "outside", "none"),
}
"""Where an optimiser's eps may stand, first as torch.optim has it, which is what nobody has to declare."""
OPTIMISERS = ("sgd_step", *EPS_PLACES)
LOOSENING = ("DTYPES", "FLUSHES_TO_ZERO", "COMPILES", "ONE_EXAMPLE", "STATEFUL")
"""What makes the judging milder: under an assignment it is not for the file to say."""
NETWORK = ("ACTIVATIONS", "LOSS", "TASK")
DEEPEST = 4
"""The most layers that a network is judged with."""
WORDS = ("ARRAYS", "DEVICE", *LOOSENING, "VERSIONS", "OPTIMISER_EPS", *NETWORK)


@dataclass(frozen=True)
class Network:
    """The architecture that `network` and `network_gradients` are judged by; dtype: of its parameters.

    loss: None where it is not known, and no gradients can be judged.
    """

    activations: tuple[str, ...]
    loss: str | None
    dtype: str = "float64"


@dataclass(frozen=True)
class Terms:
    """What is declared of an implementation that changes what it is asked, or what is expected of it.

    dtypes: those that there are, none for all of its array library. flushes_to_zero: subnormal numbers may become 0.
    compiles: each new shape costs it time. batches_only: functions that take no example without a batch axis.
    stateful: optimisers whose state nobody else can make or read. eps_places: of each optimiser, where its eps stands.
    """

    dtypes: tuple[str, ...] = ()
    flushes_to_zero: bool = False
    compiles: bool = False
    batches_only: tuple[str, ...] = ()
    stateful: tuple[str, ...] = ()
    eps_places: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any], functions: Iterable[str]) -> "Terms":
        """From checked declarations; of one function alone it is declared under ``WORD function``."""
        every = said.get("ONE_EXAMPLE", True)
        places = said.get("OPTIMISER_EPS", {})
        own = {name: said.get(f"OPTIMISER_EPS {name}", places.get(name)) for name in EPS_PLACES}
        return cls(
            dtypes=tuple(said.get("DTYPES", ())),
            flushes_to_zero=said.get("FLUSHES_TO_ZERO", False),
            compiles=said.get("COMPILES", False),
            batches_only=tuple(one for one in functions if said.get(f"ONE_EXAMPLE {one}", every) is False),
            stateful=tuple(said.get("STATEFUL", ())),
            eps_places=tuple((name, place) for name, place in own.items() if place),
        )

    @classmethod
    def of_plain(cls, data: Mapping[str, Any]) -> "Terms":
        """The same again of ``vars`` of it, which a foreign process may have written. Raises ValueError."""
        return cls(
            checked("DTYPES", data["dtypes"]) if data["dtypes"] else (),
            checked("FLUSHES_TO_ZERO", data["flushes_to_zero"]),
            checked("COMPILES", data["compiles"]),
            tuple(map(str, data["batches_only"])),
            checked("STATEFUL", data["stateful"]),
            tuple(checked("OPTIMISER_EPS", dict(data["eps_places"])).items()),
        )

    def for_homework(self, asked: "Terms") -> "Terms":
        """These, with all that loosens as the assignment and the adapter have it."""
        return replace(asked, eps_places=self.eps_places)

    def dtypes_of(self, library: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The floating and the integer dtypes that there are, of those of the library; none named of a sort is all.

        Raises ValueError where no floating one is left in which numbers can be written down.
        """
        floats = {*self.dtypes} & {*FLOATS} or {*library}
        integers = {*self.dtypes} & {*INTEGERS} or {*INTEGERS}
        if strange := sorted(floats - {*library}):
            raise ValueError(f"DTYPES has {strange[0]}, and its arrays can be {', '.join(library)} only")
        return tuple(one for one in FLOATS if one in floats), tuple(one for one in INTEGERS if one in integers)


@dataclass(frozen=True)
class Loss:
    """A loss object of torch in a file: its class, the expression that makes it, whether it stands at the top level."""

    kind: str
    call: ast.Call
    at_top: bool


class Contradiction(ValueError):
    """A file says two things of its network that cannot both be."""


class Undeclared(ValueError):
    """Nothing says what the network is."""


def checked(word: str, value: Any) -> Any:
    """The value of a declaration in its plain form. Raises ValueError, which says what it may be."""
    if word == "ACTIVATIONS":
        names = list(value) if isinstance(value, list | tuple) else [value]
        if not names or any(name not in ACTIVATIONS for name in names):
            raise ValueError(f"got {value!r}, needs one of {', '.join(ACTIVATIONS)} for each layer")
        return tuple(names)
    if word == "LOSS":
        return _one_of(value, LOSSES)
    if word == "TASK":
        return _one_of(value, TASKS)
    if word in ("ONE_EXAMPLE", "COMPILES", "FLUSHES_TO_ZERO"):
        if not isinstance(value, bool):
            raise ValueError(f"got {value!r}, needs true or false")
        return value
    if word == "DTYPES":
        dtypes = _several_of(value, FLOATS + INTEGERS)
        if not dtypes or {*dtypes} & {*FLOATS} == {"bfloat16"}:
            raise ValueError(f"got {value!r}, needs float64, float32 or float16 among its floating dtypes")
        return dtypes
    if word == "STATEFUL":
        return _several_of(value, OPTIMISERS)
    if word == "VERSIONS":
        if not isinstance(value, Mapping) or not all(map(_is_text, [*value, *value.values()])):
            raise ValueError(f"got {value!r}, needs the version of each library, by its name")
        return dict(value)
    if word == "OPTIMISER_EPS":
        return _places(value)
    return value


def _several_of(value: object, allowed: Sequence[str]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or any(one not in allowed for one in names):
        raise ValueError(f"got {value!r}, needs some of {', '.join(allowed)}")
    return tuple(names)


def _places(value: object) -> dict[str, str]:
    """The place of eps of each optimiser: one for all that can have it there, or by the optimiser's name."""
    if isinstance(value, str):
        everywhere = {name: value for name, places in EPS_PLACES.items() if value in places}
        if not everywhere:
            known = dict.fromkeys(place for places in EPS_PLACES.values() for place in places)
            raise ValueError(f"got {value!r}, needs one of {', '.join(known)}")
        return everywhere
    if not isinstance(value, Mapping):
        raise ValueError(f"got {value!r}, needs a place of eps, or one for each optimiser")
    for name, place in value.items():
        if place not in EPS_PLACES.get(name, ()):
            raise ValueError(f"got {place!r} for {name}, needs {_known_places(name)}")
    return dict(value)


def _known_places(name: object) -> str:
    if name in EPS_PLACES:
        return f"one of {', '.join(EPS_PLACES[str(name)])}"
    return f"one of {', '.join(EPS_PLACES)} as its name"


def _one_of(value: object, allowed: Iterable[str]) -> object:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"got {value!r}, needs one of {', '.join(allowed)}")
    return value


def in_namespace(names: Mapping[str, Any]) -> dict[str, Any]:
    """What the names of a module declare. Raises ValueError, which names the word.

    ACTIVATIONS, LOSS and TASK are words that a file may use for something else, as a table of functions: they declare
    something where they are texts, and what is wrong in them is said where a network is asked for.
    """
    said = {}
    for word in WORDS:
        value = names.get(word)
        if value is None or word in ("ARRAYS", "DEVICE"):
            continue
        if word in NETWORK:
            if _is_text(value) or (isinstance(value, list | tuple) and value and all(map(_is_text, value))):
                said[word] = (
                    value if _is_text(value) and word != "ACTIVATIONS" else tuple([value] if _is_text(value) else value)
                )
            continue
        try:
            said[word] = checked(word, value)
        except ValueError as wrong:
            raise ValueError(f"{word}: {wrong}") from wrong
    return said


def in_words(said: Mapping[str, Any]) -> dict[str, str]:
    """Declarations as reports show them."""
    return {word: _words(value) for word, value in said.items()}


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def losses_in(tree: Iterable[ast.stmt]) -> list[Loss]:
    """The losses of torch that are made in these statements."""
    found = []
    for statement in tree:
        at_top = isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name in LOSS_OBJECTS:
                    found.append(Loss(name, node, at_top and node is statement.value))  # type: ignore[attr-defined]
    return found


def the_loss(found: Sequence[Loss]) -> Loss | None:
    """The loss at the top level, or the only one there is. Raises Undeclared where there are several kinds."""
    chosen = [one for one in found if one.at_top] or list(found)
    kinds = list(dict.fromkeys(one.kind for one in chosen))
    if len(kinds) > 1:
        raise Undeclared(f"there are several losses ({', '.join(kinds)}): say which TASK")
    return chosen[0] if chosen else None


def network(sources: Sequence[tuple[str, Mapping[str, Any]]], file: Mapping[str, Any], loss: Loss | None) -> Network:
    """The network, from what is declared elsewhere (the nearest first), in the file, and by its loss object.

    Raises Undeclared, and Contradiction where the file's own words and its own loss do not go together.
    """
    every = [*sources, ("the file", file)]
    for source, said in every:
        for word in {*said} & {*NETWORK}:
            try:
                checked(word, said[word])
            except ValueError as wrong:
                raise Undeclared(f"{word} in {source}: {wrong}") from wrong
    activations, name = architecture(said for _, said in every)
    if loss is not None:
        own = LOSS_OBJECTS[loss.kind]
        says = file.get("LOSS") or _of_task(file, 1)
        if says == name and says not in (None, own[1]) and not any(_says_loss(said) for _, said in sources):
            word = f"LOSS = {says!r}" if "LOSS" in file else f"TASK = {file['TASK']!r}"
            raise Contradiction(f"the file says {word} and makes {ast.unparse(loss.call)}, which is {own[1]}")
        activations, name = activations or own[0], name or own[1]
        if "ACTIVATIONS" in file and activations == file["ACTIVATIONS"] and (why := meaningless(activations, own[1])):
            own_words = f"ACTIVATIONS = {tuple(activations)!r}"
            raise Contradiction(f"the file says {own_words} and makes {ast.unparse(loss.call)}: {why}")
    if activations is None:
        raise Undeclared("say which TASK: regression, binary or multiclass; or ACTIVATIONS and LOSS")
    if why := meaningless(activations, name):
        raise Undeclared(why)
    if len(activations) > DEEPEST:
        raise Undeclared(f"a network of {len(activations)} layers; at most {DEEPEST} are asked")
    return Network(tuple(activations), name)


def meaningless(activations: Sequence[str], loss: str | None) -> str | None:
    """Why the loss cannot be computed of what a network with these activations gives; None where it can."""
    if loss not in ("binary_cross_entropy", "cross_entropy") or activations[-1] in ("sigmoid", "softmax"):
        return None
    return (
        f"{loss} takes probabilities, and the last layer has the activation {activations[-1]}; it needs sigmoid or "
        f"softmax, or the loss is {loss}_with_logits"
    )


def architecture(sources: Iterable[Mapping[str, Any]]) -> tuple[Sequence[str] | None, str | None]:
    """The activations and the loss that are declared, each by the nearest source that says it; the nearest first."""
    activations, loss = None, None
    for said in sources:
        activations = activations or said.get("ACTIVATIONS") or _of_task(said, 0)
        loss = loss or said.get("LOSS") or _of_task(said, 1)
    return activations, loss


def _of_task(said: Mapping[str, Any], which: int) -> Any:
    return TASKS[said["TASK"]][which] if "TASK" in said else None


def _says_loss(said: Mapping[str, Any]) -> bool:
    return "LOSS" in said or "TASK" in said
