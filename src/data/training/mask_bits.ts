/** Where a mask's bits lie: see `SampleObjects.placements`. */
export interface BitRectangle {
  /** Pixels. */
  readonly left: number;
  readonly top: number;
  /** u32 words in a row. */
  readonly rowWords: number;
  readonly rows: number;
  /** Index of the first word. */
  readonly first: number;
}

/** Values of a rectangle in `placements`. */
export const PLACEMENT_SIZE = 5;

/** u32 words that hold a row of `width` bits. */
export function wordsOfRow(width: number): number {
  return Math.ceil(width / 32);
}

/** The rectangle of object `index`. */
export function rectangleOf(placements: Uint32Array, index: number): BitRectangle {
  const [left, top, rowWords, rows, first] = placements.subarray(index * PLACEMENT_SIZE, (index + 1) * PLACEMENT_SIZE);
  return { left, top, rowWords, rows, first };
}

/**
 * Sets the bits of a mask: bit k of a word is the pixel k to the right of the word's first.
 * @param runs COCO's run lengths, column by column from the top, beginning with background
 * @param height of the image, in pixels
 * @param rectangle holds all of the mask's pixels
 * @param words zero where the rectangle lies
 */
export function setMaskBits(runs: Uint32Array, height: number, rectangle: BitRectangle, words: Uint32Array): void {
  const { left, top, rowWords, first } = rectangle;
  let position = 0;
  for (let i = 0; i < runs.length; i++) {
    const end = position + runs[i];
    while (i % 2 === 1 && position < end) {
      const column = Math.floor(position / height);
      const stop = Math.min(end, (column + 1) * height);
      const x = column - left;
      const bit = 1 << (x & 31);
      let word = first + (position - column * height - top) * rowWords + (x >>> 5);
      for (; position < stop; position++, word += rowWords) {
        words[word] |= bit;
      }
    }
    position = end;
  }
}
