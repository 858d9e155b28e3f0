"""Writes reference cases for one op as a safetensors file that the TypeScript tests read.

A case has attributes (JSON) and tensors: `NAME/in/ROLE` and `NAME/out/ROLE`. Expected values are computed in float64
and stored as float32. Layout is PyTorch's (NCHW, OIHW); the tests convert.
"""
import json
import struct
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent / "fixtures"
DTYPES = {"float32": "F32", "int32": "I32", "int64": "I64", "uint8": "U8", "bool": "BOOL", "uint32": "U32"}


class Fixture:
    def __init__(self, op):
        self.op = op
        self.tensors = {}
        self.cases = {}

    def case(self, name, inputs, outputs, **attributes):
        """`inputs` and `outputs`: role -> array or torch tensor."""
        assert name not in self.cases, name
        self.cases[name] = attributes
        for kind, values in (("in", inputs), ("out", outputs)):
            for role, value in values.items():
                self.tensors[f"{name}/{kind}/{role}"] = to_array(value)

    def save(self):
        FIXTURES.mkdir(exist_ok=True)
        header = {"__metadata__": {name: json.dumps(attributes) for name, attributes in self.cases.items()}}
        chunks, offset = [], 0
        for key, array in self.tensors.items():
            data = np.ascontiguousarray(array).tobytes()
            header[key] = {"dtype": DTYPES[str(array.dtype)], "shape": list(array.shape),
                           "data_offsets": [offset, offset + len(data)]}
            chunks.append(data)
            offset += len(data)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        path = FIXTURES / f"{self.op}.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
        print(f"{path.name}: {len(self.cases)} cases, {path.stat().st_size / 1024:.0f} KiB")


def to_array(value):
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    value = np.asarray(value)
    return value.astype(np.float32) if value.dtype == np.float64 else value


def formula(shape, seed):
    """Values in [-1, 1) that TypeScript makes bit for bit alike (test/helpers/formula.ts)."""
    count = int(np.prod(shape, dtype=np.int64))
    x = (np.arange(count, dtype=np.uint32) + np.uint32((seed * 0x9E3779B9) & 0xFFFFFFFF)).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x = (x.astype(np.uint64) * 0x7FEB352D & 0xFFFFFFFF).astype(np.uint32)
    x ^= x >> np.uint32(15)
    x = (x.astype(np.uint64) * 0x846CA68B & 0xFFFFFFFF).astype(np.uint32)
    x ^= x >> np.uint32(16)
    return ((x >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)).reshape(shape)


def gradients(y, inputs, cotangent=None):
    """`d_ROLE` -> gradient of sum(y * cotangent) by each of `inputs` (role -> leaf tensor or None), by torch.autograd.

    The cotangent is formula() of seed 9 unless given.
    """
    import torch
    if cotangent is None:
        cotangent = torch.from_numpy(formula(list(y.shape), 9)).double()
    leaves = {role: leaf for role, leaf in inputs.items() if leaf is not None}
    values = torch.autograd.grad(y, list(leaves.values()), cotangent)
    return {f"d_{role}": value for role, value in zip(leaves, values)}
