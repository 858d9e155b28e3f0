import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  challengeScore,
  countImage,
  sweepThreshold,
  type ChallengeScore,
  type ScoredImageIou,
} from '../../src/eval/challenge_score';
import { rleFromCounts, rleIou } from '../../src/eval/rle';

interface Figures {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly iou_sum: number;
  readonly precision: number;
  readonly recall: number;
  readonly score: number;
}

interface Case {
  readonly name: string;
  readonly images: {
    readonly size: readonly [number, number];
    readonly truths: number[][];
    readonly predictions: number[][];
    readonly scores: number[];
    readonly counts: readonly [tp: number, fp: number, fn: number, iouSum: number];
  }[];
  readonly expected: Figures;
  readonly sweep: (Figures & { readonly threshold: number })[];
  readonly best: (Figures & { readonly threshold: number }) | null;
}

// made by test/reference/eval/challenge_score.py on dense masks
const path = new URL('../reference/fixtures/challenge_score.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] };

function imagesOf({ images }: Case): ScoredImageIou[] {
  return images.map(({ size, truths, predictions, scores }) => {
    const [masks, objects] = [predictions, truths].map((list) => list.map((counts) => rleFromCounts(counts, ...size)));
    const iou = rleIou(
      masks,
      objects,
      objects.map(() => false),
    );
    return { iou, predictions: masks.length, groundTruths: objects.length, scores };
  });
}

function expectFigures(score: ChallengeScore, expected: Figures): void {
  expect([score.truePositives, score.falsePositives, score.falseNegatives]).toEqual([
    expected.tp,
    expected.fp,
    expected.fn,
  ]);
  expect(score.iouSum).toBeCloseTo(expected.iou_sum, 12);
  expect(score.precision).toBeCloseTo(expected.precision, 12);
  expect(score.recall).toBeCloseTo(expected.recall, 12);
  expect(score.score).toBeCloseTo(expected.score, 12);
}

/** The predictions of a confidence from `threshold` on. */
function keep({ iou, groundTruths, predictions, scores }: ScoredImageIou, threshold: number): ScoredImageIou {
  const rows = Array.from({ length: predictions }, (_, row) => row).filter((row) => scores[row] >= threshold);
  const kept = rows.flatMap((row) =>
    Array.from({ length: groundTruths }, (_, column) => iou[row * groundTruths + column]),
  );
  return { iou: kept, groundTruths, predictions: rows.length, scores: rows.map((row) => scores[row]) };
}

describe.each(cases)('$name', (one) => {
  const images = imagesOf(one);

  test('each image and all together', () => {
    images.forEach((image, i) => {
      const { truePositives, falsePositives, falseNegatives, iouSum } = countImage(image);
      const [tp, fp, fn, sum] = one.images[i].counts;
      expect([truePositives, falsePositives, falseNegatives]).toEqual([tp, fp, fn]);
      expect(iouSum).toBeCloseTo(sum, 12);
    });
    expectFigures(challengeScore(images.map(countImage)), one.expected);
  });

  test('the sweep: the reference at its thresholds, and bit for bit the score of what each step keeps', () => {
    const { steps, best } = sweepThreshold(images);
    for (const expected of one.sweep) {
      const step = steps.find(({ threshold }) => threshold === expected.threshold);
      expectFigures(step!, expected);
    }
    if (one.best === null) {
      expect(best).toBeNull();
    } else {
      expect(best?.threshold).toBe(one.best.threshold);
      expectFigures(best!, one.best);
    }
    for (const { threshold, predictions, ...figures } of steps) {
      const kept = images.map((image) => keep(image, threshold));
      expect(kept.reduce((sum, image) => sum + image.predictions, 0)).toBe(predictions);
      expect(figures).toEqual(challengeScore(kept.map(countImage)));
    }
    const distinct = [...new Set(one.images.flatMap(({ scores }) => scores))].sort((a, b) => a - b);
    expect(steps.map(({ threshold }) => threshold)).toEqual(distinct);
  });
});

test('the cases hold what they are for: several false positives, misses and ties', () => {
  const random = cases.find(({ name }) => name === 'random')!.expected;
  expect(Math.min(random.tp, random.fp, random.fn)).toBeGreaterThan(5);
  const tie = cases.find(({ name }) => name === 'exact tie')!.expected;
  expect(tie).toMatchObject({ tp: 2, fp: 0, fn: 0, iou_sum: 1 });
});

test('thousands of predictions are swept in a moment', () => {
  const predictions = 20_000;
  const groundTruths = 100;
  const iou = Float64Array.from({ length: predictions * groundTruths }, (_, i) => ((i * 7919) % 1009) / 1009);
  const scores = Array.from({ length: predictions }, (_, i) => ((i * 104_729) % 20_011) / 20_011);
  const start = performance.now();
  expect(sweepThreshold([{ iou, predictions, groundTruths, scores }]).steps).toHaveLength(predictions);
  expect(performance.now() - start).toBeLessThan(5000);
});
