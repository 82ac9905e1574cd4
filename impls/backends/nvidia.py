"""What Linux says of the NVIDIA driver, whichever library uses it."""

import re
from pathlib import Path

_SAYS = Path("/proc/driver/nvidia/version")


def driver() -> str:
    """The version of the kernel's driver, such as "580.65.06"; "unknown" where the kernel does not say."""
    try:
        text = _SAYS.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "unknown"
    found = re.search(r"\b\d+\.\d+(?:\.\d+)?\b", text)
    return found[0] if found else "unknown"
