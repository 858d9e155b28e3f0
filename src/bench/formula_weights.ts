import type { RgbPixels } from '../models/detector';
import { formula } from './formula';

/**
 * Beside He's factor: residual branches that keep the sum from growing, and predictors after which there are as many
 * proposals and detections as may be, with boxes that are neither all alike nor all the whole image.
 */
const GAINS: Readonly<Record<string, number>> = {
  'bn3.weight': 0.5,
  'rpn.head.cls_logits.weight': 0.03,
  'rpn.head.bbox_pred.weight': 0.004,
  'box_predictor.cls_score.weight': 0.03,
  'box_predictor.bbox_pred.weight': 0.02,
  'mask_predictor.mask_fcn_logits.weight': 0.05,
};

/**
 * Weights for parameters by torchvision's names: He-scaled uniform values (K. He et al., "Delving Deep into Rectifiers",
 * 2015) for weights, the identity for BatchNorms, no bias. Bit for bit those of bench/formula_weights.py, so that two
 * implementations can be compared without a file of weights.
 * @param shapes of the parameters, in PyTorch's order of axes
 */
export function formulaWeights(shapes: ReadonlyMap<string, readonly number[]>): Map<string, Float32Array> {
  return new Map([...shapes].map(([name, shape]) => [name, formulaWeight(name, shape)]));
}

function formulaWeight(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const gain = Object.entries(GAINS).find(([end]) => name.endsWith(end))?.[1] ?? 1;
  if (shape.length < 2) {
    return new Float32Array(count).fill(name.endsWith('running_var') || name.endsWith('.weight') ? gain : 0);
  }
  const bound = Math.fround(gain * Math.sqrt(6 / (count / shape[0])));
  return formula(count, nameSeed(name)).map((value) => value * bound);
}

/** FNV-1a over the characters, 32 bits. */
function nameSeed(name: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    value = Math.imul(value ^ name.charCodeAt(i), 0x01000193) >>> 0;
  }
  return value;
}

/** An image of 16-pixel patches in which there are 4-pixel patches: that of formula_image() in formula_weights.py. */
export function formulaImage(height: number, width: number, seed: number): RgbPixels {
  const patches = (side: number, patchSeed: number): ((y: number, x: number, channel: number) => number) => {
    const columns = Math.ceil(width / side);
    const values = formula(Math.ceil(height / side) * columns * 3, patchSeed);
    return (y, x, channel) => {
      const patch = Math.floor(y / side) * columns + Math.floor(x / side);
      return Math.floor((values[patch * 3 + channel] + 1) * 128);
    };
  };
  const [coarse, fine] = [patches(16, seed), patches(4, seed + 1)];
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    data[i] = Math.floor((3 * coarse(y, x, i % 3) + fine(y, x, i % 3)) / 4);
  }
  return { width, height, data };
}
