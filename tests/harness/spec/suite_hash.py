"""The hash of the suite: what is kept, resumed or compared holds for the sources that it was made with alone."""

import hashlib
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]


def hash_of_the_suite(checkout: Path = CHECKOUT) -> str:
    """Of everything in the checkout that a verdict can depend on."""
    digest = hashlib.sha256((checkout / "conformance.md").read_bytes())
    for folder in ("reference", "impls", "tests"):
        for path in sorted((checkout / folder).rglob("*.py")):
            digest.update(f"\0{path.relative_to(checkout).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
