import { decodeImageOfSize } from '../dataset_image';
import type { TrainingEntry } from './dataset';
import { rectangleOf, setMaskBits } from './mask_bits';

/** What is decoded of an image: what its file holds, and its masks' runs. */
export type EncodedSample = Pick<
  TrainingEntry,
  'path' | 'width' | 'height' | 'placements' | 'words' | 'runs' | 'runEnds'
>;

/** As `DecodedSample` has them. */
export interface DecodedParts {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
}

/**
 * Decodes an image file and unpacks its masks to bits.
 * @throws InputError where the file cannot be read, or has another size than its entry says
 */
export async function decodeSample(entry: EncodedSample): Promise<DecodedParts> {
  const { data } = await decodeImageOfSize(entry.path, entry);
  const pixels = new Uint8Array(Math.ceil(data.length / 4) * 4);
  pixels.set(data);
  return { pixels, words: maskWords(entry) };
}

/** The bits of the masks: see `DecodedSample.words`. */
export function maskWords({
  height,
  placements,
  words,
  runs,
  runEnds,
}: Omit<EncodedSample, 'path' | 'width'>): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(Math.max(1, words));
  runEnds.forEach((end, i) => {
    setMaskBits(runs.subarray(i === 0 ? 0 : runEnds[i - 1], end), height, rectangleOf(placements, i), bits);
  });
  return bits;
}
