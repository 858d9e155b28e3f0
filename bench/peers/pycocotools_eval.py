"""Evaluates with pycocotools: pycocotools_eval.py GT PRED bbox|segm MAX_DETS [--serve].

Loads both files, evaluates, accumulates; prints {"milliseconds", "AP"} as one line of JSON. With --serve it does so again
for each line on stdin, in the same process.
"""
import contextlib
import io
import json
import sys
import time

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def evaluate(gt, pred, kind, max_dets):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(gt)
        evaluation = COCOeval(truth, truth.loadRes(pred), kind)
        evaluation.params.maxDets = max_dets
        evaluation.evaluate()
        evaluation.accumulate()
    milliseconds = (time.perf_counter() - start) * 1000
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    return {"milliseconds": milliseconds, "AP": float(np.mean(precision[precision > -1]))}


if __name__ == "__main__":
    gt, pred, kind, max_dets = sys.argv[1:5]
    limits = [int(limit) for limit in max_dets.split(",")]
    if "--serve" in sys.argv:
        for _ in sys.stdin:
            print(json.dumps(evaluate(gt, pred, kind, limits)), flush=True)
    else:
        print(json.dumps(evaluate(gt, pred, kind, limits)))
