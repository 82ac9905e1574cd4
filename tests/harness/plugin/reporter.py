"""The reports of test items go in; verdicts, the JSON, the report's folder and the end of the terminal come out."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from impls.text import printable, shell_word
from tests.harness.judging.faults import SEVERITIES
from tests.harness.judging.outcome import ERROR, Outcome
from tests.harness.plugin.keys import run_key
from tests.harness.plugin.progress import Progress
from tests.harness.reports import folder as report_folder
from tests.harness.reports import reading_result
from tests.harness.reports import terminal as terminal_report
from tests.harness.reports import writing_result as json_report
from tests.harness.reports.handed import Picture
from tests.harness.reports.options import is_of_verdict, pair_of_item, verdict_id
from tests.harness.reports.reading_row import NotAResult


def _elsewhere() -> Path:
    """A place for a result where nobody has named one that can be written."""
    return Path(tempfile.mkdtemp(prefix="conformance-")) / "result.json"


class Reporter:
    """In the process that reports: gathers outcomes, settles the verdicts at the end, writes and prints them."""

    def __init__(self, config: pytest.Config, progress: Progress) -> None:
        self._config = config
        self._run = config.stash[run_key]
        self._failures: list[pytest.TestReport] = []
        self._annotations: list[str] = []
        self._pictures: list[Picture] = []
        self._passing: Path | None = None
        """A folder that is taken away when the run ends."""
        self._path: Path | None = config.getoption("conformance_json")
        if self._path is None and config.getoption("report") is not None:
            self._path = _elsewhere()
            self._passing = self._path.parent
        config.add_cleanup(self._clean_up)
        self._report = json_report.Report(self._run, self._path) if self._path else None
        self._progress = progress

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
            self._run.unfinished.add(pair[0])
        if report.when == "call" and self._progress.judged(pair[0]) and self._report:
            with contextlib.suppress(OSError):  # said at the end, when it still cannot be written
                self._report.append(pair[0])

    def keep(self, rows: Sequence[Mapping[str, Any]], with_a_new_head: bool) -> None:
        """Keep rows that were judged elsewhere. Raises OSError."""
        assert self._report is not None
        self._report.keep(rows, with_a_new_head)

    def tell(self, name: str, failure: str | None) -> None:
        """Report an implementation that was judged elsewhere: as one test, which passed or failed."""
        self._progress.judged(name)
        self._say(name, failure)

    @pytest.hookimpl(trylast=True, specname="pytest_runtest_logreport")
    def forget(self, report: pytest.TestReport) -> None:
        """Keep nothing of what has passed in a class but how many there are: pytest would keep every report."""
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is None or not _is_ours(report) or not self._run.task.one_after_the_other:
            return
        if set(self._config.option.reportchars) & set("pPaAsx"):
            return
        terminal.stats.pop("", None)  # the reports of set-ups and tear-downs
        for kind in ("passed", "skipped", "xfailed"):
            if (reports := terminal.stats.get(kind)) and reports[-1] is report:
                reports[-1] = reports[0]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
        """Of a class only the lines that say how far the run is: thousands of dots would hide them."""
        if config.get_verbosity() > 0 or report.when != "call" or not _is_ours(report):
            return None
        if not self._run.task.one_after_the_other:
            return None
        outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        return outcome, "", outcome.upper()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        run = self._run
        self._progress.end()
        if not self._concerned():
            return
        run.stopped = (
            bool(session.shouldstop or session.shouldfail) or session.exitstatus == pytest.ExitCode.INTERRUPTED
        )
        run.close()
        for name, reason in run.failures_without_item():
            self._fail(session, name, reason)
        self._write_result(session)
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and run.resumed and not run.task.named:
            session.exitstatus = pytest.ExitCode.OK  # an earlier run has judged all there is
        self._draw_figures(session)
        self._write_folder(session)
        self._hold_back_failures()

    def _clean_up(self) -> None:
        if self._passing:
            shutil.rmtree(self._passing, ignore_errors=True)

    def _write_result(self, session: pytest.Session) -> None:
        """Write the JSON; where its disk is full, to another place, so that no verdict is lost."""
        if not self._report or not self._path:
            return
        try:
            self._report.write(self._path)
        except OSError as raised:
            why = f"{self._path} could not be written: {raised.strerror}"
            try:
                self._path = _elsewhere()
                self._report.write(self._path)
                why += f"; the result is in {self._path}"
            except OSError:
                self._path = None
            self._fail(session, "--conformance-json", why)

    def _write_folder(self, session: pytest.Session) -> None:
        """Write the report; where that fails, say how to do it later."""
        folder = self._config.getoption("report")
        if folder is None or self._path is None:
            return
        try:
            result = reading_result.read(self._path)
            self._annotations = list(report_folder.write(result, folder, os.environ, self._pictures))
        except (NotAResult, report_folder.CannotReport, OSError) as raised:
            self._passing = None
            why = getattr(raised, "strerror", None) or raised
            later = f"python -m tests.harness.reports {shell_word(str(self._path))} DIR"
            self._fail(session, "--report", f"{folder} could not be written: {why}; once there is room: {later}")

    def _draw_figures(self, session: pytest.Session) -> None:
        """Draw what --figures asks for; the report shows it as well."""
        figures, folder = self._run.handed.figures, self._config.getoption("figures")
        if figures is None or folder is None:
            return
        try:
            for picture in figures.write(self._run.implementations, folder):
                self._pictures.append(picture)
        except OSError as raised:
            self._fail(session, "--figures", f"{folder} could not be written: {raised}")

    def _fail(self, session: pytest.Session, name: str, reason: str) -> None:
        """Add one failed test item, so that JUnit, the summary and the exit status show what no item could."""
        self._say(name, f"{name}: {reason}")
        session.testsfailed += 1
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _say(self, name: str, failure: str | None) -> None:
        nodeid = verdict_id(printable(name))
        location = ("tests/conformance", None, nodeid.partition("::")[2])
        outcome: Literal["passed", "failed"] = "passed" if failure is None else "failed"
        report = pytest.TestReport(nodeid, location, {}, outcome, printable(failure) if failure else None, "call")
        self._config.hook.pytest_runtest_logreport(report=report)

    def _how_bad(self, report: pytest.TestReport) -> tuple[int, int]:
        """Where a failure is shown: by implementation, the worst first."""
        pair = pair_of_item(report.nodeid)
        outcome = self._run.outcomes.get(pair) if pair else None
        if pair is None or outcome is None:
            return -1, 0
        names = [one.name for one in self._run.implementations]
        severity = SEVERITIES.index(outcome.severity) if outcome.severity else len(SEVERITIES)
        return names.index(pair[0]), severity

    def _hold_back_failures(self) -> None:
        """Keep pytest from printing our failures in its own section: they come once, after the matrix."""
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        if terminal is None:
            return
        others: list[pytest.TestReport] = []
        for report in terminal.stats.get("failed", []):
            (self._failures if _is_ours(report) else others).append(report)
        if self._failures:
            terminal.stats["failed"] = others

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._concerned():
            if self._failures:  # an empty entry would colour a run without failures red
                terminalreporter.stats["failed"].extend(self._failures)
            failures = sorted(self._failures, key=self._how_bad)
            texts = [(pair_of_item(report.nodeid), str(report.longrepr)) for report in failures]
            write = terminal_report.write_elsewhere if self._run.elsewhere else terminal_report.write
            write(terminalreporter, self._run, texts)
        for line in self._annotations:  # a workflow obeys a command only where a line begins with it
            terminalreporter.write_line(line)
        if self._config.getoption("accuracy"):
            terminal_report.write_accuracy(terminalreporter, self._run)
        if self._config.getoption("figures") is not None:
            terminal_report.write_figures(terminalreporter, self._pictures)

    def _concerned(self) -> bool:
        """Whether this run is one of the conformance tests at all, and not of others alone."""
        if self._config.option.collectonly:
            return False
        return bool(self._run.scheduled or self._run.options.specs or self._config.getoption("conformance_json"))


def _is_ours(report: pytest.TestReport) -> bool:
    """Whether a report is about an implementation, and no test of another kind."""
    return is_of_verdict(report.nodeid) or pair_of_item(report.nodeid) is not None
