import type { Picture } from './layer';
import { blur } from './patch';
import type { RandomStream } from './random';
import { bilinear } from './value_noise';

const GLARE_CELL = 8;

/** Veiling glare: part of the light is spread widely by the lens and the fluid. */
export function addGlare({ width, height, data }: Picture, strength: number): void {
  const columns = Math.ceil(width / GLARE_CELL);
  const rows = Math.ceil(height / GLARE_CELL);
  const sums = new Float32Array(columns * rows);
  const counts = new Float32Array(columns * rows);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const cell = Math.floor(y / GLARE_CELL) * columns + Math.floor(x / GLARE_CELL);
    sums[cell] += Math.min(1, data[i]);
    counts[cell]++;
  }
  const spread = blur(
    sums.map((sum, i) => sum / counts[i]),
    columns,
    rows,
    3,
  );
  for (let i = 0; i < data.length; i++) {
    const x = Math.max(0, Math.min(columns - 1, ((i % width) + 0.5) / GLARE_CELL - 0.5));
    const y = Math.max(0, Math.min(rows - 1, (Math.floor(i / width) + 0.5) / GLARE_CELL - 0.5));
    const [column, row] = [Math.min(columns - 2, Math.floor(x)), Math.min(rows - 2, Math.floor(y))];
    data[i] += strength * bilinear(spread, columns, row * columns + column, x - column, y - row);
  }
}

/**
 * What the sensor makes of the light: shot noise (variance proportional to the signal), read noise, saturation, a slight
 * gamma (a blend of the signal and its root) and 8 bits.
 */
export function expose(random: RandomStream, { data }: Picture): Uint8Array {
  const shot = random.uniform(0.0002, 0.0012);
  const read = random.uniform(0.002, 0.006);
  const gamma = random.uniform(0.1, 0.4);
  const black = random.uniform(0.002, 0.012);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const deviation = Math.sqrt(shot * data[i] + read * read);
    const signal = Math.min(1, Math.max(0, data[i] + black + deviation * random.normal()));
    out[i] = Math.floor(255 * (signal + gamma * (Math.sqrt(signal) - signal)) + 0.5);
  }
  return out;
}
