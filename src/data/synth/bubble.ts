import { bell, cosTurns, sinTurns } from './exact_math';
import type { Layer } from './layer';
import { emptyPatch } from './patch';
import type { RandomStream } from './random';

/** An air bubble: not a particle, but it hides what is behind it. */
export interface Bubble {
  readonly item: number;
  /** Centre and radius in pixels. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** 0 is next to the camera, 1 is the vessel's floor. */
  readonly depth: number;
}

/**
 * A bubble in focus: dark within, since it throws the light aside; a thin bright ring, brightest towards the light, a
 * second, fainter one inside it, the highlight of the lamp and its mirror image on the far wall.
 *
 * @param fluid light of the fluid behind it under a light of 1
 * @param lightFrom in turns
 */
export function bubbleLayer(
  random: RandomStream,
  { x, y, radius }: Bubble,
  { fluid, lightFrom, margin }: { fluid: number; lightFrom: number; margin: number },
): Layer {
  const alpha = emptyPatch(x - radius, y - radius, x + radius, y + radius, margin + 1);
  const light = new Float32Array(alpha.data.length);
  const [lx, ly] = [cosTurns(lightFrom), sinTurns(lightFrom)];
  const ring = random.uniform(0.35, 1);
  const ringWidth = Math.max(0.9, radius * random.uniform(0.025, 0.06));
  const opposite = random.uniform(0.1, 0.6);
  const lampAt = random.uniform(0.35, 0.6) * radius;
  const lampSize = Math.max(0.9, radius * random.uniform(0.05, 0.11));
  const lamp = random.uniform(0.7, 1.8);
  for (let row = 0; row < alpha.height; row++) {
    for (let column = 0; column < alpha.width; column++) {
      const [dx, dy] = [alpha.left + column + 0.5 - x, alpha.top + row + 0.5 - y];
      const distance = Math.sqrt(dx * dx + dy * dy);
      const cover = Math.min(1, Math.max(0, radius - distance + 0.5));
      if (cover === 0) {
        continue;
      }
      const towards = distance > 0 ? (dx * lx + dy * ly) / distance : 0;
      const side = opposite + (1 - opposite) * (0.5 + 0.5 * towards) * (0.5 + 0.5 * towards);
      const outer = bell((distance - (radius - 1.3 * ringWidth)) / ringWidth);
      const inner = bell((distance - 0.8 * radius) / (0.07 * radius + 1)) * (0.5 - 0.5 * towards);
      const highlight = bell(distanceOf(dx, dy, lx * lampAt, ly * lampAt) / lampSize);
      const mirrored = bell(distanceOf(dx, dy, -lx * 0.66 * radius, -ly * 0.66 * radius) / (1.3 * lampSize));
      const glow = 0.35 + 0.5 * (distance / radius) * (distance / radius);
      const i = row * alpha.width + column;
      alpha.data[i] = cover;
      light[i] = cover * (fluid * glow + ring * side * outer + 0.14 * ring * inner + lamp * highlight + 0.2 * mirrored);
    }
  }
  return { alpha, light };
}

function distanceOf(dx: number, dy: number, x: number, y: number): number {
  return Math.sqrt((dx - x) * (dx - x) + (dy - y) * (dy - y));
}
