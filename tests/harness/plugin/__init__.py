"""The suite as a pytest plugin: options, and one test item for each clause and implementation.

pytest loads it from ``addopts``, before it reads test paths from the command line.
"""

import argparse
import gc
import math
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import reference
from impls import declared, interrupt
from impls.backends import BACKENDS, DEVICES
from impls.isolation import MODES, IsolationError, Limits
from impls.submissions import assignment
from impls.text import printable
from tests.harness.drawing import profiles
from tests.harness.plugin import cluster
from tests.harness.plugin.item import PairItem, items_of, pair_of
from tests.harness.plugin.keys import handed_key, run_key
from tests.harness.plugin.progress import Progress
from tests.harness.plugin.reporter import Reporter
from tests.harness.reports import folder as report_folder
from tests.harness.reports import resume as earlier
from tests.harness.reports import writing_result as json_report
from tests.harness.reports.elsewhere import Elsewhere
from tests.harness.reports.environment import environment
from tests.harness.reports.handed import Handed
from tests.harness.reports.options import Options, pair_of_item
from tests.harness.reports.rows_on_disk import Rows, beside
from tests.harness.reports.run import Run
from tests.harness.reports.task import Task
from tests.harness.spec.clauses import CLAUSES, LARGE_SIZES, LEVELS, Property

CHECKOUT = Path(__file__).parents[3]

_DEFAULT_LARGEST = 2**24


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
        "in a sandbox of its own (bwrap), or in this process (none: the default for built-ins that need no GPU, and "
        "for modules)",
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
        help="how many MiB of address space an isolated implementation may use (%(default)s; with torch or JAX 8192 "
        "more)",
    )
    group.addoption(
        "--task",
        choices=tuple(declared.TASKS),
        help="what a network is for, where neither an assignment nor its adapter declares it",
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
        "--assignment",
        type=Path,
        metavar="PATH",
        help="a TOML file that says what is asked for: functions, points, names, an adapter; see README.md",
    )
    group.addoption(
        "--report",
        metavar="DIR",
        type=Path,
        help="after the run, write pages, a gradebook and a summary into this folder: a new one, or an earlier report",
    )
    group.addoption(
        "--cluster",
        metavar="ADDRESS|local",
        help="judge the files and folders of --impl on a Dask cluster: the address of its scheduler, or local for one "
        "of this machine's processors; its workers are started in a checkout of this suite",
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
    if config.getoption("accuracy") and config.getoption("dist", "no") != "no":
        raise pytest.UsageError("--accuracy measures in one process: leave out -n")
    _check_places(config)
    try:
        profiles.draw_without_constants_of_modules()
        profiles.register()
        given = config.stash.get(run_key, None)  # of one batch of a cluster's run
        config.stash[run_key] = run = given or Run(_options(config))
        config.add_cleanup(run.loading.end_workers)
        hypothesis.settings.load_profile(run.options.profile)
        if hasattr(config, "workerinput"):
            run.task = Task.of_plain(config.workerinput["conformance_task"])
            run.is_alone = False
            return
        progress = Progress(run, sys.stdout, in_place=sys.stdout.isatty() and config.get_verbosity() <= 0)
        run.watch = progress.loading
        client = None
        if (address := config.getoption("cluster")) is not None:
            cluster.check(config, run)
            run.elsewhere = Elsewhere(run.loading.named, environment((), ()))
            run.task = Task({}, len(run.loading.named), one_after_the_other=True)
            client = cluster.connected(address)
            config.add_cleanup(client.close)
        elif run.options.specs or run.options.arrays or run.options.device:
            run.resolve()
        asked = None if given else run.options.assignment
        if asked and (unknown := asked.unknown({one.name: one.path for one in run.loading.named})):
            raise assignment.AssignmentError(f"--assignment {unknown}")
        _keep_rows(config, run)
    except (ValueError, IsolationError) as wrong:
        raise pytest.UsageError(printable(str(wrong))) from wrong
    if not run.options.specs:
        _refuse_submissions_among_tests(config)
    config.pluginmanager.register(reporter := Reporter(config, progress))
    if client is not None:
        config.pluginmanager.register(cluster.Cluster(config, client, reporter))


def _check_places(config: pytest.Config) -> None:
    """Refuse, before anything is loaded, a place that cannot be written at the end. Raises UsageError."""
    figures, report, path = (config.getoption(name) for name in ("figures", "report", "conformance_json"))
    if figures is not None and figures.exists() and not (figures.is_dir() and os.access(figures, os.W_OK)):
        raise pytest.UsageError(f"--figures {figures}: needs a folder that can be written, or none yet")
    if figures is not None and report is not None and figures.resolve().is_relative_to(report.resolve()):
        raise pytest.UsageError(
            f"--figures {figures}: needs a folder outside {report}; the pages there show the figures"
        )
    if report is not None:
        try:
            report_folder.check(report)
        except report_folder.CannotReport as wrong:
            raise pytest.UsageError(f"--report {wrong}") from wrong
    if path is not None and (path.is_dir() or not os.access(path.resolve().parent, os.W_OK)):
        raise pytest.UsageError(
            f"--conformance-json {path}: needs the path of a file, in a folder that can be written "
            f"({path.resolve().parent})"
        )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Take over what is handed to the harness, and pytest's folder for what is kept from run to run."""
    config, run = session.config, session.config.stash[run_key]
    run.handed = config.stash.get(handed_key, Handed())
    cache = getattr(config, "cache", None)
    run.cache = None if cache is None else cache.mkdir("conformance")
    if config.getoption("figures") is not None:
        missing = run.handed.figures.needs() if run.handed.figures else "tests/conftest.py was not read"
        if missing:
            raise pytest.UsageError(f"--figures: {missing}")


def _refuse_submissions_among_tests(config: pytest.Config) -> None:
    for argument in config.args:
        path = Path(argument.partition("::")[0])
        if path.exists() and not path.resolve().is_relative_to(CHECKOUT):
            raise pytest.UsageError(f"{argument} is no test of this suite; to have it checked say --impl {argument}")


def _keep_rows(config: pytest.Config, run: Run) -> None:
    """Say where rows are kept; with --resume begin with what the earlier run has judged, which is left out now."""
    path = config.getoption("conformance_json")
    if path is not None:
        run.rows = Rows(beside(path))
    if not config.getoption("resume"):
        return
    if run.rows is None:
        raise earlier.NotThisRun("--resume goes on with the result in --conformance-json PATH, which is not given")
    if before := earlier.read(path):
        earlier.check(path, before.asked, earlier.asked(run.options))
        if run.elsewhere:
            run.elsewhere.widen({**before.environment, **run.elsewhere.environment})
        run.rows.start(json_report.head(run), before.rows_of(run.loading.named))
        run.resumed = frozenset(run.rows)


def _earlier_seed(config: pytest.Config) -> int | None:
    """The seed of the run that is gone on with, where the command names none."""
    path = config.getoption("conformance_json")
    if not config.getoption("resume") or path is None or config.getoption("hypothesis_seed") is not None:
        return None
    before = earlier.read(path)
    return before.seed if before else None


def _options(config: pytest.Config) -> Options:
    profile = profiles.choose(config.getoption("hypothesis_profile"))
    handed_down = getattr(config, "workerinput", {}).get("conformance_seed")
    if handed_down is None:
        handed_down = _earlier_seed(config)
    path = config.getoption("assignment")
    asked = None if path is None else assignment.read(path, reference.PARAMETERS)
    if asked and not config.getoption("impl"):
        raise assignment.AssignmentError("--assignment says what is asked of submissions: name them with --impl")
    return Options(
        specs=tuple(config.getoption("impl")),
        arrays=config.getoption("arrays"),
        device=config.getoption("device"),
        level=config.getoption("level") or (asked.level if asked else None),
        require_complete=config.getoption("require_complete"),
        profile=profile,
        seed=profiles.seed(config.getoption("hypothesis_seed"), profile) if handed_down is None else handed_down,
        isolation=config.getoption("isolation"),
        call_seconds=config.getoption("call_seconds"),
        load_seconds=config.getoption("load_seconds"),
        total_seconds=config.getoption("total_seconds"),
        memory_mib=config.getoption("memory_mib"),
        large=config.getoption("large"),
        assignment=asked,
        task=config.getoption("task"),
        selected=" ".join(filter(None, (config.getoption("keyword", ""), config.getoption("markexpr", "")))),
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    run = node.config.stash[run_key]
    node.workerinput["conformance_seed"] = run.options.seed
    node.workerinput["conformance_task"] = run.task.as_plain()


def pytest_report_header(config: pytest.Config) -> list[str]:
    options = config.stash[run_key].options
    level = options.level or "as each implementation requires"
    return [f"conformance: profile {options.profile}, seed {options.seed}, level {level}"]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> list[PairItem] | None:
    """The items of a clause's test; where nothing could be loaded there are none."""
    property_: Property | None = getattr(obj, "conforms_to", None)
    if property_ is None or not name.startswith("test"):
        return None
    if not any(mark.name == "filterwarnings" for mark in collector.own_markers):
        collector.add_marker(pytest.mark.filterwarnings("ignore"))
    return list(items_of(collector, name, property_))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Judge the submissions of a class one after the other."""
    if any(map(pair_of, items)) and config.stash[run_key].task.one_after_the_other:
        place = {name: at for at, name in enumerate(config.stash[run_key].task.named)}
        items.sort(key=lambda item: place[pair[0]] if (pair := pair_of(item)) else -1)


def pytest_collection_finish(session: pytest.Session) -> None:
    run = session.config.stash[run_key]
    pairs = {item.pair: item for item in session.items if isinstance(item, PairItem)}
    run.scheduled |= pairs.keys()
    for item in {(who, CLAUSES[clause].function): item for (who, clause), item in pairs.items()}.values():
        item.ends = True
    gc.freeze()  # what is imported and collected stays to the end: to look for garbage in it takes a tenth of a run
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    if terminal and run.task.one_after_the_other and session.config.get_verbosity() <= 0:
        terminal.showfspath = False


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    pairs = [] if session.config.option.collectonly else list(filter(None, map(pair_of, session.items)))
    with session.config.stash[run_key].planning_ahead(pairs):
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    node.config.stash[run_key].scheduled |= {pair for pair in map(pair_of_item, ids) if pair}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if isinstance(item, PairItem):
        item.following = pair_of(nextitem) if nextitem else None
        item.ends = item.ends or nextitem is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and isinstance(item, PairItem) and item.outcome:
        report.conformance_outcome = item.outcome.as_json()  # type: ignore[attr-defined]
        item.outcome = None
    return report
