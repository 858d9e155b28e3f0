import type { SampleObjects } from '../../src/data/training/sample';

/** A mask: 0 or 1 for each pixel, row by row. */
export type Mask = Uint8Array;

/** Masks of bits, 8 pixels a byte, the first pixel lowest. */
export function unpackMasks(bytes: ArrayLike<number>, count: number, pixels: number): Mask[] {
  return Array.from({ length: count }, (_, g) =>
    Uint8Array.from({ length: pixels }, (_unused, i) => (bytes[(g * pixels + i) >> 3] >> ((g * pixels + i) & 7)) & 1),
  );
}

/** The tight box of a mask: left, top, right, bottom; zeros for an empty one. */
export function maskBox(mask: Mask, width: number): [number, number, number, number] {
  const box: [number, number, number, number] = [width, mask.length, 0, 0];
  mask.forEach((bit, i) => {
    if (bit === 1) {
      const [x, y] = [i % width, Math.floor(i / width)];
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x + 1);
      box[3] = Math.max(box[3], y + 1);
    }
  });
  return box[2] === 0 ? [0, 0, 0, 0] : box;
}

/** The objects of a training sample from their whole masks; null for an object without a mask, with its box. */
export function sampleObjects(
  masks: readonly (Mask | null)[],
  width: number,
  boxes: readonly (readonly number[])[] = masks.map((mask) => (mask === null ? [0, 0, 0, 0] : maskBox(mask, width))),
): SampleObjects & { readonly words: Uint32Array<ArrayBuffer> } {
  const placements = new Uint32Array(masks.length * 5);
  const words: number[] = [];
  masks.forEach((mask, g) => {
    placements[g * 5 + 4] = words.length;
    if (mask === null) {
      return;
    }
    const [left, top, right, bottom] = maskBox(mask, width);
    const rowWords = Math.ceil((right - left) / 32);
    placements.set([left, top, rowWords, bottom - top], g * 5);
    for (let y = top; y < bottom; y++) {
      for (let word = 0; word < rowWords; word++) {
        let bits = 0;
        for (let k = 0; k < 32 && left + word * 32 + k < right; k++) {
          bits |= mask[y * width + left + word * 32 + k] << k;
        }
        words.push(bits >>> 0);
      }
    }
  });
  return {
    objects: masks.length,
    boxes: Float32Array.from(boxes.flat()),
    labels: Uint32Array.from(masks, (_, i) => i + 1),
    crowd: Uint32Array.from(masks, (_, i) => Number(i % 4 === 3)),
    placements,
    words: Uint32Array.from(words.length > 0 ? words : [0]),
  };
}

/** The whole mask, in an image of that size, of a rectangle of bits. */
export function wholeMask(
  placements: ArrayLike<number>,
  words: ArrayLike<number>,
  object: number,
  [height, width]: readonly [number, number],
): Mask {
  const mask = new Uint8Array(height * width);
  const [left, top, rowWords, rows, first] = Array.from({ length: 5 }, (_, k) => placements[object * 5 + k]);
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < rowWords * 32; x++) {
      const bit = (words[first + row * rowWords + (x >> 5)] >>> (x & 31)) & 1;
      if (bit === 1 && (left + x >= width || top + row >= height)) {
        throw new RangeError(`object ${object} has a pixel outside of the image, at ${left + x}, ${top + row}`);
      }
      if (bit === 1) {
        mask[(top + row) * width + left + x] = 1;
      }
    }
  }
  return mask;
}
