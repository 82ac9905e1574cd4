"""Removes what a submission left in a folder: of any depth, any number and any permissions, but in limited time.

The work is done by a process of its own. A submission can make more folders than can be removed in minutes, and nest
them deeper than a recursion goes or a path is long.
"""

import contextlib
import os
import subprocess


def remove(folder: str, seconds: float) -> bool:
    """Remove a folder with all that is in it; whether it is gone when the time is over."""
    with contextlib.suppress(OSError):
        os.rmdir(folder)
    for command in (["rm", "-rf", "--"], ["chmod", "-R", "u+rwx", "--"], ["rm", "-rf", "--"]):
        if not os.path.lexists(folder):
            return True
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([*command, folder], timeout=seconds, stderr=subprocess.DEVNULL, check=False)
    return not os.path.lexists(folder)
