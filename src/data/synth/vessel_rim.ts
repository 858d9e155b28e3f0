import { bell, cosTurns, exp, sinTurns } from './exact_math';
import type { Picture } from './layer';
import type { RandomStream } from './random';
import { noise2d, smoothstep } from './value_noise';

/** The wall of a round vessel that cuts a side of the picture off; particles lie within. */
export interface VesselRim {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** A rim that leaves most of the picture within the vessel. */
export function placeRim(random: RandomStream, width: number, height: number): VesselRim {
  const side = random.uniform();
  const [cos, sin] = [cosTurns(side), sinTurns(side)];
  const radius = random.uniform(0.9, 2.2) * Math.max(width, height);
  // Half the picture's extent along the direction of the rim: there the rim would just touch the border.
  const reach = (Math.abs(cos) * width + Math.abs(sin) * height) / 2;
  const inset = random.uniform(0.06, 0.2) * Math.min(width, height);
  const centre = radius - reach + inset;
  return { x: width / 2 - cos * centre, y: height / 2 - sin * centre, radius };
}

/** Distance in pixels from the rim, positive within the vessel. */
export function insideRim(rim: VesselRim, x: number, y: number): number {
  const [dx, dy] = [x - rim.x, y - rim.y];
  return rim.radius - Math.sqrt(dx * dx + dy * dy);
}

/** Draws the rim: bright edge, a fainter reflection in the wall, scattered light in the fluid before it. */
export function drawRim(random: RandomStream, rim: VesselRim, picture: Picture, illumination: Float32Array): void {
  const { width, height, data } = picture;
  const unit = Math.max(0.5, Math.min(width, height) / 1024);
  const edge = random.uniform(0.25, 0.75);
  const edgeWidth = random.uniform(1.5, 4.5) * unit;
  const wall = random.uniform(0.02, 0.09);
  const second = {
    at: -random.uniform(14, 50) * unit,
    width: random.uniform(2, 7) * unit,
    light: random.uniform(0.1, 0.4),
  };
  const glow = random.uniform(0.03, 0.09);
  const glowReach = random.uniform(20, 60) * unit;
  const uneven = noise2d(random, width, height, 60 * unit);
  const scratches = noise2d(random, width, height, 4 * unit);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const s = insideRim(rim, x + 0.5, y + 0.5);
      if (s > 8 * glowReach) {
        continue;
      }
      const level = 0.65 + 0.35 * uneven[i];
      const glass =
        wall * (0.8 + 0.3 * uneven[i] + 0.12 * scratches[i]) * (0.6 + 0.4 * exp(Math.min(0, s) / (80 * unit)));
      const outside = smoothstep(edgeWidth, -edgeWidth, s);
      const bright = edge * level * bell(s / edgeWidth) + second.light * level * bell((s - second.at) / second.width);
      const scattered = s > 0 ? glow * level * exp(-s / glowReach) : 0;
      data[i] += illumination[i] * (bright + scattered) + outside * (illumination[i] * glass - data[i]);
    }
  }
}
