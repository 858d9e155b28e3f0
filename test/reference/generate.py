#!/usr/bin/env python3
"""Makes every committed reference fixture anew, or those named: generate.py [OP …].

Needs Debian's python3-torch and python3-torchvision. Each module in ops/ has a function generate().
"""
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

if __name__ == "__main__":
    known = sorted(path.stem for path in (HERE / "ops").glob("*.py") if not path.stem.startswith("_"))
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"no module ops/{name}.py; there are: {', '.join(known)}")
        importlib.import_module(f"ops.{name}").generate()
