import { cosTurns, exp, sinTurns } from './exact_math';
import type { Layer } from './layer';
import type { Patch } from './patch';
import { blur } from './patch';
import type { RandomStream } from './random';
import { noise2d, smoothstep } from './value_noise';

export interface FlakeLight {
  /** Pixels. */
  readonly diameter: number;
  /** Median reflected light of this flake under a light of 1. */
  readonly brightness: number;
  /** Where the light comes from, in turns. */
  readonly lightFrom: number;
}

/** A broken surface: beyond a straight edge the tilt, and so the brightness, differs. */
interface Facet {
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
  readonly step: number;
  readonly softness: number;
}

/**
 * The surface of a flake in focus: facets of different tilt, a gradient across, striation, grain, pits, and edges that
 * glint where they face the light and are dark where they turn from it.
 *
 * @param body coverage of the flake
 */
export function flakeLayer(random: RandomStream, body: Patch, { diameter, brightness, lightFrom }: FlakeLight): Layer {
  const { width, height, data } = body;
  const [cx, cy] = [width / 2, height / 2];
  const [lx, ly] = [cosTurns(lightFrom), sinTurns(lightFrom)];
  const facets = Array.from({ length: random.whole(2, 6) }, () => facet(random, diameter));
  const gradientAngle = random.uniform();
  const gradient = random.uniform(0, 0.9) / diameter;
  const [gx, gy] = [cosTurns(gradientAngle) * gradient, sinTurns(gradientAngle) * gradient];
  const bands = striation(random, diameter);
  const cloud = noise2d(random, width, height, Math.max(3, diameter / 4));
  const grain = noise2d(random, width, height, random.uniform(1.3, 2.6));
  const [cloudDepth, grainDepth] = [random.uniform(0.1, 0.4), random.uniform(0.08, 0.32)];
  const pits = random.chance(0.6) ? random.uniform(0.1, 0.5) : 0;
  const bevel = blur(data, width, height, Math.max(0.8, diameter * 0.035));
  const glint = random.uniform(0.3, 1.6) * brightness;
  const light = new Float32Array(data.length);
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 1; x + 1 < width; x++) {
      const i = y * width + x;
      if (data[i] === 0) {
        continue;
      }
      const [dx, dy] = [x + 0.5 - cx, y + 0.5 - cy];
      let tilt = gx * dx + gy * dy + bands(dx, dy) + cloudDepth * cloud[i] + grainDepth * grain[i];
      for (const { x: fx, y: fy, cos, sin, step, softness } of facets) {
        tilt += step * smoothstep(-softness, softness, (dx - fx) * cos + (dy - fy) * sin);
      }
      // The bevel rises inwards: its slope against the light's direction says which edges face the light.
      const slopeX = bevel[i + 1] - bevel[i - 1];
      const slopeY = bevel[i + width] - bevel[i - width];
      const facing = -(slopeX * lx + slopeY * ly);
      const pit = 1 - pits * smoothstep(0.45, 0.8, -cloud[i] - 0.4 * grain[i]);
      const edge = facing > 0 ? glint * facing : 0.9 * facing * brightness;
      light[i] = data[i] * Math.max(0.4 * brightness, brightness * exp(Math.min(1.6, tilt)) * pit + edge);
    }
  }
  return { alpha: body, light };
}

function facet(random: RandomStream, diameter: number): Facet {
  const angle = random.uniform();
  return {
    x: random.uniform(-0.35, 0.35) * diameter,
    y: random.uniform(-0.35, 0.35) * diameter,
    cos: cosTurns(angle),
    sin: sinTurns(angle),
    step: 0.42 * random.normal(),
    softness: random.chance(0.7) ? 0.7 : random.uniform(1, 0.2 * diameter + 1),
  };
}

/** Lines along one direction, of uneven distance and depth. */
function striation(random: RandomStream, diameter: number): (dx: number, dy: number) => number {
  const angle = random.uniform();
  const [cos, sin] = [cosTurns(angle), sinTurns(angle)];
  const depth = random.chance(0.5) ? random.uniform(0.05, 0.35) : 0;
  const spacing = Math.max(2, diameter * random.uniform(0.05, 0.18));
  const values = Float64Array.from({ length: 64 }, () => random.uniform(-1, 1));
  return (dx, dy) => {
    const at = (dx * cos + dy * sin) / spacing + values.length / 2;
    const i = Math.floor(at);
    const [a, b] = [values[i & 63], values[(i + 1) & 63]];
    return depth * (a + smoothstep(0, 1, at - i) * (b - a));
  };
}
