"""Which files and folders a worker may reach, for Landlock and for the sandbox alike: lists of paths."""

import glob
import os
import site
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from impls.backends import Needs

CHECKOUT = Path(__file__).resolve().parents[2]

SUITE = tuple(CHECKOUT / name for name in ("impls", "reference", "tests"))
"""What of the checkout is the suite's own; a submission may lie beside it, or in it as a file that is named."""

_ADAPTERS = CHECKOUT / "tests" / "libraries" / "adapters"
"""The adapters of released libraries are judged as submissions are, and import what lies beside them."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_ETC = (
    *("alternatives", "fonts", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias"),
    *(
        "localtime",
        "mime.types",
        "nsswitch.conf",
        "OpenCL",
        "os-release",
        "passwd",
        "pki",
        "python3*",
        "ssl",
        "timezone",
    ),
)
_TOLD = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def system(environment: Mapping[str, str], path: Iterable[str] = ()) -> list[str]:
    """The programs and libraries of the machine and of this interpreter; not what may hold a secret, as /etc/shadow.

    path: the folders from which modules are imported.
    """
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *site.getsitepackages()}
    libraries = [one for one in environment.get("LD_LIBRARY_PATH", "").split(":") if one]
    etc = [one for name in _ETC for one in sorted(glob.glob(f"/etc/{name}"))]
    return [*outside_the_suite([*_SYSTEM, *sorted(prefixes), *path, *libraries]), *etc]


def told_of_the_machine(needs: Needs) -> list[str]:
    """What the kernel says of the processors and, for a driver, of its device."""
    return [*_TOLD, *needs.kernel_files]


def devices(needs: Needs) -> list[str]:
    """The devices that a worker may write to as well."""
    return [*_DEVICES, *(one for pattern in needs.device_files for one in sorted(glob.glob(f"/dev/{pattern}")))]


def outside_the_suite(paths: Iterable[str]) -> list[str]:
    """Those of these paths that are there, without the checkout: a folder around it becomes the rest of its entries.

    A folder in the checkout stays where it is none of the suite's own, as that of an interpreter.
    """
    found = []
    for path in map(os.path.abspath, paths):
        if not os.path.exists(path) or os.path.samefile(path, CHECKOUT) or is_of_the_suite(path):
            continue
        if CHECKOUT.is_relative_to(os.path.realpath(path)):
            found += outside_the_suite(os.path.join(path, name) for name in sorted(os.listdir(path)))
        else:
            found.append(path)
    return found


def is_of_the_suite(path: str) -> bool:
    """Whether a path lies in the suite's own folders, and is no submission there."""
    real = Path(os.path.realpath(path))
    return any(map(real.is_relative_to, SUITE)) and not real.is_relative_to(_ADAPTERS)
