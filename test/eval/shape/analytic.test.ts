import { describe, expect, it } from 'vitest';
import type { ShapeMeasures } from '../../../src/eval/shape/measures';
import { measureShape } from '../../../src/eval/shape/measures';
import type { Inside } from './analytic';
import { disc, ellipse, mean, rasterise, rectangle, shifts } from './analytic';

/**
 * Bounds come from theory, for the pixel-centre rule.
 *
 * Area and moments: without bias over random positions. The variance of the number of pixels of a smooth convex shape is
 * about 0.0728 of its perimeter (Kendall and Rosen), so the relative deviation of one area is about
 * sqrt(0.0728 P) / A, which falls as size^-1.5. Second moments deviate up to 3 times as much (edges count with twice the
 * mean square distance, and the area divides), axes by half of that.
 *
 * Perimeter: exact for the mean over orientations, but for chords shorter than a step s, which are met with probability
 * c / s only. At a smooth extreme of radius R the chord at depth h is 2 sqrt(2 R h), which costs s^2 / (24 R) of
 * projected width; at a right-angled corner, on average over orientations, s / pi for the two corners of a direction.
 *
 * Feret diameters: each point of the contour at 0.5 lies between a pixel centre inside and one outside, half a pixel
 * from either, so at most half a pixel beyond the shape: diameters are at most 1 too long. Within a smooth shape of
 * radius of curvature R the loss is below 1 too; a right-angled corner holds a circle of radius sqrt(1/2), which
 * contains a pixel centre, at most 1 + sqrt(1/2) from the corner.
 */
const AREA_VARIANCE = 0.0728;
const CORNER_LOSS = 1 + Math.SQRT1_2;

/** Arc and step of the directions of `croftonPerimeter`, in two groups of two and one of four. */
const ARC_AXIS = Math.atan(1 / 2);
const ARC_DIAGONAL = Math.PI / 4 - Math.atan(1 / 2);
const DIRECTIONS = [
  ...[1, 2].map(() => ({ arc: ARC_AXIS, step: 1 })),
  ...[1, 2].map(() => ({ arc: ARC_DIAGONAL, step: Math.SQRT2 })),
  ...[1, 2, 3, 4].map(() => ({ arc: Math.PI / 8, step: Math.sqrt(5) })),
];
/** Mean loss of perimeter for 1 / R = 1, by the two extremes of every direction. */
const SMOOTH_LOSS = sum(DIRECTIONS.map(({ arc, step }) => (arc * 2 * step ** 2) / 24));
/** Mean loss of perimeter of a rectangle: two corners for every direction. */
const RECTANGLE_LOSS = sum(DIRECTIONS.map(({ arc, step }) => (arc * step) / Math.PI));
/** Each direction's number of lines that are met is off by less than 1 for one position. */
const ONE_LINE_EACH = sum(DIRECTIONS.map(({ arc, step }) => arc / step));
/** And its deviation at most 1/2. */
const LINES_DEVIATION = Math.hypot(...DIRECTIONS.map(({ arc, step }) => arc / step / 2));

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function measured(inside: Inside, size: number, dx = 0, dy = 0): ShapeMeasures {
  return measureShape(rasterise(inside, size, dx, dy))!;
}

function between(value: number, low: number, high: number): void {
  expect(value).toBeGreaterThanOrEqual(low);
  expect(value).toBeLessThanOrEqual(high);
}

function within(value: number, expected: number, bound: number): void {
  between(value, expected - bound, expected + bound);
}

function angleWithin(value: number, expected: number, bound: number): void {
  const turn = Math.abs(value - expected) % 180;
  expect(Math.min(turn, 180 - turn)).toBeLessThanOrEqual(bound);
}

describe.each([2.5, 5, 10, 20, 40])('a disc of radius %f', (radius) => {
  const size = 2 * Math.ceil(radius) + 4;
  const [area, perimeter] = [Math.PI * radius ** 2, 2 * Math.PI * radius];
  const all = shifts(radius > 20 ? 6 : 12).map(([dx, dy]) => ({ dx, dy, ...measured(disc(radius), size, dx, dy) }));
  const samples = Math.sqrt(all.length);
  /** Relative deviation of an area. */
  const deviation = Math.sqrt(AREA_VARIANCE * perimeter) / area;

  it('area and equivalent diameter', () => {
    within(mean(all.map((m) => m.area)), area, (5 * deviation * area) / samples);
    all.forEach((m) => {
      within(m.equivalentDiameter, 2 * radius, 5 * radius * deviation);
    });
  });

  it('perimeter: the theoretical bias, which shrinks with the square of the radius', () => {
    const loss = SMOOTH_LOSS / radius;
    within(mean(all.map((m) => m.perimeter)), perimeter - loss, 0.1 * loss + (5 * LINES_DEVIATION) / samples);
    all.forEach((m) => {
      between(m.perimeter, perimeter - 2 * loss - ONE_LINE_EACH, perimeter + ONE_LINE_EACH);
    });
  });

  it('Feret diameters', () => {
    all.forEach((m) => {
      between(m.feretMax, 2 * radius - 1, 2 * radius + 1);
      between(m.feretMin, 2 * radius - 1, m.feretMax);
    });
  });

  it('fitted ellipse and centroid', () => {
    all.forEach((m) => {
      within(m.majorAxis, 2 * radius, 2 * radius * 8 * deviation);
      within(m.minorAxis, 2 * radius, 2 * radius * 8 * deviation);
      between(m.aspectRatio, 1, 1 + 16 * deviation);
      // eccentricity is the root of a small difference: 1 % between the axes makes it 0.14
      between(m.eccentricity, 0, Math.sqrt(32 * deviation));
      within(m.centroidX, size / 2 + m.dx, 8 * deviation * radius);
      within(m.centroidY, size / 2 + m.dy, 8 * deviation * radius);
    });
  });

  it('circularity, roundness, solidity and convexity are 1 within the errors of what they are made of', () => {
    all.forEach((m) => {
      const perimeterError = (2 * (SMOOTH_LOSS / radius)) / perimeter + ONE_LINE_EACH / perimeter;
      within(m.circularity, 1, 5 * deviation + 3 * perimeterError);
      within(m.roundness, 1, 5 * deviation + 2 / radius);
      // the corners of pixels reach less than sqrt(1/2) beyond the disc
      between(m.solidity, (1 - 5 * deviation) / (1 + Math.SQRT1_2 / radius) ** 2, 1);
      within(m.convexity, 1, 1 / radius + perimeterError);
    });
  });

  it('one part, no hole, off the border', () => {
    all.forEach((m) => {
      expect([m.parts, m.holes, m.touchesBorder]).toEqual([1, 0, false]);
    });
  });
});

const ANGLES = Array.from({ length: 36 }, (_, i) => i * 5);

describe.each([
  [12, 6],
  [30, 10],
  [40, 36],
])('ellipses of half axes %f and %f at all angles', (a, b) => {
  const size = 2 * a + 6;
  const area = Math.PI * a * b;
  const perimeter = ellipsePerimeter(a, b);
  const deviation = Math.sqrt(AREA_VARIANCE * perimeter) / area;
  const all = ANGLES.map((angle, i) => {
    const [dx, dy] = shifts(6)[i];
    return { angle, ...measured(ellipse(a, b, angle), size, dx, dy) };
  });

  it('area and perimeter without bias', () => {
    within(mean(all.map((m) => m.area)), area, (5 * deviation * area) / 6);
    // the extremes of a direction have radii of curvature from b^2 / a to a^2 / b
    const noise = (5 * LINES_DEVIATION) / 6;
    const [most, least] = [(1.1 * SMOOTH_LOSS * a) / b ** 2, (0.9 * SMOOTH_LOSS * b) / a ** 2];
    between(mean(all.map((m) => m.perimeter)), perimeter - most - noise, perimeter - least + noise);
  });

  it('axes, orientation and what follows from them', () => {
    const bound = 8 * deviation;
    all.forEach((m) => {
      within(m.majorAxis, 2 * a, 2 * a * bound);
      within(m.minorAxis, 2 * b, 2 * b * bound);
      within(m.aspectRatio, a / b, (a / b) * 2 * bound);
      // an error e of the moments turns the axes by about e a b / (a^2 - b^2)
      angleWithin(m.orientation, m.angle, ((2 * bound * a * b) / (a ** 2 - b ** 2)) * (180 / Math.PI));
      within(m.eccentricity ** 2, 1 - (b / a) ** 2, (b / a) ** 2 * 4 * bound);
    });
  });

  it('Feret diameters and their directions', () => {
    all.forEach((m) => {
      within(m.feretMax, 2 * a, 1);
      within(m.feretMin, 2 * b, 1);
      // widths are 2 sqrt(a^2 cos^2 + b^2 sin^2), and each is within 1 of the truth
      const turn = (Math.asin(Math.sqrt(Math.min(1, (a ** 2 - (a - 1) ** 2) / (a ** 2 - b ** 2)))) * 180) / Math.PI;
      angleWithin(m.feretMaxAngle, m.angle, turn);
      const across = (Math.asin(Math.sqrt(Math.min(1, ((b + 1) ** 2 - b ** 2) / (a ** 2 - b ** 2)))) * 180) / Math.PI;
      angleWithin(m.feretMinAngle, m.angle + 90, across);
    });
  });

  it('circularity', () => {
    const expected = (4 * Math.PI * area) / perimeter ** 2;
    within(mean(all.map((m) => m.circularity)), expected, 0.01 + (3 * SMOOTH_LOSS * a) / b ** 2 / perimeter);
  });
});

describe.each([
  [20, 6],
  [40, 10],
  [24, 24],
])('rectangles of half sides %f and %f at all angles', (a, b) => {
  const size = 2 * Math.ceil(Math.hypot(a, b)) + 6;
  const [area, perimeter] = [4 * a * b, 4 * (a + b)];
  const all = ANGLES.map((angle, i) => {
    const [dx, dy] = shifts(6)[i];
    return { angle, ...measured(rectangle(a, b, angle + 1.3), size, dx, dy) };
  });

  it('perimeter: on average over orientations only the corners are short', () => {
    // a straight edge alone is off by -1.8 to +0.9 %, evenly over these angles
    within(mean(all.map((m) => m.perimeter)), perimeter - RECTANGLE_LOSS, (5 * LINES_DEVIATION) / 6);
    all.forEach((m) => {
      between(m.perimeter, 0.98 * perimeter - 2 * RECTANGLE_LOSS - ONE_LINE_EACH, 1.01 * perimeter + ONE_LINE_EACH);
    });
  });

  it('area, solidity', () => {
    // the straight edges' counts vary more than a smooth shape's: by up to one row of pixels along the longer sides
    within(mean(all.map((m) => m.area)), area, (2 * a + 2 * b) / 6);
    all.forEach((m) => {
      // corners of pixels reach less than sqrt(1/2) beyond each side
      between(m.solidity, ((a - 0.5) * (b - 0.5)) / ((a + Math.SQRT1_2) * (b + Math.SQRT1_2)), 1);
    });
  });

  it('axes of the ellipse of the same moments: 2 / sqrt(3) of the sides', () => {
    all.forEach((m) => {
      // a row more or less on each side changes a side by at most 1
      within(m.majorAxis, (4 * a) / Math.sqrt(3), 2);
      within(m.minorAxis, (4 * b) / Math.sqrt(3), 2);
      if (a > 2 * b) {
        angleWithin(m.orientation, m.angle + 1.3, (Math.atan(1 / a) * 180) / Math.PI);
      }
    });
  });

  it('Feret diameters and their directions', () => {
    all.forEach((m) => {
      between(m.feretMax, 2 * Math.hypot(a, b) - 2 * CORNER_LOSS, 2 * Math.hypot(a, b) + 1);
      between(m.feretMin, 2 * b - 2 * CORNER_LOSS, 2 * b + 1);
      if (a > 2 * b) {
        // the least width, at most 2b + 1, has to hold 2b cos + 2a sin of the turn less what corners lose
        const turn = (Math.asin((1 + 2 * CORNER_LOSS) / (2 * a)) * 180) / Math.PI;
        angleWithin(m.feretMinAngle, m.angle + 1.3 + 90, turn);
        const diagonal = (Math.atan(b / a) * 180) / Math.PI;
        const either = Math.abs(turnOf(m.feretMaxAngle, m.angle + 1.3));
        within(either, diagonal, turn);
      }
    });
  });
});

it('a rectangle along the axes: everything is exact but the perimeter', () => {
  const m = measured(rectangle(10, 4, 0), 30);
  expect(m).toMatchObject({
    area: 160,
    boxX: 5,
    boxY: 11,
    boxWidth: 20,
    boxHeight: 8,
    centroidX: 15,
    centroidY: 15,
    orientation: 0,
    feretMin: 8,
    feretMinAngle: 90,
    solidity: 1,
    touchesBorder: false,
  });
  expect(m.majorAxis).toBeCloseTo(40 / Math.sqrt(3), 12);
  expect(m.minorAxis).toBeCloseTo(16 / Math.sqrt(3), 12);
  // the contour at 0.5 cuts the corners
  expect(m.feretMax).toBeCloseTo(Math.hypot(20, 7), 12);
});

it('a ring: the edge of the hole counts for the perimeter, and the hole for solidity and convexity', () => {
  const ring: Inside = (x, y) => disc(20)(x, y) && !disc(10)(x, y);
  const all = shifts(8).map(([dx, dy]) => measured(ring, 46, dx, dy));
  const loss = SMOOTH_LOSS / 20 + SMOOTH_LOSS / 10;
  within(mean(all.map((m) => m.perimeter)), 60 * Math.PI - loss, 0.2 * loss + (5 * LINES_DEVIATION * 2) / 8);
  all.forEach((m) => {
    expect([m.parts, m.holes]).toEqual([1, 1]);
    within(m.solidity, 0.75, 0.75 * (1 - 1 / (1 + Math.SQRT1_2 / 20) ** 2) + 0.02);
    within(m.convexity, 2 / 3, 0.04);
  });
});

it.each([
  ['left', -7, 0, true],
  ['right', 7, 0, true],
  ['top', 0, -7, true],
  ['bottom', 0, 7, true],
  ['none', 6, 6, false],
] as const)('touches the border: %s', (_, dx, dy, touches) => {
  expect(measured(rectangle(3, 3, 0), 20, dx, dy).touchesBorder).toBe(touches);
});

it('an empty mask has no shape', () => {
  expect(measureShape(rasterise(() => false, 5))).toBeNull();
});

/** Signed turn from one direction to another, -90 to below 90 degrees. */
function turnOf(angle: number, from: number): number {
  return ((((angle - from + 90) % 180) + 180) % 180) - 90;
}

function ellipsePerimeter(a: number, b: number): number {
  const steps = 20_000;
  const lengths = Array.from({ length: steps }, (_, i) => {
    const t = ((i + 0.5) / steps) * 2 * Math.PI;
    return (Math.hypot(a * Math.sin(t), b * Math.cos(t)) * 2 * Math.PI) / steps;
  });
  return sum(lengths);
}
