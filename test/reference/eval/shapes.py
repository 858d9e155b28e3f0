"""Measures of masks by scikit-image, OpenCV and SciPy, and two-sample statistics by SciPy: test/reference/eval/shapes.json."""
import json
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage, stats
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.measure import euler_number, find_contours, perimeter_crofton, regionprops

PATH = Path(__file__).with_suffix(".json")
SHARES = (0.1, 0.5, 0.9)


def blob(rng, size, smooth, share):
    """A random mask with parts and holes: smoothed noise above a quantile."""
    noise = ndimage.gaussian_filter(rng.standard_normal(size), smooth, mode="constant")
    return noise > np.quantile(noise, 1 - share)


def masks():
    rng = np.random.default_rng(3)
    yield "pixel", np.pad(np.ones((1, 1), bool), ((3, 5), (2, 4)))
    yield "pixel that is the image", np.ones((1, 1), bool)
    yield "row", np.pad(np.ones((1, 9), bool), 3)
    yield "column", np.pad(np.ones((7, 1), bool), 3)
    yield "diagonal", np.pad(np.eye(8, dtype=bool), 2)
    yield "other diagonal", np.pad(np.eye(6, dtype=bool)[::-1], 2)
    yield "steep line", np.kron(np.eye(4, dtype=bool), np.ones((3, 1), bool))
    yield "2 x 2 without a corner", np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]], bool)
    yield "whole image", np.ones((6, 11), bool)
    yield "ring", np.pad(np.pad(np.zeros((5, 7), bool), 2, constant_values=True), 1)
    yield "hole behind a corner", np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 1]], bool)
    yield "two parts", np.pad(np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1]], bool), 1)
    y, x = np.mgrid[:40, :48]
    for angle in (0, 20, 45, 110):
        u = (x - 23.2) * np.cos(np.radians(angle)) - (y - 19.7) * np.sin(np.radians(angle))
        v = (x - 23.2) * np.sin(np.radians(angle)) + (y - 19.7) * np.cos(np.radians(angle))
        yield f"ellipse at {angle}", (u / 17) ** 2 + (v / 8) ** 2 <= 1
        yield f"rectangle at {angle}", (abs(u) <= 14) & (abs(v) <= 6)
    for i in range(24):
        size = tuple(rng.integers(12, 40, 2))
        mask = blob(rng, size, rng.uniform(0.7, 3.5), rng.uniform(0.1, 0.7))
        if i % 2 == 0:  # every other one a single part
            labels, _ = ndimage.label(mask, np.ones((3, 3)))
            mask = labels == labels.flat[np.argmax(mask)]
        yield f"blob {i}", mask


def counts_of(mask):
    """COCO's run lengths, column by column, background first."""
    flat = np.concatenate([[0], mask.astype(np.int8).ravel(order="F")])
    changes = np.flatnonzero(np.diff(flat))
    return np.diff(np.concatenate([[0], changes, [mask.size]])).tolist()


def least_width(points):
    """Over the edges of SciPy's hull: the least extent of all points across an edge."""
    hull = points[ConvexHull(points).vertices]
    edges = np.roll(hull, -1, axis=0) - hull
    normals = np.stack([-edges[:, 1], edges[:, 0]], 1) / np.linalg.norm(edges, axis=1, keepdims=True)
    extents = hull @ normals.T
    return (extents.max(0) - extents.min(0)).min()


def orientation(tensor):
    """Of scikit-image's regionprops, whose branch for equal diagonal elements is off by 90 degrees in 0.19."""
    return 0.5 * np.arctan2(-2 * tensor[0, 1], tensor[1, 1] - tensor[0, 0])


def measure(mask):
    region = regionprops(mask.astype(np.int32))[0]
    padded = np.pad(mask, 2)
    # contours at 0.5 run through the midpoints between pixels inside and outside
    contours = np.concatenate(find_contours(padded.astype(float), 0.5))
    contour = np.ascontiguousarray(contours[:, ::-1]).astype(np.float32)
    y, x = np.nonzero(mask)
    corners = np.concatenate([np.stack([x + dx, y + dy], 1) for dx in (0, 1) for dy in (0, 1)]).astype(np.float32)
    background = np.pad(~mask, 1, constant_values=True)
    return {
        "area": int(region.area),
        "crofton2": perimeter_crofton(padded, 2),
        "crofton4": perimeter_crofton(padded, 4),
        "feretMax": pdist(contours).max(),
        # skimage measures the contour of the rasterised hull, up to half a pixel outside of the mask's at each end
        "regionFeretMax": region.feret_diameter_max,
        "feretMin": least_width(contours),
        "hullPerimeter": cv2.arcLength(cv2.convexHull(contour), True),
        "cornerHullArea": cv2.contourArea(cv2.convexHull(corners)),
        # eigenvalues of the second central moments, without the 1/12 of the pixels' own extent
        "variances": [(region.major_axis_length / 4) ** 2, (region.minor_axis_length / 4) ** 2],
        "orientation": orientation(region.inertia_tensor),
        "regionSolidity": region.solidity,
        "centroid": [region.centroid[1], region.centroid[0]],
        "box": [region.bbox[1], region.bbox[0], region.bbox[3] - region.bbox[1], region.bbox[2] - region.bbox[0]],
        "euler": int(euler_number(padded, 2)),
        "parts": int(ndimage.label(mask, np.ones((3, 3)))[1]),
        "holes": int(ndimage.label(background)[1]) - 1,
    }


def samples():
    rng = np.random.default_rng(5)
    yield "same distribution", rng.lognormal(1, 0.4, 60), rng.lognormal(1, 0.4, 45)
    yield "shifted", rng.lognormal(1, 0.4, 60), rng.lognormal(1.2, 0.4, 80)
    yield "far apart", rng.normal(0, 1, 30), rng.normal(5, 1, 20)
    yield "ties", rng.integers(1, 7, 50).astype(float), rng.integers(2, 9, 40).astype(float)
    yield "one value each", np.array([1.0]), np.array([2.0])
    yield "equal", np.array([1.0, 2, 3]), np.array([3.0, 1, 2])
    yield "three against many", np.array([0.1, 0.5, 0.9]), rng.random(100)


def compare(a, b):
    a, b = np.round(a, 6), np.round(b, 6)
    distance = stats.ks_2samp(a, b).statistic
    effective = len(a) * len(b) / (len(a) + len(b))
    delta = float(np.sign(a[:, None] - b[None, :]).mean())
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "ksDistance": distance,
        # the limiting distribution, whatever the counts
        "ksPValue": float(stats.kstwobign.sf(np.sqrt(effective) * distance)),
        # of a random b above a random a, less the reverse
        "cliffsDelta": -delta,
        "meanA": a.mean(),
        "sdA": a.std(ddof=1) if len(a) > 1 else None,
        "hazenA": [float(np.quantile(a, share, method="hazen")) for share in SHARES],
        "cubeWeightedA": cube_weighted(np.sort(np.abs(a))),
    }


def cube_weighted(sorted_values):
    """Quantiles of the values, each weighing its cube: linear between the middles of the steps."""
    weights = sorted_values**3
    middles = (np.cumsum(weights) - weights / 2) / weights.sum()
    return np.interp(SHARES, middles, sorted_values).tolist()


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.9g}") if isinstance(value, (float, np.floating)) else value


def generate():
    cases = [{"name": name, "size": list(mask.shape), "counts": counts_of(mask), "expected": rounded(measure(mask))}
             for name, mask in masks()]
    pairs = [{"name": name, **rounded(compare(a, b))} for name, a, b in samples()]
    lines = [",\n".join(json.dumps(row, default=int) for row in rows) for rows in (cases, pairs)]
    PATH.write_text('{"masks": [\n%s\n], "samples": [\n%s\n]}\n' % tuple(lines))
    print(f"{PATH.name}: {len(cases)} masks, {len(pairs)} pairs of samples, {PATH.stat().st_size / 1024:.0f} KiB")
