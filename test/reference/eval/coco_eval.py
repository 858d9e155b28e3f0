"""Small random datasets and what pycocotools makes of them: crowds, ties, gaps, empty images, all sizes.

Needs pycocotools 2.0.11, which Debian has not: run it with a Python that has pycocotools and NumPy.
"""
import contextlib
import copy
import io
import json

import numpy as np

from fixture import FIXTURES

HEIGHT, WIDTH = 110, 130


def generate():
    try:
        import pycocotools  # noqa: F401
    except ImportError:
        print("coco_eval: left as it is, for this Python has no pycocotools")
        return
    cases = [case(seed) for seed in range(12)]
    path = FIXTURES / "coco_eval.json"
    path.write_text(json.dumps({"height": HEIGHT, "width": WIDTH, "cases": cases}, separators=(",", ":")) + "\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KiB")


def case(seed):
    random = np.random.default_rng(seed)
    max_dets = [[1, 10, 100], [1, 2, 5], [1, 10, 500], [3]][seed % 4]
    dataset, results = scene(random, with_boxes=seed % 3 != 1)
    expected = {kind: evaluate(dataset, results, kind, max_dets, seed < 3) for kind in ("bbox", "segm")}
    return {"maxDets": max_dets, "dataset": dataset, "results": results, "expected": expected}


def scene(random, with_boxes):
    """A dataset and results. Without boxes the area of a result is its mask's, else its box's."""
    image_ids = [int(i) for i in random.permutation([4, 2, 900, 31, 7])]
    category_ids = [int(i) for i in random.permutation([9, 3, 40])]
    annotations, results = [], []
    # the fourth category has no object, the last image nothing at all, the first no object, the second no detection
    for number, image_id in enumerate(image_ids[:-1]):
        for category_id in category_ids:
            objects = [] if number == 0 else random_masks(random, int(random.integers(0, 5)))
            for mask in objects:
                encoded = encode(mask)
                x, y, w, h = box_of(mask)
                # the annotated area is not always the mask's, and lies on the limits of the ranges at times
                area = random.choice([float(mask.sum()), 1024.0, 9216.0, w * h * 0.8])
                # pycocotools takes the id 0 for "no match"
                annotations.append({
                    "id": 0 if len(annotations) == 9 else len(annotations) + 1, "image_id": image_id, "category_id": category_id, "segmentation": encoded,
                    "bbox": [x, y, w, h], "area": float(area), "iscrowd": int(random.random() < 0.15)})
            if number == 1:
                continue
            found = [shifted(mask, random) for mask in objects if random.random() < 0.85]
            found += [found[0]] if found else []
            found += random_masks(random, int(random.integers(0, 3)))
            for mask in found:
                result = {"image_id": image_id, "category_id": category_id, "segmentation": encode(mask),
                          "score": float(random.choice([0.1, 0.25, 0.5, 0.5, 0.9, round(random.random(), 3)]))}
                if with_boxes:
                    result["bbox"] = [v + round(float(random.normal(0, 0.3)), 2) for v in box_of(mask)]
                results.append(result)
    random.shuffle(results)
    # of a category without objects, and of one that is not listed
    strays = [{**results[0], "category_id": category_id} for category_id in (12, 77)]
    dataset = {
        "images": [{"id": i, "height": HEIGHT, "width": WIDTH, "file_name": f"{i}.png"} for i in image_ids],
        "categories": [{"id": i, "name": f"class {i}"} for i in [*category_ids, 12]],
        "annotations": annotations,
    }
    return dataset, [*results, *strays]


def random_masks(random, count):
    masks = []
    for _ in range(count):
        rx, ry = np.exp(random.uniform(np.log(2), np.log(70), 2))
        cx, cy = random.uniform(0, WIDTH), random.uniform(0, HEIGHT)
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        mask = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1
        if random.random() < 0.3:
            mask &= ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 >= 0.3
        if mask.any():
            masks.append(mask)
    # the same object twice: detections tie between them
    return masks + masks[:1] if random.random() < 0.2 else masks


def shifted(mask, random):
    dx, dy = random.integers(-3, 4, 2) if random.random() < 0.7 else (0, 0)
    moved = np.roll(mask, (int(dy), int(dx)), (0, 1))
    return moved if moved.any() else mask


def box_of(mask):
    ys, xs = np.nonzero(mask)
    return [float(xs.min()), float(ys.min()), float(np.ptp(xs) + 1), float(np.ptp(ys) + 1)]


def encode(mask):
    from pycocotools import mask as coco_mask
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return encoded["counts"].decode()


def evaluate(dataset, results, kind, max_dets, with_curves):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    dataset, results = copy.deepcopy(dataset), copy.deepcopy(results)
    for entry in [*dataset["annotations"], *results]:
        entry["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": entry["segmentation"]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dataset
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), kind)
        evaluation.params.maxDets = max_dets
        evaluation.evaluate()
        evaluation.accumulate()
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]
    per_class = {str(category): figures(precision[:, :, [k]], recall[:, [k]], max_dets)
                 for k, category in enumerate(evaluation.params.catIds)}
    curves = {str(category): precision[[0, 5], :, k, 0, -1].round(9).tolist()
              for k, category in enumerate(evaluation.params.catIds[:1 if with_curves else 0])}
    return {"figures": figures(precision, recall, max_dets), "perClass": per_class, "curves": curves}


def figures(precision, recall, max_dets):
    """COCOeval.summarize, at any number of max-dets."""
    def mean(values):
        values = values[values > -1]
        return None if len(values) == 0 else float(np.mean(values))

    sizes = {"s": 1, "m": 2, "l": 3}
    return {
        "AP": mean(precision[:, :, :, 0, -1]), "AP50": mean(precision[0, :, :, 0, -1]),
        "AP75": mean(precision[5, :, :, 0, -1]),
        **{f"AP{name}": mean(precision[:, :, :, area, -1]) for name, area in sizes.items()},
        **{f"AR{limit}": mean(recall[:, :, 0, m]) for m, limit in enumerate(max_dets)},
        **{f"AR{name}": mean(recall[:, :, area, -1]) for name, area in sizes.items()},
    }
