import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlinesOfRle, polygonsFromRle } from '../../src/eval/polygonise';
import type { Rle } from '../../src/eval/rle';
import { rleArea, rleEncode, rleFromCoco, rleFromPolygons, rleIou, rleToString } from '../../src/eval/rle';

const nuclei = resolve(import.meta.dirname, '../../../shared/data/nuclei/annotations/train_rle.json');

/** Rows of '#' and '.'. */
function maskOf(...rows: string[]): Rle {
  const [height, width] = [rows.length, rows[0].length];
  const mask = Array.from({ length: height * width }, (_, i) =>
    rows[i % height][Math.floor(i / height)] === '#' ? 1 : 0,
  );
  return rleEncode(mask, height, width);
}

function roundTrip(rle: Rle): Rle {
  return rleFromPolygons(polygonsFromRle(rle), rle.height, rle.width);
}

/** Twice the signed area by the shoelace formula: positive for rings that are clockwise with y downwards. */
function twiceArea(ring: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    sum += ring[i] * ring[j + 1] - ring[j] * ring[i + 1];
  }
  return sum;
}

function outlinesArea(rle: Rle): number {
  const sums = outlinesOfRle(rle).flatMap(({ outer, holes }) => [outer, ...holes].map(twiceArea));
  return sums.reduce((sum, area) => sum + area, 0) / 2;
}

const randomMask = fc
  .record({
    height: fc.integer({ min: 1, max: 20 }),
    width: fc.integer({ min: 1, max: 30 }),
    density: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map(({ height, width, density, seed }) => {
    const mask = Uint8Array.from({ length: height * width }, () => (Number(seed.next().value) < density ? 1 : 0));
    return rleEncode(mask, height, width);
  });

describe('polygonsFromRle', () => {
  it('gives back every mask of 4 x 4 pixels', () => {
    const bad: number[] = [];
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const rle = rleEncode(
        Array.from({ length: 16 }, (_, i) => (bits >> i) & 1),
        4,
        4,
      );
      if (rleToString(roundTrip(rle)) !== rleToString(rle)) {
        bad.push(bits);
      }
    }
    expect(bad).toEqual([]);
  });

  it('gives back random masks of any density', () => {
    fc.assert(
      fc.property(randomMask, (rle) => {
        expect(roundTrip(rle)).toEqual(rle);
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('gives back rings within rings', () => {
    const rings = rleEncode(
      Array.from({ length: 31 * 40 }, (_, i) => {
        const [x, y] = [Math.floor(i / 31), i % 31];
        return Math.min(x, y, 39 - x, 30 - y) % 2 === 0 ? 1 : 0;
      }),
      31,
      40,
    );
    expect(roundTrip(rings)).toEqual(rings);
    // 8 frames: the innermost has 3 rows, with a row of background in it
    expect(polygonsFromRle(rings)).toHaveLength(8);
    expect(outlinesOfRle(rings).map(({ holes }) => holes.length)).toEqual(Array(8).fill(1));
  });

  it('gives back all nuclei', { timeout: 60_000 }, (context) => {
    if (!existsSync(nuclei)) {
      context.skip('../shared/data/nuclei is absent');
    }
    const { annotations } = JSON.parse(readFileSync(nuclei, 'utf8')) as {
      annotations: { segmentation: { size: [number, number]; counts: string } }[];
    };
    const bad = annotations.filter(({ segmentation }) => {
      return rleToString(roundTrip(rleFromCoco(segmentation))) !== segmentation.counts;
    });
    expect(annotations).toHaveLength(17_732);
    expect(bad).toEqual([]);
  });

  it('walks the corners of a pixel clockwise', () => {
    expect(polygonsFromRle(maskOf('...', '..#'))).toEqual([[3, 1, 3, 2, 2, 2, 2, 1]]);
  });

  it('joins a hole by a vertical slit', () => {
    const [polygon, ...more] = polygonsFromRle(maskOf('.....', '.###.', '.#.#.', '.###.'));
    expect(more).toEqual([]);
    const xs = polygon.filter((_, i) => i % 2 === 0);
    expect(new Set(xs)).toEqual(new Set([1, 2, 3, 4]));
    expect(twiceArea(polygon)).toBe(2 * 8);
  });

  it('leaves an empty mask without polygons', () => {
    expect(polygonsFromRle(maskOf('..', '..'))).toEqual([]);
    expect(outlinesOfRle(maskOf('..', '..'))).toEqual([]);
  });

  it('keeps parts that touch at a corner apart', () => {
    expect(polygonsFromRle(maskOf('#.#', '.#.', '#.#'))).toHaveLength(5);
    // the same the other way round: the background is connected at corners, so there is one hole
    expect(outlinesOfRle(maskOf('#####', '#.###', '##.##', '#####'))[0].holes).toHaveLength(1);
  });
});

describe('polygonsFromRle with simplify', () => {
  const disc = rleEncode(
    Array.from({ length: 100 * 100 }, (_, i) => {
      const distance = Math.hypot(Math.floor(i / 100) - 49.5, (i % 100) - 49.5);
      return distance < 40 && distance > 15 ? 1 : 0;
    }),
    100,
    100,
  );

  it('leaves out points and keeps the form', () => {
    const [exact] = polygonsFromRle(disc);
    const polygons = polygonsFromRle(disc, { simplify: 1 });
    expect(polygons[0].length).toBeLessThan(exact.length / 4);
    const again = rleFromPolygons(polygons, 100, 100);
    expect(rleIou([disc], [again], [false])[0]).toBeGreaterThan(0.97);
    // the slit has no width: the ring is closed all around the hole, above and below the centre
    expect(outlinesOfRle(again).map(({ holes }) => holes.length)).toEqual([1]);
  });

  it('stays within the tolerance of the outline', () => {
    const [{ outer, holes }] = outlinesOfRle(disc, { simplify: 1.5 });
    for (const [ring, radius] of [
      [outer, 40],
      [holes[0], 15],
    ] as const) {
      for (let i = 0; i < ring.length; i += 2) {
        const distance = Math.hypot(ring[i] - 50, ring[i + 1] - 50);
        expect(Math.abs(distance - radius)).toBeLessThan(1.5);
      }
      expect(ring.length / 2).toBeLessThan(24);
    }
  });

  it('keeps objects that the tolerance would swallow', () => {
    const dot = maskOf('....', '.#..', '....');
    expect(rleFromPolygons(polygonsFromRle(dot, { simplify: 5 }), 3, 4)).toEqual(dot);
  });
});

describe('outlinesOfRle', () => {
  it('has outer rings clockwise and holes counter-clockwise that enclose the area', () => {
    fc.assert(
      fc.property(randomMask, (rle) => {
        for (const { outer, holes } of outlinesOfRle(rle)) {
          expect(twiceArea(outer)).toBeGreaterThan(0);
          expect(Math.max(-1, ...holes.map(twiceArea))).toBeLessThan(0);
        }
        expect(outlinesArea(rle)).toBe(rleArea(rle));
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('gives a hole to the part around it', () => {
    const outlines = outlinesOfRle(maskOf('###.###', '#.#.#.#', '###.###'));
    expect(outlines.map(({ holes }) => holes.map((hole) => Math.min(...hole)))).toEqual([[1], [1]]);
    expect(outlines[1].holes[0].filter((_, i) => i % 2 === 0).sort()).toEqual([5, 5, 6, 6]);
  });
});
