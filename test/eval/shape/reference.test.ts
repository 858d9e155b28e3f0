import { describe, expect, it } from 'vitest';
import { rleFromCounts } from '../../../src/eval/rle';
import { cropOf } from '../../../src/eval/shape/crop';
import { measureShape } from '../../../src/eval/shape/measures';
import { croftonPerimeter } from '../../../src/eval/shape/perimeter';
import { reference } from './reference';

/** The references are rounded to 9 digits; OpenCV computes in f32. */
function expectNear(actual: number, expected: number, relative = 1e-8): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(expected)));
}

/** Difference of two directions of lines, in degrees from 0 to 90. */
function angleBetween(a: number, b: number): number {
  const turn = Math.abs(a - b) % 180;
  return Math.min(turn, 180 - turn);
}

describe.each(reference.masks)('measures of $name', ({ size, counts, expected }) => {
  const mask = rleFromCounts(counts, ...size);
  const measured = measureShape(mask)!;

  it('perimeter: perimeter_crofton of scikit-image with the same directions', () => {
    const crop = cropOf(mask)!;
    expectNear(croftonPerimeter(crop, 2), expected.crofton2);
    expectNear(croftonPerimeter(crop, 4), expected.crofton4);
  });

  it('area, box and centroid', () => {
    expect(measured.area).toBe(expected.area);
    expect([measured.boxX, measured.boxY, measured.boxWidth, measured.boxHeight]).toEqual(expected.box);
    // scikit-image has pixel centres at whole numbers
    expectNear(measured.centroidX, expected.centroid[0] + 0.5);
    expectNear(measured.centroidY, expected.centroid[1] + 0.5);
    expectNear(measured.equivalentDiameter ** 2, (4 * expected.area) / Math.PI);
  });

  it('Feret diameters of the contour at 0.5', () => {
    expectNear(measured.feretMax, expected.feretMax);
    expectNear(measured.feretMin, expected.feretMin);
    expect(measured.feretMin).toBeLessThanOrEqual(measured.feretMax);
    // regionprops measures the rasterised hull, which reaches at most half a pixel beyond the contour at either end
    expect(Math.abs(measured.feretMax - expected.regionFeretMax)).toBeLessThanOrEqual(1);
  });

  it('axes and orientation of the fitted ellipse', () => {
    // scikit-image takes pixels for points, we for squares of side 1, whose variance is 1/12
    const [major, minor] = expected.variances.map((variance) => 4 * Math.sqrt(variance + 1 / 12));
    expectNear(measured.majorAxis, major);
    // scikit-image's smaller eigenvalue of a diagonal line is a difference of nearly equal numbers
    expectNear(measured.minorAxis, minor, 1e-6);
    expectNear(measured.aspectRatio, major / minor, 1e-5);
    expectNear(measured.eccentricity, Math.sqrt(1 - (minor / major) ** 2), 1e-5);
    if (major - minor > 1e-6) {
      // scikit-image: radians from the direction of rows (downwards), counter-clockwise
      const degrees = (expected.orientation * 180) / Math.PI + 90;
      expect(angleBetween(measured.orientation, degrees)).toBeLessThan(1e-5);
    }
  });

  it('solidity and convexity, by the areas and lengths of OpenCV', () => {
    expectNear(measured.solidity, expected.area / expected.cornerHullArea, 1e-6);
    expectNear(measured.convexity * measured.perimeter, expected.hullPerimeter, 1e-6);
  });

  it('parts and holes', () => {
    expect([measured.parts, measured.holes]).toEqual([expected.parts, expected.holes]);
    expect(measured.parts - measured.holes).toBe(expected.euler);
  });

  it('all numbers are finite', () => {
    expect(Object.values(measured).filter((value) => typeof value === 'number' && !Number.isFinite(value))).toEqual([]);
  });
});
