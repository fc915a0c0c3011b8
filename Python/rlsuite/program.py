"""The command-line program, as the package brings it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Replaces this process by the program, with the same arguments."""
    program = Path(__file__).parent / "lib" / "rlsuite"
    # OpenBLAS would start a thread of its own when it loads; the suite has its own.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        os.execv(program, [sys.argv[0], *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"rlsuite: {program} can't be run: {error.strerror}")


if __name__ == "__main__":
    main()
