"""What the terminal ends with: the matrix of verdicts, then every failure in full."""

import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import pytest

from impls import Implementation
from impls.text import printable, shell_word
from tests.harness.judging.outcome import ERROR, FAILED, SKIPPED, Outcome
from tests.harness.reports import accuracy, verdicts
from tests.harness.reports.handed import Picture
from tests.harness.reports.options import asked_again, item_id
from tests.harness.reports.run import Run
from tests.harness.reports.verdicts import CONFORMS, FAILS, NOT_IMPLEMENTED, NOT_JUDGED, NOT_RUN, Verdict
from tests.harness.spec.clauses import CLAUSES, LEVELS, TEXTBOOK

_MARKS = {CONFORMS: "ok", FAILS: "FAILS", ERROR: "ERROR", NOT_RUN: "not run", NOT_IMPLEMENTED: "-", NOT_JUDGED: "?"}
_GAP = 2
_MOST_NAMES = 12
_MOST_CLAUSES = 5


def failure(run: Run, implementation: str, clause: str, outcome: Outcome, nodeid: str) -> str:
    """Everything a person needs to understand one failure and to see it again."""
    cited = CLAUSES[clause]
    what = "fails" if outcome.outcome == FAILED else "is in error"
    lines = [
        f"{implementation}: {cited.function} {what} on {clause} ({cited.level})",
        f"  clause:   {cited.requirement} [{cited.source}]",
        f"  found:    {outcome.message}",
        *_labelled("behaves:", _as_one_that(cited.function, outcome.diagnosis)),
        *_labelled("input:", outcome.counterexample),
        *_labelled("expected:", outcome.expected),
        *_labelled("got:", outcome.actual),
        f"  again:    {_command(run, implementation, clause, nodeid)}",
    ]
    return "\n".join(lines)


def write(terminal: pytest.TerminalReporter, run: Run, failures: Sequence[tuple[tuple[str, str] | None, str]]) -> None:
    """The matrix, a line for each verdict and for what fails beyond the required level, then the failures in full.

    failures: the (implementation, clause) of each, where it is of one, and its text.
    """
    judged = list(run.verdicts())
    terminal.section("conformance", "=")
    levels = (TEXTBOOK,) if run.options.level == TEXTBOOK else LEVELS
    columns = [(implementation.name, verdict) for implementation, verdict in judged]
    _write_matrix(terminal, run.functions, levels, columns)
    _write_line(terminal, "")
    for implementation, verdict in judged:
        level = run.required_level(implementation)
        credit = ""
        if verdict.verdict in (FAILS, ERROR):
            passed, count = run.credit(implementation, verdict, level, only_written=True)
            credit = f", passed {passed} of the {count} clauses of what it has"
        elif verdict.verdict == NOT_RUN:
            credit = _of_what_ran(run, implementation.name, verdict)
        points = run.points(implementation, verdict)
        earned = "" if points is None else f", {_points(points)}"
        says = f"{verdict.verdict}{_in_what(implementation, verdict, level)} at level {level}{credit}{earned}"
        _write_line(terminal, f"{implementation.name}: {says}{_because(verdict.reason)}")
        if implementation.declared:
            said = "; ".join(f"{word} = {value}" for word, value in implementation.declared.items())
            _write_line(terminal, f"{implementation.name}: declared: {said}")
        for remark in verdicts.remarks(implementation, verdict, level):
            _write_line(terminal, f"{implementation.name}: {remark}")
    for unloadable in run.unloadable:
        _write_line(terminal, f"{unloadable.name}: {ERROR}{_because(unloadable.reason)}")
    for absent in run.absent:
        _write_line(terminal, f"{absent.name}: {NOT_RUN}{_because(absent.reason)}")
    for implementation, verdict in judged:
        _write_stubs(terminal, implementation.name, verdict)
        _write_beyond_level(terminal, run, implementation.name, verdict)
    _write_faults_of_the_adapter(terminal, run, judged)
    _write_known_deviations(terminal, run)
    _write_what_was_asked(terminal, run, {one.isolation for one in run.implementations})
    repeated = _repeated(judged)
    for (name, cause), clauses in sorted(repeated.items()):
        _write_line(terminal, f"{name}: as {cause}: {', '.join(clauses)}")
    short = {(name, id) for (name, _), clauses in repeated.items() for id in clauses}
    for pair, text in failures:
        if pair not in short:
            terminal.write_sep("-", "failure")
            _write_line(terminal, text)


def write_elsewhere(
    terminal: pytest.TerminalReporter, run: Run, failures: Sequence[tuple[tuple[str, str] | None, str]]
) -> None:
    """What a cluster has found, in counts, then a line for each submission that failed; all else is in the JSON."""
    elsewhere = run.elsewhere
    assert elsewhere is not None
    terminal.section("conformance", "=")
    counts = Counter(elsewhere.verdicts.values())
    counts[NOT_RUN] += len(elsewhere.named) - len(elsewhere.verdicts)
    _write_line(terminal, f"{len(elsewhere.named)} submissions: {_in_numbers(counts)}")
    for name in run.functions:
        verdicts_of_it = {verdict: count for (function, verdict), count in elsewhere.counts.items() if function == name}
        if verdicts_of_it.keys() - {NOT_IMPLEMENTED}:
            _write_line(terminal, f"  {name}: {_in_numbers(verdicts_of_it)}")
    _write_what_was_asked(terminal, run, elsewhere.isolation)
    for _, text in failures:
        _write_line(terminal, text)


def _in_numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in _MARKS if counts.get(verdict))


def _repeated(judged: Sequence[tuple[Implementation, Verdict]]) -> dict[tuple[str, str], list[str]]:
    """By implementation and clause, the clauses of the same or of a composed function that only repeat its failure."""
    found: dict[tuple[str, str], list[str]] = {}
    for implementation, verdict in judged:
        outcomes = {id: outcome for one in verdict.functions.values() for id, outcome in one.outcomes.items()}
        causes = verdicts.causes(outcomes)
        for one in verdict.functions.values():
            causes = {**verdicts.repeats(one.outcomes), **causes}
        for id, cause in sorted(causes.items()):
            found.setdefault((implementation.name, cause), []).append(id)
    return found


def _write_what_was_asked(terminal: pytest.TerminalReporter, run: Run, isolation: Collection[str]) -> None:
    """What kept submissions from the machine, what this run did not ask, and how to ask more."""
    for words in sorted(set(isolation) - {"none"}):
        _write_line(terminal, f"isolation: {words}")
    if run.options.large is None:
        large = sum(one.large for one in CLAUSES.values())
        _write_line(terminal, f"{large} clauses about large arrays are not part of this run (--large)")
    more = "" if run.options.profile == "thorough" else "; --hypothesis-profile default or thorough asks more"
    _write_line(terminal, f"profile {run.options.profile}, seed {run.options.seed}{more}")


def write_figures(terminal: pytest.TerminalReporter, pictures: Sequence[Picture]) -> None:
    """Where the figures are, and which are not drawn."""
    terminal.section("figures", "=")
    for one in pictures:
        _write_line(terminal, f"not drawn: {one.path.name}: {one.missing}" if one.missing else str(one.path))


def write_accuracy(terminal: pytest.TerminalReporter, run: Run) -> None:
    """The largest error of each function, dtype and implementation, searched for now, as Markdown."""
    terminal.section("accuracy", "=")
    _write_line(terminal, "searching for large errors ...")
    for line in accuracy.report(run, accuracy.measure(run)):
        _write_line(terminal, line)


def _write_matrix(
    terminal: pytest.TerminalReporter,
    functions: Sequence[str],
    levels: Sequence[str],
    columns: Sequence[tuple[str, Verdict]],
) -> None:
    """Functions by implementations, the levels in a cell; in several blocks where the terminal is narrow.

    A function that no implementation has gets no row. Those of which no clause ran share a line, where another one ran.
    """
    there = {name for _, verdict in columns for name in functions if not _is_nowhere(verdict, name)}
    told = {name for _, verdict in columns for name in there if _is_told(verdict, name)} or there
    left_out = [name for name in functions if name in there - told]
    functions = [name for name in functions if name in told]
    width = max(map(len, functions), default=0)
    cells = {name: [_cell(verdict, function, levels) for function in functions] for name, verdict in columns}
    blocks: list[list[str]] = []
    room = 0
    for name in cells:
        needed = max(map(len, [name, *cells[name]])) + _GAP
        if not blocks or needed > room:
            blocks.append([])
            room = terminal._screen_width - width
        blocks[-1].append(name)
        room -= needed
    for block in blocks:
        wide = {name: max(map(len, [name, *cells[name]])) for name in block}
        _write_line(terminal, " " * width + "".join(" " * _GAP + name.ljust(wide[name]) for name in block))
        for row, function in enumerate(functions):
            line = "".join(" " * _GAP + cells[name][row].ljust(wide[name]) for name in block)
            _write_line(terminal, (function.ljust(width) + line).rstrip())
    _write_line(
        terminal,
        f"in each cell: {' | '.join(levels)}; FAILS: a wrong answer; ERROR: it raised, or returned what is no answer; "
        "not run: left out or stopped; -: not implemented; ?: not judged",
    )
    if left_out:
        shown = ", ".join(left_out[:_MOST_NAMES]) + (", ..." if len(left_out) > _MOST_NAMES else "")
        _write_line(terminal, f"functions of which no clause was run: {len(left_out)} ({shown})")


def _write_line(terminal: pytest.TerminalReporter, text: str) -> None:
    """Write text that may hold foreign names and messages, so that a terminal obeys nothing in it."""
    for line in text.split("\n"):
        terminal.write_line(printable(line))


def _is_nowhere(verdict: Verdict, function: str) -> bool:
    return NOT_IMPLEMENTED in verdict.functions[function].levels.values()


def _is_told(verdict: Verdict, function: str) -> bool:
    """Whether there is more to say of a function than that nobody ran it."""
    one = verdict.functions[function]
    ran = any(outcome.outcome != SKIPPED for outcome in one.outcomes.values())
    return ran or not {*one.levels.values()} <= {NOT_RUN, NOT_IMPLEMENTED}


def _of_what_ran(run: Run, name: str, verdict: Verdict) -> str:
    """How many of the required clauses that ran are passed, where too few ran for a verdict."""
    ran = [
        outcome.outcome
        for one in verdict.functions.values()
        for id, outcome in one.outcomes.items()
        if outcome.outcome != SKIPPED and run.is_required(name, id)
    ]
    passed = sum(one not in (FAILED, ERROR) for one in ran)
    return f" as a whole, passed {passed} of the {len(ran)} required clauses that ran" if ran else ""


def _cell(verdict: Verdict, function: str, levels: Sequence[str]) -> str:
    found = verdict.functions[function].levels
    for mark in (NOT_IMPLEMENTED, NOT_JUDGED):
        if mark in found.values():
            return _MARKS[mark]
    return " | ".join(_MARKS[found[level]] for level in levels)


def _write_stubs(terminal: pytest.TerminalReporter, name: str, verdict: Verdict) -> None:
    """Name what is there and not written: a forgotten return makes a function such a stub."""
    stubs = [
        one.reason.removeprefix("not implemented: ")
        for one in verdict.functions.values()
        if one.reason and NOT_IMPLEMENTED in one.levels.values() and "no function of this name" not in one.reason
    ]
    if stubs:
        _write_line(terminal, f"{name}: not implemented and not judged: {', '.join(dict.fromkeys(stubs))}")


def _in_what(implementation: Implementation, verdict: Verdict, level: str) -> str:
    """In which functions an implementation conforms; of a file also what was not looked at."""
    if verdict.verdict != CONFORMS:
        return _not_looked_at(implementation)
    right = [name for name, one in verdict.functions.items() if one.levels[level] == CONFORMS]
    return f" in {', '.join(right)}{_not_looked_at(implementation)}"


def _not_looked_at(implementation: Implementation) -> str:
    left, holds = implementation.not_looked_at, implementation.says.holds
    if not left:
        return ""
    meant = sorted(left, key=lambda one: "?)" not in one)  # what may be one of the functions, first
    shown = ", ".join(meant[:_MOST_NAMES]) + (", ..." if len(left) > _MOST_NAMES else "")
    return f" ({holds - len(left)} of the {holds} functions and classes in the file; not looked at: {shown})"


def _points(points: Mapping[str, float | None]) -> str:
    """The points in all; of a function that could not be judged nobody knows."""
    earned = [one for one in points.values() if one is not None]
    unknown = [name for name, one in points.items() if one is None]
    return f"{sum(earned):g} points" + (f", not counting {', '.join(unknown)}" if unknown else "")


def _write_beyond_level(terminal: pytest.TerminalReporter, run: Run, name: str, verdict: Verdict) -> None:
    beyond = [
        id
        for one in verdict.functions.values()
        for id, outcome in one.outcomes.items()
        if outcome.outcome in (FAILED, ERROR) and not run.is_required(name, id)
    ]
    if beyond:
        shown = ", ".join(beyond[:_MOST_CLAUSES])
        shown += f", ... ({len(beyond)} in all)" if len(beyond) > _MOST_CLAUSES else ""
        _write_line(terminal, f"{name}: not required of it, and failed (--level robust shows why): {shown}")


def _write_faults_of_the_adapter(
    terminal: pytest.TerminalReporter, run: Run, judged: Sequence[tuple[Implementation, Verdict]]
) -> None:
    """Each error of the course's adapter once, for the lecturer, with how many submissions it leaves unjudged."""
    adapter = run.options.assignment and run.options.assignment.adapter
    if not adapter:
        return
    faults: dict[str, set[str]] = {}
    for implementation, verdict in judged:
        for one in verdict.functions.values():
            if one.reason and one.reason.startswith(f"not judged: {adapter.name}"):
                faults.setdefault(one.reason.removeprefix("not judged: "), set()).add(implementation.name)
    for fault, names in faults.items():
        _write_line(terminal, f"the adapter: {fault} (submissions that are not judged by it: {len(names)})")
    for name in adapter.functions:
        found = [
            (verdict.functions[name].levels[run.required_level(one)], verdict.functions[name].reason)
            for one, verdict in judged
            if name in verdict.functions and verdict.functions[name].levels[run.required_level(one)] != NOT_JUDGED
        ]
        if len(found) > 1 and not {level for level, _ in found} & {CONFORMS, NOT_RUN}:
            [(commonest, _)] = Counter(reason for _, reason in found).most_common(1)
            _write_line(terminal, f"the adapter: nobody passes {name}: is {adapter.name} right?{_because(commonest)}")


def _write_known_deviations(terminal: pytest.TerminalReporter, run: Run) -> None:
    for (name, clause), outcome in sorted(run.outcomes.items()):
        if outcome.outcome == "known-deviation":
            _write_line(terminal, f"{name}: known deviation from {clause}: {outcome.message}")


def _as_one_that(function: str, diagnosis: Sequence[str]) -> str | None:
    article = "an" if function[0] in "aeio" else "a"
    return "\nor ".join(f"as {article} {function} that {phrase}" for phrase in diagnosis) or None


def _labelled(label: str, text: str | None) -> list[str]:
    """``text`` under a label, its further lines indented as the first."""
    if text is None:
        return []
    first, *rest = text.splitlines()
    return [f"  {label:<9} {first}", *(" " * 12 + line for line in rest)]


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""


def _command(run: Run, implementation: str, clause: str, nodeid: str) -> str:
    """The command that shows one failure again, with every option that was given and that it may depend on."""
    options = run.options
    spec = run.task.named[implementation].spec
    item = f"{nodeid.partition('[')[0]}[{item_id(printable(spec), clause)}]"
    words = ["pytest", shlex.quote(item), "--impl", shell_word(spec)]
    words += asked_again(vars(options))
    words += [f"--assignment {shell_word(options.assignment.path)}"] if options.assignment else []
    return " ".join([*words, f"--hypothesis-profile {options.profile}", f"--hypothesis-seed {options.seed}"])
