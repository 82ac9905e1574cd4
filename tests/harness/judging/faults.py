"""What can be found wrong with an implementation while a clause is checked."""


class Nonconformance(AssertionError):
    """A value, shape, dtype or side effect is not what the clause demands: the clause has failed.

    came, due: the values in question, where there are any.
    """

    def __init__(self, message: str, came: object = None, due: object = None) -> None:
        super().__init__(message)
        self.came = came
        self.due = due


class ImplementationError(Exception):
    """The implementation raised, or returned something that is no array: the clause ends in an error.

    refused: the call raised an Exception, as one with wrong arguments may; not a SystemExit or the like.
    """

    def __init__(self, message: str, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Unimplemented(ImplementationError):
    """The implementation says that it has not written the function: NotImplementedError, None or Ellipsis."""

    def __init__(self, message: str) -> None:
        super().__init__(message, refused=True)


class NotToBeJudged(ImplementationError):
    """It cannot be told whether the function is right: what would have to be known is not the implementation's."""


class Abandoned(ImplementationError):
    """A call never came to an end: it ran out of time or its process died. Nothing more is tried on the clause."""


class HarnessFault(Exception):
    """The suite itself went wrong while it made a call; no implementation is to blame."""
