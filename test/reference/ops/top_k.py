"""topK: the k largest of each segment, ties by index."""
import numpy as np
import torch

from fixture import Fixture, formula

LOWEST = np.finfo(np.float32).min


def selected(segments, k, above, limit):
    """segments [S, L] f32; limit: how many leading entries of each segment take part."""
    values = np.full((len(segments), k), LOWEST, dtype=np.float32)
    indices = np.zeros((len(segments), k), dtype=np.int32)
    counts, available = [], []
    for s, row in enumerate(segments):
        valid = np.flatnonzero(row[: limit[s]] > np.float32(above))
        ordered, order = torch.sort(torch.from_numpy(row[valid]), descending=True, stable=True)
        n = min(k, len(valid))
        values[s, :n] = ordered[:n]
        indices[s, :n] = valid[order[:n].numpy()]
        counts.append(n)
        available.append(len(valid))
    return {"values": values, "indices": indices, "counts": np.array(counts, dtype=np.int32),
            "available": np.array(available, dtype=np.int32)}


def generate():
    fixture = Fixture("top_k")

    def case(name, shape, k, segments=1, firstColumn=0, above=None, count=None, quantum=0, seed=1, layout="dense",
             values=None):
        scores = formula(shape, seed) if values is None else np.array(values, dtype=np.float32).reshape(shape)
        if quantum:
            scores = (np.floor(scores * quantum) / quantum).astype(np.float32)
        items = shape[0] if count is None else count
        if segments == "columns":
            matrix = scores.reshape(-1, shape[-1])
            lists = np.ascontiguousarray(matrix[:, firstColumn:].T)
            limit = [items * (len(matrix) // max(1, shape[0]))] * len(lists)
        else:
            lists = scores.reshape(segments, -1)
            valid = items * (scores.size // max(1, shape[0]))
            limit = [max(0, min(lists.shape[1], valid - s * lists.shape[1])) for s in range(segments)]
        op = {"k": k, "segments": segments}
        if segments == "columns":
            op["firstColumn"] = firstColumn
        if above is not None:
            op["above"] = above
        inputs = {} if values is None else {"scores": scores}
        expected = selected(lists, k, -np.inf if above is None else above, limit)
        fixture.case(name, inputs, expected, op=op, shape=shape, count=count, quantum=quantum, seed=seed, layout=layout)

    case("objectness", [1, 7, 9, 3], 50, layout="channels4")
    case("largest level", [1, 200, 334, 3], 1000, layout="channels4", seed=2)
    case("largest level, many ties", [1, 200, 334, 3], 1000, layout="channels4", quantum=64, seed=3)
    case("200000 to 4096", [200000], 4096, seed=4)
    case("all equal", [5000], 100, quantum=1, seed=5)
    case("k is the length", [777], 777, quantum=32, seed=6)
    case("one of one", [1], 1)
    case("segments", [3, 500], 20, segments=3, seed=7)
    case("segments of a map", [3, 5, 8, 6], 40, segments=3, layout="channels4", seed=8)
    case("segments, counted", [3, 500], 400, segments=3, count=2, seed=9)
    case("above", [1, 30, 31, 3], 600, layout="channels4", above=0.05, quantum=100, seed=10)
    case("above, fewer than k", [3000], 1000, above=0.8, seed=11)
    case("above everything", [3000], 1000, above=2, seed=12)
    case("columns", [300, 12], 300, segments="columns", firstColumn=1, above=0.3, layout="channels4", seed=13)
    case("columns, fewer than rows", [500, 5], 64, segments="columns", quantum=16, layout="channels4", seed=14)
    case("columns, dense", [50, 3], 10, segments="columns", firstColumn=2, seed=15)
    case("columns, counted", [300, 7], 300, segments="columns", firstColumn=1, count=37, layout="channels4", seed=16)
    case("columns, none", [300, 7], 300, segments="columns", firstColumn=1, count=0, layout="channels4", seed=17)
    case("counted", [3000], 500, count=1234, seed=18)
    case("counted below k", [3000], 500, count=123, seed=19)
    case("special values", [12], 8, values=[0.0, -0.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1.0, -0.0, 0.0, 3e38])
    case("special values, all", [12], 12,
         values=[0.0, -0.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1.0, -0.0, 0.0, 3e38])
    case("nothing wanted", [12], 0)
    case("empty", [0], 0)
    case("no rows", [0, 4], 0, segments="columns", layout="channels4")
    fixture.save()
