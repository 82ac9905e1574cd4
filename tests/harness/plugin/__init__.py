"""The suite as a pytest plugin: options, one test item for each clause and implementation, reports.

pytest loads it from ``addopts``, before it reads test paths from the command line.
"""

import argparse
import contextlib
import math
import os
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import reference
from impls import interrupt
from impls.backends import BACKENDS, DEVICES
from impls.calling import printable
from impls.isolation import MODES, IsolationError, Limits
from impls.submissions import aliases
from tests.conformance.known_deviations import KNOWN_DEVIATIONS
from tests.experiments import figures_of_the_lecture as figures
from tests.harness.drawing import profiles
from tests.harness.judging.diagnosis import Suspect
from tests.harness.judging.judge import ERROR, FAILED, KNOWN_DEVIATION, SKIPPED, Outcome
from tests.harness.plugin.run import Options, Run, item_id, pair_of_item
from tests.harness.reports import json as json_report
from tests.harness.reports import resume as earlier
from tests.harness.reports import terminal as terminal_report
from tests.harness.spec.clauses import CLAUSES, LARGE_SIZES, LEVELS, Property

CHECKOUT = Path(__file__).parents[3]

run_key = pytest.StashKey[Run]()
_outcome_key = pytest.StashKey[Outcome]()


_DEFAULT_LARGEST = 2**24
_SAY_EVERY, _WRITE_EVERY = 5.0, 2.0
"""Seconds between the lines that say how far a run is, and between the writings of its result."""


def _elements(text: str) -> int:
    try:
        base, _, power = text.partition("**")
        count = int(base) ** int(power or 1)
    except ValueError:
        count = 0
    if count < LARGE_SIZES[0]:
        raise argparse.ArgumentTypeError(f"{text}: a number of elements is needed, {LARGE_SIZES[0]} or more, or 2**31")
    return count


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number of seconds above 0 is needed")
    return seconds


def _mebibytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text}: a whole number of MiB above 0 is needed")
    return int(text)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "conformance to the formulas of the lecture")
    group.addoption(
        "--impl",
        action="append",
        default=[],
        metavar="SPEC",
        help="what to check (repeatable): a built-in name, a path to a .py file, a folder of them, package.module, "
        "or package.module:object; without it every built-in whose library and device are there",
    )
    group.addoption("--arrays", choices=tuple(BACKENDS), help="the arrays that the functions named by --impl take")
    group.addoption("--device", choices=DEVICES, help="the device that those arrays are on")
    group.addoption(
        "--isolation",
        choices=MODES,
        help="where implementations run: each in a process of its own (process: the default for files and folders), "
        "in a sandbox of its own (bwrap), or in this process (none: the default for built-ins and modules)",
    )
    group.addoption(
        "--call-seconds",
        type=_seconds,
        default=Limits.call_seconds,
        metavar="S",
        help="how long an isolated implementation may take for one call (%(default)s)",
    )
    group.addoption(
        "--load-seconds",
        type=_seconds,
        default=Limits.load_seconds,
        metavar="S",
        help="how long an isolated implementation may take to be loaded (%(default)s)",
    )
    group.addoption(
        "--total-seconds",
        type=_seconds,
        metavar="S",
        help="how long an isolated implementation may take for all calls of one function "
        f"({Limits.total_seconds:g}; without a limit where --impl names a single file)",
    )
    group.addoption(
        "--memory-mib",
        type=_mebibytes,
        default=Limits.memory_mib,
        metavar="N",
        help="how many MiB of address space an isolated implementation may use (%(default)s; with torch 8192 more)",
    )
    group.addoption("--level", choices=LEVELS, help="the required level; robust includes textbook")
    group.addoption("--require-complete", action="store_true", help="a function that is not implemented is a failure")
    group.addoption(
        "--large",
        nargs="?",
        const=_DEFAULT_LARGEST,
        type=_elements,
        metavar="N",
        help="judge the clauses for large arrays as well, on up to N elements (--large alone: 2**24); see README.md",
    )
    group.addoption(
        "--accuracy",
        action="store_true",
        help="after the run, search for the largest errors by function, dtype and implementation, and print a table",
    )
    group.addoption(
        "--figures",
        metavar="DIR",
        type=Path,
        help="after the run, draw the lecture's figures from what each implementation computes, as PNG files in DIR",
    )
    group.addoption(
        "--aliases",
        type=Path,
        metavar="PATH",
        help="a TOML table of the names that functions have instead of the interface's, see README.md",
    )
    group.addoption("--conformance-json", metavar="PATH", type=Path, help="write the result as JSON to this file")
    group.addoption(
        "--resume",
        action="store_true",
        help="go on with the interrupted run that wrote --conformance-json: what it had judged is not judged again",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    interrupt.watch()
    try:
        profiles.draw_without_constants_of_modules()
        profiles.register()
        config.stash[run_key] = run = Run(_options(config), KNOWN_DEVIATIONS, _suspects)
        config.add_cleanup(run.end_workers)
        hypothesis.settings.load_profile(run.options.profile)
        if run.options.specs or run.options.arrays or run.options.device:
            run.resolve()
        _take_up(config, run)
    except (ValueError, IsolationError) as wrong:
        raise pytest.UsageError(str(wrong)) from wrong
    if run.options.aliases.implementations:
        names = {one.name for one in run.implementations} | {one.name for one in run.unloadable}
        if unknown := sorted(set(run.options.aliases.implementations) - names):
            raise pytest.UsageError(f"--aliases: {unknown[0]} is none of the implementations of this run")
    if config.getoption("accuracy") and config.getoption("dist", "no") != "no":
        raise pytest.UsageError("--accuracy measures in one process: leave out -n")
    if (folder := config.getoption("figures")) is not None:
        if missing := figures.needs():
            raise pytest.UsageError(f"--figures: {missing}")
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise pytest.UsageError(f"--figures {folder}: needs a folder that can be written, or none yet")
    path = config.getoption("conformance_json")
    if path is not None and (path.is_dir() or not os.access(path.resolve().parent, os.W_OK)):
        folder = path.resolve().parent
        raise pytest.UsageError(
            f"--conformance-json {path}: needs the path of a file, in a folder that can be written ({folder})"
        )
    if not run.options.specs:
        _refuse_submissions_among_tests(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reporter(config))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say where plans may be kept from run to run: in pytest's folder for such things, unless it is switched off."""
    cache = getattr(session.config, "cache", None)
    session.config.stash[run_key].cache = None if cache is None else cache.mkdir("conformance")


def _suspects(function: str) -> list[Suspect]:
    """The known mistakes of a function; imported only where something has failed, since they are many."""
    from tests.mistakes import MISTAKES

    known = (mistake for mistake in MISTAKES.values() if mistake.clause.function == function)
    return [Suspect(mistake.clause.id, mistake.misconception, mistake.make) for mistake in known]


def _refuse_submissions_among_tests(config: pytest.Config) -> None:
    for argument in config.args:
        path = Path(argument.partition("::")[0])
        if path.exists() and not path.resolve().is_relative_to(CHECKOUT):
            raise pytest.UsageError(f"{argument} is no test of this suite; to have it checked say --impl {argument}")


def _take_up(config: pytest.Config, run: Run) -> None:
    """With --resume: leave out what the earlier run has judged, here or, as the controller says, in a worker."""
    if not config.getoption("resume"):
        return
    if hasattr(config, "workerinput"):
        run.resumed = {name: {} for name in config.workerinput["conformance_resumed"]}
        return
    path = config.getoption("conformance_json")
    if path is None:
        raise earlier.NotThisRun("--resume goes on with the result in --conformance-json PATH, which is not given")
    before = earlier.read(path)
    earlier.check(path, earlier.asked(run.options))
    rows = {one.name: before.row(one) for one in run.implementations}
    run.resumed = {name: row for name, row in rows.items() if row}


def _earlier_seed(config: pytest.Config) -> int | None:
    """The seed of the run that is gone on with, where the command names none."""
    path = config.getoption("conformance_json")
    if not config.getoption("resume") or path is None or config.getoption("hypothesis_seed") is not None:
        return None
    return earlier.read(path).seed


def _options(config: pytest.Config) -> Options:
    profile = profiles.choose(config.getoption("hypothesis_profile"))
    handed_down = getattr(config, "workerinput", {}).get("conformance_seed")
    if handed_down is None:
        handed_down = _earlier_seed(config)
    return Options(
        specs=tuple(config.getoption("impl")),
        arrays=config.getoption("arrays"),
        device=config.getoption("device"),
        level=config.getoption("level"),
        require_complete=config.getoption("require_complete"),
        profile=profile,
        seed=profiles.seed(config.getoption("hypothesis_seed"), profile) if handed_down is None else handed_down,
        isolation=config.getoption("isolation"),
        call_seconds=config.getoption("call_seconds"),
        load_seconds=config.getoption("load_seconds"),
        total_seconds=config.getoption("total_seconds"),
        memory_mib=config.getoption("memory_mib"),
        large=config.getoption("large"),
        aliases=aliases.read(path, reference.FUNCTIONS) if (path := config.getoption("aliases")) else aliases.Aliases(),
        selected=" ".join(filter(None, (config.getoption("keyword", ""), config.getoption("markexpr", "")))),
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    run = node.config.stash[run_key]
    node.workerinput["conformance_seed"] = run.options.seed
    node.workerinput["conformance_resumed"] = list(run.resumed)


def pytest_report_header(config: pytest.Config) -> list[str]:
    options = config.stash[run_key].options
    level = options.level or "as each implementation requires"
    return [f"conformance: profile {options.profile}, seed {options.seed}, level {level}"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    property_: Property | None = getattr(metafunc.function, "conforms_to", None)
    if property_ is None:
        return
    run = metafunc.config.stash[run_key]
    expected = filter(run.is_expected, property_.clauses)
    to_judge = [one.name for one in run.implementations if one.name not in run.resumed]
    pairs = [(name, clause.id) for clause in expected for name in to_judge]
    metafunc.parametrize("conformance_case", pairs, ids=[item_id(*pair) for pair in pairs], indirect=True)


@pytest.fixture
def conformance_case(request: pytest.FixtureRequest) -> Any:
    """Judges one implementation on one clause when called; the outcome decides the item's."""
    run = request.config.stash[run_key]
    name, clause = request.param

    def judge() -> None:
        outcome = run.judge(name, clause)
        request.node.stash[_outcome_key] = outcome
        request.node.user_properties += [
            ("clause", clause),
            ("level", CLAUSES[clause].level),
            ("outcome", outcome.outcome),
        ]
        if outcome.outcome == SKIPPED and not run.needs(clause):
            pytest.skip(outcome.message or SKIPPED)
        if outcome.outcome == KNOWN_DEVIATION:
            raise pytest.xfail.Exception(f"known deviation: {outcome.message}", pytrace=False)
        if outcome.outcome in (FAILED, ERROR, SKIPPED):
            if not run.is_required(name, clause):
                reason = f"beyond the required level: {clause} {outcome.outcome}: {outcome.message}"
                raise pytest.xfail.Exception(reason, pytrace=False)
            pytest.fail(terminal_report.failure(run, name, clause, outcome, request.node.nodeid), pytrace=False)

    return judge


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where nothing could be loaded there is nothing to parametrize over: drop what pytest would show as skipped."""
    items[:] = [item for item in items if not hasattr(getattr(item, "function", None), "conforms_to") or _pair(item)]
    if any(map(_pair, items)) and config.stash[run_key].one_after_the_other:
        place = {one.name: at for at, one in enumerate(config.stash[run_key].implementations)}
        items.sort(key=lambda item: place[pair[0]] if (pair := _pair(item)) else -1)
    for item in items:
        if _pair(item):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


def pytest_collection_finish(session: pytest.Session) -> None:
    run = session.config.stash[run_key]
    run.scheduled |= {pair for pair in map(_pair, session.items) if pair}
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    if terminal and run.one_after_the_other and session.config.get_verbosity() <= 0:
        terminal.showfspath = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    node.config.stash[run_key].scheduled |= {pair for pair in map(pair_of_item, ids) if pair}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: hand the controller what could not be loaded here."""
    if hasattr(session.config, "workeroutput"):
        unloadable = session.config.stash[run_key].unloadable
        session.config.workeroutput["conformance_unloadable"] = [(one.name, one.reason) for one in unloadable]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    handed_up = getattr(node, "workeroutput", {}).get("conformance_unloadable", ())
    node.config.stash[run_key].not_loaded_again.update(handed_up)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and (outcome := item.stash.get(_outcome_key, None)):
        report.conformance_outcome = outcome.as_json()  # type: ignore[attr-defined]
    return report


class Reporter:
    """In the process that reports: gathers outcomes, settles the verdicts at the end, writes and prints them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._run = config.stash[run_key]
        self._failures: list[pytest.TestReport] = []
        self._verdicts: set[str] = set()
        self._report = json_report.Report(self._run)
        self._left: Counter[str] = Counter()
        self._said = time.monotonic()
        self._written = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not (pair := pair_of_item(report.nodeid)):
            return
        if outcome := getattr(report, "conformance_outcome", None):
            self._run.outcomes[pair] = Outcome(**outcome)
        elif report.failed:
            died = report.when not in ("setup", "call", "teardown")
            what = "the process died while it judged this" if died else "the test itself failed"
            self._run.outcomes[pair] = Outcome(ERROR, message=f"{what}: {report.longrepr}")
        if report.when == "call" and self._run.one_after_the_other:
            self._count(pair[0])

    def _count(self, name: str) -> None:
        """Note that one more clause of an implementation is judged; with its last one save the result so far."""
        if not self._left:
            self._left.update(who for who, _ in self._run.scheduled)
        self._left[name] -= 1
        if self._left[name]:
            return
        now = time.monotonic()
        if now - self._said > _SAY_EVERY:
            self._said = now
            self._say_how_far()
        path = self._config.getoption("conformance_json")
        if path and now - self._written > _WRITE_EVERY:
            with contextlib.suppress(OSError):  # said at the end, when it still cannot be written
                json_report.write(path, self._report.text())
            self._written = time.monotonic()

    def _say_how_far(self) -> None:
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        count = len(self._left)
        done = sum(left <= 0 for left in self._left.values())
        if terminal is None or done == count:
            return
        elapsed = time.perf_counter() - self._run.started
        rest = elapsed / done * (count - done)
        terminal.ensure_newline()
        terminal.write_line(f"{done} of {count} judged, {_minutes(elapsed)} elapsed, about {_minutes(rest)} to go")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
        """Of a class only the lines that say how far the run is: thousands of dots would hide them."""
        if config.get_verbosity() > 0 or report.when != "call" or not pair_of_item(report.nodeid):
            return None
        if not self._run.one_after_the_other:
            return None
        outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        return outcome, "", outcome.upper()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        run = self._run
        if not self._concerned():
            return
        run.stopped = (
            bool(session.shouldstop or session.shouldfail) or session.exitstatus == pytest.ExitCode.INTERRUPTED
        )
        run.close()
        for name, reason in run.failures_without_item():
            self._fail(session, name, reason)
        if path := self._config.getoption("conformance_json"):
            try:
                json_report.write(path, self._report.text())
            except OSError as raised:
                self._fail(session, "--conformance-json", f"{path} could not be written: {raised}")
        self._hold_back_failures()

    def _fail(self, session: pytest.Session, name: str, reason: str) -> None:
        """Add one failed test item, so that JUnit, the summary and the exit status show what no item could."""
        name = printable(name)
        nodeid = f"tests/conformance::verdict[{name}]"
        self._verdicts.add(nodeid)
        report = pytest.TestReport(
            nodeid,
            ("tests/conformance", None, f"verdict[{name}]"),
            {},
            "failed",
            f"{name}: {printable(reason)}",
            "call",
        )
        self._config.hook.pytest_runtest_logreport(report=report)
        session.testsfailed += 1
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _hold_back_failures(self) -> None:
        """Keep pytest from printing our failures in its own section: they come once, after the matrix."""
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is None:
            return
        others: list[pytest.TestReport] = []
        for report in terminal.stats.get("failed", []):
            ours = pair_of_item(report.nodeid) or report.nodeid in self._verdicts
            (self._failures if ours else others).append(report)
        if self._failures:
            terminal.stats["failed"] = others

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._concerned():
            if self._failures:  # an empty entry would colour a run without failures red
                terminalreporter.stats["failed"].extend(self._failures)
            terminal_report.write(terminalreporter, self._run, [str(report.longrepr) for report in self._failures])
        if self._config.getoption("accuracy"):
            terminal_report.write_accuracy(terminalreporter, self._run)
        if (folder := self._config.getoption("figures")) is not None:
            terminal_report.write_figures(terminalreporter, self._run, folder)

    def _concerned(self) -> bool:
        """Whether this run is one of the conformance tests at all, and not of others alone."""
        if self._config.option.collectonly:
            return False
        return bool(self._run.scheduled or self._run.options.specs or self._config.getoption("conformance_json"))


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _pair(item: pytest.Item) -> tuple[str, str] | None:
    """The (implementation, clause) of an item; None where it is no conformance test."""
    callspec = getattr(item, "callspec", None)
    pair = callspec.params.get("conformance_case") if callspec else None
    return pair if isinstance(pair, tuple) else None
