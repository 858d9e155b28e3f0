import type { Rgb } from './canvas';

type Box = readonly [number, number, number, number];

/** Saturated colours that differ from each other and from grey pictures, dark or light. */
export const PALETTE: readonly Rgb[] = [
  [255, 64, 88],
  [64, 214, 84],
  [86, 140, 255],
  [255, 214, 32],
  [232, 76, 255],
  [44, 230, 230],
  [255, 140, 32],
  [150, 108, 255],
  [186, 240, 60],
  [255, 132, 180],
  [20, 176, 140],
  [206, 140, 92],
];

/**
 * One palette index per box, such that boxes closer than `margin` differ as long as a box has fewer close ones than
 * there are colours (greedy colouring from left to right; the colour used least so far is taken first).
 */
export function colourBoxes(boxes: readonly Box[], margin: number): number[] {
  const order = boxes.map((_, i) => i).sort((a, b) => boxes[a][0] - boxes[b][0]);
  const colours = new Array<number>(boxes.length).fill(-1);
  const uses = new Array<number>(PALETTE.length).fill(0);
  for (const i of order) {
    const taken = new Array<number>(PALETTE.length).fill(0);
    boxes.forEach((other, j) => {
      if (colours[j] >= 0 && isClose(boxes[i], other, margin)) {
        taken[colours[j]]++;
      }
    });
    let best = 0;
    for (let c = 1; c < PALETTE.length; c++) {
      if (taken[c] < taken[best] || (taken[c] === taken[best] && uses[c] < uses[best])) {
        best = c;
      }
    }
    colours[i] = best;
    uses[best]++;
  }
  return colours;
}

function isClose(a: Box, b: Box, margin: number): boolean {
  return a[0] <= b[2] + margin && b[0] <= a[2] + margin && a[1] <= b[3] + margin && b[1] <= a[3] + margin;
}
