import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countFrom,
  countsByScore,
  countVerdicts,
  matchAtIou,
  ratesOf,
  verdictsAt,
  type MatchCase,
} from '../../src/eval/match_at_threshold';

/** A case of one category from a full IoU matrix, detections by objects. */
function caseOf(scores: number[], crowds: number[], ious: number[][]): MatchCase {
  const pairs = ious.map((row) => row.flatMap((iou, object) => (iou >= 0.1 ? [{ object, iou }] : [])));
  const starts = [0];
  pairs.forEach((row, d) => starts.push(starts[d] + row.length));
  return {
    objects: { categories: crowds.map(() => 0), areas: crowds.map(() => 100), crowds },
    detections: { categories: scores.map(() => 0), areas: scores.map(() => 100), scores },
    overlaps: {
      starts,
      objects: pairs.flat().map(({ object }) => object),
      ious: pairs.flat().map(({ iou }) => iou),
    },
  };
}

/** COCO's rule written down anew: only what reaches the score takes part. */
function countNaively(
  scores: number[],
  crowds: number[],
  ious: number[][],
  minIou: number,
  minScore: number,
): number[] {
  const free = new Set(crowds.flatMap((crowd, object) => (crowd === 0 ? [object] : [])));
  const objects = free.size;
  let wrong = 0;
  scores.forEach((score, d) => {
    if (score < minScore) {
      return;
    }
    const able = [...free].filter((object) => ious[d][object] >= minIou);
    const best = able.sort((a, b) => ious[d][b] - ious[d][a] || b - a).at(0);
    if (best !== undefined) {
      free.delete(best);
    } else if (!crowds.some((crowd, object) => crowd === 1 && ious[d][object] >= minIou)) {
      wrong++;
    }
  });
  return [objects - free.size, wrong, free.size];
}

describe('matchAtIou', () => {
  test('the higher score takes the object, the other one is false', () => {
    const one = caseOf([0.9, 0.8], [0], [[0.6], [0.95]]);
    expect([...matchAtIou(one, 0.5)]).toEqual([0, -1]);
    expect([...matchAtIou(one, 0.7)]).toEqual([-1, 0]);
  });

  test('an IoU of exactly the bound is enough', () => {
    expect([...matchAtIou(caseOf([0.9], [0], [[0.5]]), 0.5)]).toEqual([0]);
  });

  test('a crowd takes any number of detections, after objects', () => {
    const one = caseOf([0.9, 0.8, 0.7], [0, 1], [[0.6, 0.99], [0.6, 0.9], [0, 0.8]]); // prettier-ignore
    const matches = matchAtIou(one, 0.5);
    expect([...matches]).toEqual([0, 1, 1]);
    const verdicts = verdictsAt(one, matches, 0);
    expect(verdicts).toEqual({ objects: ['found', 'ignored'], detections: ['found', 'ignored', 'ignored'] });
    expect(countVerdicts(verdicts.objects, verdicts.detections)).toEqual({
      truePositives: 1,
      falsePositives: 0,
      falseNegatives: 0,
    });
  });

  test('matching once serves every score threshold: as matching anew what reaches it', () => {
    const matrix = fc.integer({ min: 0, max: 8 }).chain((detections) =>
      fc.integer({ min: 0, max: 6 }).chain((objects) =>
        fc.record({
          // few values, so that ties are met
          scores: fc.array(fc.constantFrom(0.1, 0.3, 0.5, 0.7), { minLength: detections, maxLength: detections }),
          crowds: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: objects, maxLength: objects }),
          ious: fc.array(fc.array(fc.constantFrom(0, 0.2, 0.5, 0.6, 0.9), { minLength: objects, maxLength: objects }), {
            minLength: detections,
            maxLength: detections,
          }),
        }),
      ),
    );
    fc.assert(
      fc.property(matrix, fc.constantFrom(0.1, 0.5, 0.75), ({ scores, crowds, ious }, minIou) => {
        scores.sort((a, b) => b - a);
        const one = caseOf(scores, crowds, ious);
        const matches = matchAtIou(one, minIou);
        const thresholds = [0, 0.1, 0.4, 0.5, 0.7, 0.71];
        const curve = countsByScore([one], [matches], thresholds);
        thresholds.forEach((threshold, i) => {
          const { objects, detections } = verdictsAt(one, matches, threshold);
          const counts = countVerdicts(objects, detections);
          expect(Object.values(counts)).toEqual(countNaively(scores, crowds, ious, minIou, threshold));
          expect(curve[i]).toEqual(counts);
        });
      }),
      { seed: 3, numRuns: 400 },
    );
  });
});

test('countFrom counts scores from the threshold on, the threshold included', () => {
  expect([1, 0.9, 0.5, 0.2, 0].map((threshold) => countFrom([0.9, 0.5, 0.5, 0.2], threshold))).toEqual([0, 1, 3, 4, 4]);
});

test('ratesOf gives null where there is nothing to divide by', () => {
  expect(ratesOf({ truePositives: 3, falsePositives: 1, falseNegatives: 2 })).toEqual({
    precision: 0.75,
    recall: 0.6,
    f1: 6 / 9,
  });
  const none = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
  expect(ratesOf(none)).toEqual({ precision: null, recall: null, f1: null });
  expect(ratesOf({ ...none, falseNegatives: 2 })).toEqual({ precision: null, recall: 0, f1: 0 });
});
