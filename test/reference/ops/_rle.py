"""COCO run-length codes, written from the published semantics of pycocotools' mask module."""
import numpy as np


def counts_of(mask):
    """Runs of a mask [h, w] in column order, beginning with the zeros."""
    flat = np.asarray(mask, dtype=bool).T.reshape(-1)
    changes = np.flatnonzero(np.diff(np.concatenate([[False], flat]).astype(np.int8)))
    return np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()


def string_of(counts):
    characters = []
    for i, count in enumerate(counts):
        x = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            group = x & 0x1F
            x >>= 5
            more = x != (-1 if group & 0x10 else 0)
            characters.append(48 + group + (0x20 if more else 0))
    return bytes(characters)


def box_of(mask):
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return [0, 0, 0, 0]
    return [xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1]


def encoded(masks):
    """chars, ends, areas, boxes of masks [D, h, w]."""
    strings = [string_of(counts_of(mask)) for mask in masks]
    return {
        "chars": np.frombuffer(b"".join(strings), dtype=np.uint8),
        "ends": np.cumsum([len(s) for s in strings], dtype=np.int32),
        "areas": np.array([int(np.count_nonzero(mask)) for mask in masks], dtype=np.int32),
        "bounding_boxes": np.array([box_of(mask) for mask in masks], dtype=np.float32).reshape(-1, 4),
    }


def decode(rle):
    """COCO's compressed RLE {"size": [height, width], "counts": string} as a [height, width] mask of 0 and 1."""
    counts, value, shift = [], 0, 0
    for character in rle["counts"].encode():
        bits = character - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            value -= (bits & 0x10) << shift - 4
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value, shift = 0, 0
    flat = np.repeat(np.arange(len(counts)) % 2, counts)
    height, width = rle["size"]
    return flat.reshape(width, height).T
