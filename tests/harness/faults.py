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

    raised: the exception that came out of the call, None where the call returned.
    """

    def __init__(self, message: str, raised: BaseException | None = None) -> None:
        super().__init__(message)
        self.raised = raised


class Unimplemented(ImplementationError):
    """The implementation says that it has not written the function: NotImplementedError, None or Ellipsis."""
