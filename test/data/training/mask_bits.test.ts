import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rleDecode, rleEncode, rleToBbox, type Rle } from '../../../src/eval/rle';
import { rectangleOf, setMaskBits, wordsOfRow } from '../../../src/data/training/mask_bits';

/** A mask of random runs, so that columns are crossed and wide rows are met. */
const mask = fc
  .record({ height: fc.integer({ min: 1, max: 12 }), width: fc.integer({ min: 1, max: 100 }) })
  .chain(({ height, width }) =>
    fc
      .array(fc.nat(3 * height), { minLength: 1, maxLength: 40 })
      .map((ends): Rle => {
        const pixels = new Uint8Array(height * width);
        let [position, value] = [0, 0];
        for (const run of ends) {
          pixels.fill(value, position, (position += run));
          value = 1 - value;
        }
        return rleEncode(pixels, height, width);
      })
      .filter((rle) => rle.counts.length > 1),
  );

/** Column-major, as rleDecode, of a rectangle's bits. */
function unpack(words: Uint32Array, placement: Uint32Array, { height, width }: Rle): Uint8Array {
  const [left, top, rowWords, rows, first] = placement;
  const pixels = new Uint8Array(height * width);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < rowWords * 32; k++) {
      if (((words[first + row * rowWords + (k >> 5)] >>> (k & 31)) & 1) === 1) {
        pixels[(left + k) * height + top + row] = 1;
      }
    }
  }
  return pixels;
}

describe('setMaskBits', () => {
  it('sets the bits of every pixel of the mask and no other, in its own words alone', () => {
    fc.assert(
      fc.property(mask, fc.nat(5), (rle, first) => {
        const [left, top, width, height] = rleToBbox(rle);
        const placement = Uint32Array.of(left, top, wordsOfRow(width), height, first);
        const words = new Uint32Array(first + wordsOfRow(width) * height + 2);
        setMaskBits(rle.counts, rle.height, rectangleOf(placement, 0), words);
        expect(unpack(words, placement, rle)).toEqual(rleDecode(rle));
        expect([...words.subarray(0, first), ...words.subarray(-2)].every((word) => word === 0)).toBe(true);
      }),
    );
  });
});
