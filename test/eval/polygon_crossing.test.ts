import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { crossesItself, pointsOf } from '../../src/eval/polygon_crossing';

/** Every pair of edges, solved for the point where their lines meet. */
function crossesByPairs(points: readonly (readonly [number, number])[]): boolean {
  const edges = points.map((from, i) => [from, points[(i + 1) % points.length]] as const);
  return edges.some(([[ax, ay], [bx, by]], i) =>
    edges.slice(i + 1).some(([[cx, cy], [dx, dy]]) => {
      const denominator = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
      const t = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / denominator;
      const u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / denominator;
      return denominator !== 0 && t > 0 && t < 1 && u > 0 && u < 1;
    }),
  );
}

const star = (step: number): number[] =>
  Array.from({ length: 5 }, (_, i) => [Math.cos(2 * Math.PI * 0.2 * step * i), Math.sin(2 * Math.PI * 0.2 * step * i)]).flat(); // prettier-ignore

test.each([
  ['a square', [0, 0, 4, 0, 4, 4, 0, 4], false],
  ['a bow tie', [0, 0, 4, 4, 4, 0, 0, 4], true],
  ['a pentagon', star(1), false],
  ['a pentagram', star(2), true],
  ['a triangle', [0, 0, 1, 0, 0, 1], false],
  ['two squares that share a corner', [0, 0, 2, 0, 2, 2, 4, 2, 4, 4, 2, 4, 2, 2, 0, 2], false],
  ['a spur out and back', [0, 0, 4, 0, 4, 2, 8, 2, 4, 2, 4, 4, 0, 4], false],
  ['repeated points', [0, 0, 0, 0, 4, 0, 4, 4, 4, 4, 0, 4, 0, 0], false],
  ['a loop late on the outline', [0, 0, 10, 0, 10, 10, 4, 10, 6, 12, 6, 8, 4, 12, 0, 10], true],
])('%s: %s', (_, xy, expected) => {
  expect(crossesItself(pointsOf(xy))).toBe(expected);
});

test('every pair of edges, on random polygons of whole coordinates', () => {
  const coordinate = fc.integer({ min: 0, max: 12 });
  let crossing = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 8 }), (points) => {
      const expected = crossesByPairs(points);
      crossing += expected ? 1 : 0;
      expect(crossesItself(points)).toBe(expected);
    }),
    { numRuns: 2000, seed: 1 },
  );
  expect(crossing).toBeGreaterThan(200);
  expect(crossing).toBeLessThan(1800);
});

test('an outline of 20,000 points takes a moment', () => {
  const circle = Array.from({ length: 20_000 }, (_, i): [number, number] => [
    1000 * Math.cos((2 * Math.PI * i) / 20_000),
    1000 * Math.sin((2 * Math.PI * i) / 20_000),
  ]);
  expect(crossesItself(circle)).toBe(false);
  [circle[5000], circle[5003]] = [circle[5003], circle[5000]];
  expect(crossesItself(circle)).toBe(true);
});
