/**
 * The objects of one image as training takes them: typed arrays only, so that they go to a worker thread and to the GPU as
 * they are. Pixels are those of the stored image; EXIF orientation is ignored, as `decodeImage` does.
 */
export interface SampleObjects {
  /** Objects and crowd regions, n. */
  readonly objects: number;
  /** [n, 4]: x1, y1, x2, y2 in pixels, the tight box of the mask (x2 and y2 excluded); `bbox` where there is no mask. */
  readonly boxes: Float32Array<ArrayBuffer>;
  /** [n], from 1: label i + 1 is class i of the dataset. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** [n], 1 for regions that are neither learnt nor taken as background, else 0. */
  readonly crowd: Uint32Array<ArrayBuffer>;
  /**
   * [n, 5], as src/kernels/detection/mask_targets.ts has it: of each mask's rectangle left and top in pixels, u32 words in
   * a row, rows, and its first word. The rectangle is the mask's tight box, its rows filled up to whole words; an object
   * without a mask has none (0 words, 0 rows).
   */
  readonly placements: Uint32Array<ArrayBuffer>;
}

/** One decoded image with its objects. */
export interface DecodedSample extends SampleObjects {
  readonly imageId: number;
  readonly fileName: string;
  /** Pixels. */
  readonly height: number;
  readonly width: number;
  /** RGB, row by row, 3 bytes a pixel without gaps; then zeros up to a multiple of 4 bytes. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Mask bits as `placements` lays them out: bit k of a word is the pixel k to the right of its first. At least one word. */
  readonly words: Uint32Array<ArrayBuffer>;
}

/** The masks of an image's objects as COCO's run lengths (`Rle.counts`). */
export interface MaskRuns {
  /** u32 words of the masks' bits; 0 without masks. */
  readonly words: number;
  /** Of all masks, one after the other. */
  readonly runs: Uint32Array<ArrayBuffer>;
  /** [n]: where each object's runs end in `runs`; as the one before for an object without a mask. */
  readonly runEnds: Uint32Array<ArrayBuffer>;
}
