"""stackLists, gatherRows with its gradient, and segmentLabels."""
import numpy as np

from fixture import Fixture, formula

LOWEST = np.finfo(np.float32).min


def generate():
    fixture = Fixture("lists")
    for name, lengths, counts, capacity, inner in [
        ("scores", (5, 0, 3, 9), (4, 0, 3, 9), 9, []), ("boxes", (5, 3), (0, 2), 7, [4]), ("cut off", (9, 2), (8, 2), 6, [4]),
        ("long", (1000, 819), (1000, 700), 1000, [4]), ("no room", (2,), (2,), 0, []),
    ]:
        lists = [formula([1, n, *inner], n) for n in lengths]
        stacked = np.full([len(lists), capacity, *inner], 0 if inner else LOWEST, dtype=np.float32)
        for row, (values, used) in enumerate(zip(lists, counts)):
            stacked[row, : min(used, capacity)] = values[0, :used][:capacity]
        inputs = {f"list{i}": values for i, values in enumerate(lists)}
        inputs["counts"] = np.array(counts, dtype=np.int32)
        fixture.case(f"stack {name}", inputs,
                     {"stacked": stacked, "counts": np.minimum(counts, capacity).astype(np.int32)},
                     kind="stack", op={"capacity": capacity})
    rng = np.random.default_rng(3)
    for name, shape, n, used in [
        ("boxes", [3, 11, 4], 20, None), ("boxes, counted", [3, 11, 4], 20, 7), ("three", [30, 3], 25, 24),
        ("single", [40, 1], 2500, 2400), ("none in use", [40, 8], 9, 0), ("no indices", [40, 4], 0, None),
    ]:
        source = formula(shape, n)
        rows = source.reshape(-1, shape[-1])
        indices = rng.integers(0, len(rows), n).astype(np.int32)
        gathered = rows[indices].copy()
        gathered[n if used is None else used:] = 0
        d_rows = np.zeros(rows.shape)
        np.add.at(d_rows, indices[:used], formula(gathered.shape, 9).astype(np.float64)[:used])
        fixture.case(f"gather {name}", {"source": source, "indices": indices},
                     {"y": gathered, "d_source": d_rows.reshape(shape)}, kind="gather", count=used)
    for name, n, used, length in [("labels", 70, None, 9), ("labels, counted", 70, 20, 100), ("labels none", 0, None, 3)]:
        indices = rng.integers(0, 1000, n).astype(np.int32)
        labels = indices // length + 1
        labels[n if used is None else used:] = 0
        fixture.case(name, {"indices": indices}, {"labels": labels.astype(np.int32)}, kind="labels", count=used,
                     op={"segmentLength": length})
    fixture.save()
