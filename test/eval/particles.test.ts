import { describe, expect, it } from 'vitest';
import type { Prediction } from '../../src/eval/dataset';
import { PARTICLE_MEASURES, SUMMARISED_MEASURES, scaleOf, unitOf } from '../../src/eval/particle_measures';
import { compareParticles, measureParticles, summariseParticles } from '../../src/eval/particles';
import { rasterise, rectangle } from './shape/analytic';

function object(imageId: number, half: number, more: Partial<Prediction> = {}): Prediction {
  const mask = rasterise(rectangle(half, half, 0), 20);
  return { imageId, categoryId: 1, score: 1, box: [0, 0, 1, 1], area: 1, mask, ...more };
}

const byName = (name: string) => SUMMARISED_MEASURES.findIndex((measure) => measure.name === name);

describe('measureParticles', () => {
  it('orders by the images, numbers within an image, and keeps numbers of what is left out', () => {
    const predictions = [object(7, 3), object(5, 2), object(7, 1), object(9, 4)];
    const { particles } = measureParticles(predictions, [{ id: 5 }, { id: 7 }]);
    expect(particles.map(({ imageId, number, shape }) => [imageId, number, shape.area])).toEqual([
      [5, 1, 16],
      [7, 1, 36],
      [7, 2, 4],
      [9, 1, 64],
    ]);
  });

  it('leaves out low scores, border, empty and missing masks, each counted', () => {
    const predictions = [
      object(1, 3, { score: 0.4 }),
      object(1, 3, { score: 0.5 }),
      object(1, 10),
      object(1, 3, { mask: rasterise(() => false, 20) }),
      object(1, 3, { mask: undefined }),
      object(1, 3, { isCrowd: true }),
    ];
    const { particles, left } = measureParticles(predictions, [], { scoreThreshold: 0.5, excludeBorder: true });
    expect(particles.map(({ number }) => number)).toEqual([2]);
    expect(left).toEqual({ withoutMask: [4], empty: [3], belowScore: [0], crowds: [5], atBorder: [2] });
    expect(measureParticles(predictions, []).particles).toHaveLength(3);
  });
});

describe('summariseParticles', () => {
  const { particles } = measureParticles([object(1, 1), object(1, 2), object(2, 3)], []);

  it('takes lengths and areas to micrometres and leaves ratios', () => {
    const [px, um] = [summariseParticles(particles, scaleOf()), summariseParticles(particles, scaleOf(0.5))];
    const of = (name: string) => [px, um].map(({ measures }) => measures[byName(name)].mean!);
    expect(of('area')).toEqual([(4 + 16 + 36) / 3, (4 + 16 + 36) / 12]);
    expect(of('feret_min').map((value) => value / 4)).toEqual([expect.closeTo(1, 10), expect.closeTo(0.5, 10)]);
    expect(of('aspect_ratio')).toEqual([1, 1]);
    expect(um.meanD43! / px.meanD43!).toBeCloseTo(0.5, 12);
  });

  it('by number the median, by volume towards the large ones', () => {
    const diameter = summariseParticles(particles, scaleOf()).measures[byName('equivalent_diameter')];
    // squares of sides 2, 4 and 6: diameters d, 2d and 3d, volumes 1, 8 and 27 of 36
    const d = 4 / Math.sqrt(Math.PI);
    expect(diameter.byNumber.d50).toBeCloseTo(2 * d, 12);
    // the middles of the steps are 0.5, 5 and 22.5 of 36
    expect(diameter.byVolume.d50).toBeCloseTo((2 + (18 - 5) / 17.5) * d, 12);
    expect(diameter.byVolume.d90).toBeCloseTo(3 * d, 12);
  });

  it('is empty without particles, and never NaN', () => {
    const { count, meanD32, measures } = summariseParticles([], scaleOf());
    expect([count, meanD32]).toEqual([0, null]);
    expect(measures[0]).toMatchObject({ mean: null, min: null, max: null, byNumber: { d10: null } });
    expect(JSON.stringify(summariseParticles(particles.slice(0, 1), scaleOf()))).toContain('"standardDeviation":null');
  });
});

it('compareParticles: changes are those of the second set to the first', () => {
  const [first, second] = [[object(1, 1)], [object(1, 2), object(1, 2)]].map(
    (objects) => measureParticles(objects, []).particles,
  );
  const area = compareParticles(first, second, scaleOf(10))[byName('area')];
  expect(area.means).toEqual({ first: 400, second: 1600, difference: 1200, ratio: 4 });
  expect(area.medians).toEqual(area.means);
  expect(area.test).toMatchObject({ ksDistance: 1, cliffsDelta: 1 });
  const none = compareParticles([], second, scaleOf())[0];
  expect(none).toEqual({
    means: { first: null, second: 16, difference: null, ratio: null },
    medians: { first: null, second: 16, difference: null, ratio: null },
    test: null,
  });
});

it('every number of a shape is a column, with its unit', () => {
  const [{ shape }] = measureParticles([object(1, 1)], []).particles;
  const numbers = Object.keys(shape).filter((key) => key !== 'touchesBorder');
  expect(PARTICLE_MEASURES.map(({ key }) => key).sort()).toEqual(numbers.sort());
  const units = Object.fromEntries(PARTICLE_MEASURES.map((measure) => [measure.name, unitOf(measure, scaleOf(2))]));
  expect(units).toMatchObject({
    area: 'um^2',
    feret_max: 'um',
    feret_max_angle: 'deg',
    centroid_x: 'px',
    solidity: '',
  });
});
