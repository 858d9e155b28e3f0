import { expect, it } from 'vitest';
import { cumulative } from '../../src/report/client/particle_charts';
import { viridis } from '../../src/report/client/viridis';
import { packRing, unpackRing } from '../../src/report/particles_data';

it('packs rings as steps', () => {
  const ring = [1000, 700, 1002, 700, 1002, 705, 998, 701];
  expect(packRing(ring)).toEqual([1000, 700, 2, 0, 0, 5, -4, -4]);
  expect(unpackRing(packRing(ring))).toEqual(ring);
  expect(unpackRing([])).toEqual([]);
});

it("viridis: matplotlib's colours, clipped at the ends", () => {
  // matplotlib.colormaps['viridis'](x, bytes=True), with 256 colours
  const expected: [number, number[]][] = [
    [0, [68, 1, 84]],
    [0.25, [58, 82, 139]],
    [0.5, [32, 144, 140]],
    [0.75, [94, 201, 97]],
    [1, [253, 231, 36]],
  ];
  for (const [place, colour] of expected) {
    const found = /^rgb\((\d+) (\d+) (\d+)\)$/.exec(viridis(place))!.slice(1).map(Number);
    found.forEach((value, i) => {
      expect(Math.abs(value - colour[i])).toBeLessThanOrEqual(4);
    });
  }
  expect([viridis(-3), viridis(7)]).toEqual([viridis(0), viridis(1)]);
});

it('the cumulative curve: middles of steps, by number and by weight; few points of many', () => {
  expect(cumulative([3, 1, 2, 4])).toEqual([
    [1, 12.5],
    [2, 37.5],
    [3, 62.5],
    [4, 87.5],
  ]);
  expect(cumulative([2, 1], [3, 1])).toEqual([
    [1, 12.5],
    [2, 62.5],
  ]);
  expect(cumulative([])).toEqual([]);
  const many = cumulative(Array.from({ length: 50_000 }, (_, i) => i));
  expect(many.length).toBeLessThan(450);
  expect(many.at(-1)).toEqual([49_999, expect.closeTo(100, 2)]);
});
