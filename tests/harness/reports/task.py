"""What a run has to judge, found once by the process that reports, and handed down to those that judge under xdist.

All processes then have the same items, in the same order, on the same bytes, whatever changes in a folder meanwhile
and whatever a submission does when it is loaded: what loads here and not there is an error of its own pairs.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impls.submissions.gate import Submission
from impls.submissions.mentioned_libraries import Mentions
from impls.submissions.spec import Named


@dataclass(frozen=True)
class Task:
    """named: what there is to judge, by name, in its order. count: of all that is judged, now or in an earlier run.

    one_after_the_other: whether one is judged to its end before the next, and not clause by clause. keeps_plans:
    whether plans may be kept on this machine, where none of the submissions reaches them. left_out: by implementation,
    the clauses that are not asked of it, as of a function that is not there under an assignment.
    """

    named: Mapping[str, Named]
    count: int
    one_after_the_other: bool
    keeps_plans: bool = False
    left_out: Mapping[str, list[str]] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """In values that execnet can send: paths are bytes, since a name need not be text."""
        named = [_plain(one) for one in self.named.values()]
        return {
            "named": named,
            "settings": [self.count, self.one_after_the_other, self.keeps_plans, dict(self.left_out)],
        }

    @staticmethod
    def of_plain(plain: Mapping[str, Any]) -> "Task":
        """The task that ``as_plain`` gave."""
        named = [_named(*one) for one in plain["named"]]
        return Task({one.name: one for one in named}, *plain["settings"])


def _plain(one: Named) -> list[Any]:
    read = one.read
    mentions = [*read.mentions.as_plain()] if read else []
    root = one.root and os.fsencode(one.root)
    return [
        *(one.name, os.fsencode(one.spec), one.path is not None, root),
        *(read and read.source, read and read.sha256, mentions),
    ]


def _named(
    name: str, spec: bytes, is_path: bool, root: bytes | None, source: Any, sha256: str | None, mentions: list[Any]
) -> Named:
    read = Submission(source, sha256, Mentions.of_plain(mentions)) if sha256 is not None else None
    text = os.fsdecode(spec)
    return Named(name, text, Path(text) if is_path else None, read, root=Path(os.fsdecode(root)) if root else None)
