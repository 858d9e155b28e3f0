import { cosTurns, sinTurns } from './exact_math';
import type { RandomStream } from './random';
import { periodicNoise } from './value_noise';

export interface FlakeForm {
  /** Of the circle with the flake's area, in pixels. */
  readonly diameter: number;
  /** Direction of its longer axis, in turns. */
  readonly angle: number;
  /** Of its centre, in pixels. */
  readonly x: number;
  readonly y: number;
}

interface Wave {
  readonly order: number;
  readonly amplitude: number;
  readonly phase: number;
}

interface Notch {
  readonly at: number;
  readonly width: number;
  readonly depth: number;
}

/**
 * The outline of an irregular flake: broken along straight edges, rounded more or less, notched, rough, stretched and
 * bent. It never crosses itself.
 *
 * @returns x0, y0, x1, y1, … in pixels
 */
export function flakeOutline(random: RandomStream, { diameter, angle, x, y }: FlakeForm): Float64Array {
  const radius = radiusFunction(random);
  const stretch = Math.sqrt(random.uniform(1, random.chance(0.3) ? 3.2 : 1.9));
  const bend = random.chance(0.4) ? random.uniform(-0.3, 0.3) : 0;
  const points = Math.min(240, Math.max(48, Math.round(diameter * 3)));
  const outline = new Float64Array(points * 2);
  for (let i = 0; i < points; i++) {
    const turns = i / points;
    const r = radius(turns);
    const along = r * cosTurns(turns) * stretch;
    outline[2 * i] = along;
    outline[2 * i + 1] = (r * sinTurns(turns)) / stretch + bend * along * along;
  }
  const scale = Math.sqrt((Math.PI * diameter * diameter) / 4 / polygonArea(outline));
  const [cos, sin] = [cosTurns(angle) * scale, sinTurns(angle) * scale];
  for (let i = 0; i < outline.length; i += 2) {
    const [along, across] = [outline[i], outline[i + 1]];
    outline[i] = x + along * cos - across * sin;
    outline[i + 1] = y + along * sin + across * cos;
  }
  return outline;
}

/** Distance of the outline from the centre, about 1, by direction in turns. */
function radiusFunction(random: RandomStream): (turns: number) => number {
  const edges = random.whole(4, 9);
  const offset = random.uniform();
  const sides = Array.from({ length: edges }, (_, i) => ({
    at: offset + (i + random.uniform(-0.38, 0.38)) / edges,
    distance: random.uniform(0.72, 1.12),
  }));
  const roundness = random.uniform(0, 0.55);
  const waves = [2, 3, 4, 5, 7].map((order): Wave => {
    return { order, amplitude: (0.14 / order) * random.normal(), phase: random.uniform() };
  });
  const notches = Array.from({ length: random.whole(0, 3) }, (): Notch => {
    return { at: random.uniform(), width: random.uniform(0.03, 0.12), depth: random.uniform(0.1, 0.45) };
  });
  const coarse = Float64Array.from({ length: 24 }, () => random.uniform(-0.045, 0.045));
  const fine = Float64Array.from({ length: 64 }, () => random.uniform(-0.03, 0.03));
  return (turns) => {
    let broken = 1.4;
    for (const { at, distance } of sides) {
      const cos = cosTurns(turns - at);
      if (cos > 0.3) {
        broken = Math.min(broken, distance / cos);
      }
    }
    let r = broken + roundness * (0.95 - broken);
    for (const { order, amplitude, phase } of waves) {
      r += amplitude * cosTurns(order * turns + phase);
    }
    for (const { at, width, depth } of notches) {
      const distance = Math.abs(turns - at - Math.round(turns - at)) / width;
      if (distance < 1) {
        r *= 1 - depth * (1 - distance * distance) * (1 - distance * distance);
      }
    }
    return Math.max(0.25, r + periodicNoise(coarse, turns) + periodicNoise(fine, turns));
  };
}

/** The enclosed area, by the shoelace formula. */
function polygonArea(outline: Float64Array): number {
  let twice = 0;
  for (let i = 0; i < outline.length; i += 2) {
    const next = (i + 2) % outline.length;
    twice += outline[i] * outline[next + 1] - outline[next] * outline[i + 1];
  }
  return Math.abs(twice) / 2;
}
