import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageOrder, type OrderSettings } from '../../../src/data/training/order';

const side = fc.integer({ min: 1, max: 40 });
const sizes = fc.array(fc.record({ width: side, height: side }), { minLength: 1, maxLength: 60 });
const settings = (order: OrderSettings['order']) =>
  fc.record({
    order: fc.constant(order),
    batchSize: fc.integer({ min: 1, max: 9 }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    groupByAspectRatio: fc.boolean(),
  });
const ascending = (a: number, b: number): number => a - b;

function epoch(order: ImageOrder, number: number): (readonly number[])[] {
  const { stepsPerEpoch } = order;
  return Array.from({ length: stepsPerEpoch }, (_, i) => order.imagesOfStep(number * stepsPerEpoch + i).images);
}

/** Bounds as torchvision's references/detection/group_by_aspect_ratio.py makes them, with k = 3. */
function torchvisionGroup({ width, height }: { width: number; height: number }): number {
  const bounds = Array.from({ length: 7 }, (_, i) => 2 ** (-1 + i / 3));
  return bounds.filter((bound) => bound <= width / height).length;
}

describe('ImageOrder', () => {
  it.each(['shuffle', 'sequence'] as const)('takes every image exactly once an epoch: %s', (kind) => {
    fc.assert(
      fc.property(sizes, settings(kind), fc.nat(5), (images, chosen, number) => {
        const order = new ImageOrder(images, chosen);
        const batches = epoch(order, number);
        expect(batches.flat().sort(ascending)).toEqual(images.map((_, i) => i));
        const full = batches.slice(0, -1);
        expect(full.every((batch) => batch.length === chosen.batchSize)).toBe(true);
        expect(order.imagesOfStep(number * order.stepsPerEpoch).epoch).toBe(number);
        expect(order.imagesOfStep((number + 1) * order.stepsPerEpoch - 1).epoch).toBe(number);
      }),
    );
  });

  it('depends on settings and step alone, whatever was asked before', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom('shuffle' as const, 'sequence' as const, 'replacement' as const).chain(settings),
        fc.array(fc.nat(300), { minLength: 1, maxLength: 20 }),
        (images, chosen, steps) => {
          const order = new ImageOrder(images, chosen);
          const together = steps.map((step) => order.imagesOfStep(step));
          expect(steps.map((step) => new ImageOrder(images, chosen).imagesOfStep(step))).toEqual(together);
        },
      ),
    );
  });

  it('keeps the order of the file in a sequence', () => {
    const images = Array.from({ length: 5 }, (_, i) => ({ width: i % 2 === 0 ? 10 : 40, height: 20 }));
    const order = new ImageOrder(images, { order: 'sequence', batchSize: 2, seed: 1, groupByAspectRatio: true });
    expect(epoch(order, 3)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('mixes aspect ratios only in the batches that the groups leave over', () => {
    fc.assert(
      fc.property(sizes, settings('shuffle'), (images, chosen) => {
        const groups = images.map(torchvisionGroup);
        const batches = epoch(new ImageOrder(images, { ...chosen, groupByAspectRatio: true }), 0);
        const members = groups.map((group) => groups.filter((other) => other === group).length);
        const pureBatches = [...new Set(groups)].reduce(
          (sum, group) => sum + Math.floor(members[groups.indexOf(group)] / chosen.batchSize),
          0,
        );
        for (const batch of batches.slice(0, pureBatches)) {
          expect(new Set(batch.map((image) => groups[image])).size).toBe(1);
        }
      }),
    );
  });

  it('shuffles each epoch and each seed anew, every image in every place', () => {
    const images = Array.from({ length: 4 }, () => ({ width: 1, height: 1 }));
    const orders = Array.from({ length: 4 }, (_, seed) => {
      const order = new ImageOrder(images, { order: 'shuffle', batchSize: 4, seed, groupByAspectRatio: true });
      return Array.from({ length: 600 }, (_, step) => order.imagesOfStep(step).images.join());
    });
    expect(new Set(orders.map((order) => order.slice(0, 10).join())).size).toBe(4);
    const counts = new Map<string, number>();
    orders.flat().forEach((permutation) => counts.set(permutation, (counts.get(permutation) ?? 0) + 1));
    expect(counts.size).toBe(24);
    // 2,400 draws of 24 orders: 100 each, with a deviation of 9.8
    for (const count of counts.values()) {
      expect(Math.abs(count - 100)).toBeLessThan(50);
    }
  });

  it('draws with replacement, every image equally often in every place, of one group in a batch', () => {
    // groups of 1, 2 and 7 images
    const widths = [5, 20, 20, 50, 50, 50, 50, 50, 50, 50];
    const images = widths.map((width) => ({ width, height: 20 }));
    const order = new ImageOrder(images, { order: 'replacement', batchSize: 3, seed: 8, groupByAspectRatio: true });
    const steps = 10_000;
    const counts = [0, 1, 2].map(() => new Uint32Array(images.length));
    let repeated = 0;
    for (let step = 0; step < steps; step++) {
      const batch = order.imagesOfStep(step).images;
      expect(new Set(batch.map((image) => widths[image])).size).toBe(1);
      batch.forEach((image, place) => counts[place][image]++);
      repeated += Number(new Set(batch).size < 3);
    }
    expect(repeated).toBeGreaterThan(0);
    // a thousand each, with a deviation of 30
    for (const count of counts.flatMap((place) => [...place])) {
      expect(Math.abs(count - 1000)).toBeLessThan(150);
    }
  });
});
