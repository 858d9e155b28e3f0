import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors';
import { matchDetections, matchedShare, sumMatches, type Detection } from '../../src/eval/match_detections';
import { rleEncode, rleToCoco } from '../../src/eval/rle';

const SIZE = 200;

/** Column-major mask of the pixels x0 <= x < x1, y0 <= y < y1. */
function rectangle(x0: number, y0: number, x1: number, y1: number, size = SIZE): Detection['mask'] {
  const mask = new Uint8Array(size * size);
  for (let x = x0; x < x1; x++) {
    mask.fill(1, x * size + y0, x * size + y1);
  }
  return rleToCoco(rleEncode(mask, size, size));
}

const BASE: Detection = { box: [10, 20, 110, 120], score: 0.8, label: 1, mask: rectangle(10, 20, 110, 120) };

function shares(a: readonly Detection[], b: readonly Detection[]): [number, number] {
  const { first, second } = matchDetections(a, b);
  return [matchedShare(first), matchedShare(second)];
}

describe('one pair', () => {
  const cases: [string, Partial<Detection>, boolean][] = [
    ['itself', {}, true],
    ['score 0.0099 away', { score: 0.8099 }, true],
    ['score 0.0101 away', { score: 0.7899 }, false],
    ['another class', { label: 2 }, false],
    ['a box with IoU 0.981', { box: [10, 20, 110, 118.1] }, true],
    ['a box with IoU 0.979', { box: [10, 20, 110, 117.9] }, false],
    ['a mask with IoU 0.97', { mask: rectangle(10, 20, 107, 120) }, true],
    ['a mask with IoU 0.96', { mask: rectangle(10, 20, 106, 120) }, false],
    ['an empty mask', { mask: rectangle(0, 0, 0, 0) }, false],
    ['a score that is not a number', { score: NaN }, false],
    ['a box that is not a number', { box: [10, NaN, 110, 120] }, false],
  ];
  for (const [name, changes, same] of cases) {
    test(`${name} ${same ? 'matches' : 'does not match'}`, () => {
      const other = { ...BASE, ...changes };
      const { first, second } = matchDetections([BASE], [other]);
      expect(first).toEqual({ asked: 1, matched: same ? 1 : 0 });
      expect(second).toEqual({ asked: other.score >= 0.1 ? 1 : 0, matched: same ? 1 : 0 });
    });
  }

  test('two empty masks are equal', () => {
    const empty = { ...BASE, mask: rectangle(0, 0, 0, 0) };
    expect(shares([empty], [empty])).toEqual([1, 1]);
  });
});

describe('lists', () => {
  test('a missing detection counts on the side that has it, an extra one too', () => {
    const far = { ...BASE, box: [50, 60, 150, 160] as const, mask: rectangle(50, 60, 150, 160) };
    expect(matchDetections([BASE, far], [BASE])).toEqual({
      first: { asked: 2, matched: 1 },
      second: { asked: 1, matched: 1 },
    });
    expect(shares([], [BASE, far])).toEqual([1, 0]);
    expect(shares([BASE, far], [])).toEqual([0, 1]);
    expect(shares([], [])).toEqual([1, 1]);
  });

  test('a duplicate is not matched twice by one detection', () => {
    expect(shares([BASE, BASE], [BASE])).toEqual([0.5, 1]);
  });

  test('scores below 0.1 need no partner, and can be one', () => {
    const above = { ...BASE, score: 0.105 };
    const below = { ...BASE, score: 0.0999 };
    expect(matchDetections([above], [below])).toEqual({
      first: { asked: 1, matched: 1 },
      second: { asked: 0, matched: 0 },
    });
    expect(shares([below], [])).toEqual([1, 1]);
  });

  test('as many as can be are matched, whatever the order', () => {
    // the first fits both others, the second only the first of them
    const [a, b] = [0.8, 0.792].map((score) => ({ ...BASE, score }));
    const [p, q] = [0.796, 0.809].map((score) => ({ ...BASE, score }));
    const orders = <T>(x: T, y: T): T[][] => [
      [x, y],
      [y, x],
    ];
    for (const first of orders(a, b)) {
      for (const second of orders(p, q)) {
        expect(shares(first, second)).toEqual([1, 1]);
      }
    }
  });

  test('sums over images', () => {
    const sum = sumMatches([matchDetections([BASE, BASE], [BASE]), matchDetections([], [BASE])]);
    expect(sum).toEqual({ first: { asked: 2, matched: 1 }, second: { asked: 2, matched: 1 } });
    expect(matchedShare(sum.first)).toBe(0.5);
    expect(sumMatches([])).toEqual({ first: { asked: 0, matched: 0 }, second: { asked: 0, matched: 0 } });
  });
});

test('masks of different images are refused', () => {
  const other = { ...BASE, mask: rectangle(10, 20, 110, 120, 201) };
  expect(() => matchDetections([BASE], [other])).toThrow(InputError);
});
