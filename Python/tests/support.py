"""What the tests share: where files are, and the package's own folder on the path."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not any((Path(entry) / "rlsuite" / "lib").is_dir() for entry in sys.path):
    sys.path.insert(0, str(ROOT / "Python"))
GOLDEN = ROOT / "Recordings" / "Golden"
