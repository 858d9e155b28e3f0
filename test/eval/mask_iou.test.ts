import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors';
import { maskIouOnCpu } from '../../src/eval/mask_iou';
import { rleEncode, rleFromCounts, type Rle } from '../../src/eval/rle';

const mask = (height: number, width: number): fc.Arbitrary<number[]> => {
  const bits = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width });
  // rectangles have one run in each column, which is the fast case; whole columns have runs across them
  const side = (length: number): fc.Arbitrary<[number, number]> =>
    fc.tuple(fc.integer({ min: 0, max: length }), fc.integer({ min: 0, max: length }));
  const rectangle = fc
    .tuple(side(width), side(height))
    .map(([[x0, x1], [y0, y1]]) =>
      Array.from({ length: height * width }, (_, i) =>
        Number(between(Math.floor(i / height), x0, x1) && between(i % height, y0, y1)),
      ),
    );
  return fc.oneof(bits, rectangle);
};

function between(value: number, a: number, b: number): boolean {
  return value >= Math.min(a, b) && value < Math.max(a, b);
}

const scene = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(([height, width]) =>
  fc.record({
    height: fc.constant(height),
    width: fc.constant(width),
    detections: fc.array(mask(height, width), { maxLength: 4 }),
    groundTruths: fc.array(fc.tuple(mask(height, width), fc.boolean()), { maxLength: 4 }),
  }),
);

describe('maskIouOnCpu', () => {
  it('counts pixels', () => {
    fc.assert(
      fc.property(scene, ({ height, width, detections, groundTruths }) => {
        const encode = (bits: number[]): Rle => rleEncode(bits, height, width);
        const [actual] = maskIouOnCpu([
          {
            detections: detections.map(encode),
            groundTruths: groundTruths.map(([bits]) => encode(bits)),
            crowd: groundTruths.map(([, crowd]) => crowd),
          },
        ]);
        const expected = detections.flatMap((a) =>
          groundTruths.map(([b, crowd]) => {
            const both = a.filter((bit, i) => bit === 1 && b[i] === 1).length;
            const union = a.filter((bit, i) => bit === 1 || (!crowd && b[i] === 1)).length;
            return both === 0 ? 0 : both / union;
          }),
        );
        expect([...actual]).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes runs of no pixels', () => {
    // 0 0 between two runs of ones: pixels 1 to 4 as one; and a list that begins and ends with empty runs
    const a = rleFromCounts([1, 2, 0, 2, 7], 3, 4);
    const b = rleFromCounts([0, 0, 2, 6, 4, 0], 3, 4);
    expect([...maskIouOnCpu([{ detections: [a], groundTruths: [b], crowd: [false] }])[0]]).toEqual([3 / 7]);
  });

  it('refuses masks of different sizes', () => {
    const [a, b] = [rleFromCounts([0, 12], 3, 4), rleFromCounts([0, 12], 4, 3)];
    expect(() => maskIouOnCpu([{ detections: [a], groundTruths: [b], crowd: [false] }])).toThrow(InputError);
  });
});
