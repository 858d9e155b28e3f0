import type { Crop } from './crop';

/** Number of parts of the foreground, which hang together over edges and corners (8-connected). */
export function countParts(crop: Crop): number {
  return countComponents(crop, 1, true);
}

/** Number of holes: parts of the background, which hang together over edges (4-connected), without the outer one. */
export function countHoles(crop: Crop): number {
  return countComponents(crop, 0, false) - 1;
}

function countComponents({ width, height, data }: Crop, value: 0 | 1, overCorners: boolean): number {
  const seen = new Uint8Array(data.length);
  const stack: number[] = [];
  let count = 0;
  const visit = (pixel: number): void => {
    if (seen[pixel] === 0 && data[pixel] === value) {
      seen[pixel] = 1;
      stack.push(pixel);
    }
  };
  for (let start = 0; start < data.length; start++) {
    if (seen[start] === 1 || data[start] !== value) {
      continue;
    }
    count++;
    visit(start);
    for (let pixel = stack.pop(); pixel !== undefined; pixel = stack.pop()) {
      const x = pixel % width;
      const y = (pixel - x) / width;
      for (let dy = y > 0 ? -1 : 0; dy <= (y < height - 1 ? 1 : 0); dy++) {
        for (let dx = x > 0 ? -1 : 0; dx <= (x < width - 1 ? 1 : 0); dx++) {
          if (overCorners || dx === 0 || dy === 0) {
            visit(pixel + dy * width + dx);
          }
        }
      }
    }
  }
  return count;
}
