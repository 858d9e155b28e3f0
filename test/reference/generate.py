#!/usr/bin/env python3
"""Makes the committed references anew, all of them or those named: generate.py [NAME …].

Needs Debian's python3-torch and python3-torchvision, and python3-skimage and python3-opencv for eval/. Each module in ops/
(one for each op), models/ (whole models) and eval/ (measures) has a function generate(). The files of weights have a script of their own, io/generate.py.
"""
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def modules():
    """Name of what is made -> name of the module that makes it."""
    found = {}
    for folder in ("ops", "models", "eval"):
        for path in sorted((HERE / folder).glob("*.py")):
            if "def generate(" in path.read_text():
                found[path.stem] = f"{folder}.{path.stem}"
    return found


if __name__ == "__main__":
    known = modules()
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"no reference {name}; there are: {', '.join(known)}")
        importlib.import_module(known[name]).generate()
