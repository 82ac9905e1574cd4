"""The implementations that the suite checks, and how a name, a file or a module becomes one."""

from impls.backends import LAYOUTS, ArrayLibrary, library, probe
from impls.implementation import Absent, Implementation, Unloadable
from impls.submissions.spec import SpecError, builtins_present, resolve, with_unique_names

__all__ = [
    "LAYOUTS",
    "Absent",
    "ArrayLibrary",
    "Implementation",
    "SpecError",
    "Unloadable",
    "builtins_present",
    "library",
    "probe",
    "resolve",
    "with_unique_names",
]
