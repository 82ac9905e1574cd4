"""What can be found wrong while a clause is checked, beside a call that fails (``impls.calling.CallFailed``)."""


class Nonconformance(AssertionError):
    """A value, shape, dtype or side effect is not what the clause demands: the clause has failed.

    came, due: the values in question, where there are any. ratio: the largest error over the error allowed.
    """

    def __init__(self, message: str, came: object = None, due: object = None, ratio: float | None = None) -> None:
        super().__init__(message)
        self.came = came
        self.due = due
        self.ratio = ratio


class HarnessFault(Exception):
    """The suite itself went wrong while it made a call; no implementation is to blame."""
