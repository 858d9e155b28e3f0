"""sortDescending, stable. Of long lists only samples are stored."""
import numpy as np
import torch

from fixture import Fixture, formula


def generate():
    fixture = Fixture("sort")
    for name, length, quantum, seed in [
        ("one", 1, 0, 1), ("seven", 7, 0, 2), ("all equal", 3000, 1, 3), ("ties", 5000, 16, 4), ("200000", 200000, 0, 5),
        ("200000, ties", 200000, 1024, 6), ("empty", 0, 0, 7), ("long", 70001, 0, 8),
    ]:
        keys = formula([length], seed)
        if quantum:
            keys = (np.floor(keys * quantum) / quantum).astype(np.float32)
        values, indices = torch.sort(torch.from_numpy(keys), descending=True, stable=True)
        every = 1 if length <= 5000 else 37
        fixture.case(name, {}, {"values": values[::every], "indices": indices[::every].to(torch.int32)},
                     length=length, quantum=quantum, seed=seed, every=every)
    keys = np.array([0.0, -0.0, -1.0, np.inf, -np.inf, 1e-45, -1e-45, 1.0, -0.0, 0.0, 3e38, -3e38], dtype=np.float32)
    values, indices = torch.sort(torch.from_numpy(keys), descending=True, stable=True)
    fixture.case("special values", {"keys": keys}, {"values": values, "indices": indices.to(torch.int32)},
                 length=12, quantum=0, seed=0, every=1)
    fixture.save()
