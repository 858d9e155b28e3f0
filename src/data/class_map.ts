import { readFile } from 'node:fs/promises';
import { InputError } from '../errors';
import { IGNORE_LABEL } from '../eval/label_map';
import { readError } from './file_error';
import { decodeLabelImage, type LabelImage } from './image';
import { readPngHeader, type PngHeader } from './image_kind';

/** Class numbers that a map may hold, beside `IGNORE_LABEL`: 0 to this. */
export const LARGEST_CLASS = IGNORE_LABEL - 1;

/**
 * Decodes an image whose pixels are class numbers, as PASCAL VOC and Cityscapes keep them: a PNG with a palette, whose
 * indices count, or a PNG or TIFF of grey, whose values count as stored at any depth. 255 marks pixels without a class.
 * @throws InputError as `decodeLabelImage`; for colours, and for class numbers above 254
 */
export async function decodeClassMap(path: string): Promise<LabelImage> {
  const image = await decodeLabelImage(path);
  const header = await pngHeader(path);
  const classOf = classNumbers(image, header, path);
  const labels = image.labels.map(classOf);
  const largest = labels.reduce((most, label) => Math.max(most, label === IGNORE_LABEL ? 0 : label), 0);
  if (largest > LARGEST_CLASS) {
    throw new InputError(
      `label map ${path} holds the class number ${largest}: numbers up to ${LARGEST_CLASS} are possible, and ` +
        `${IGNORE_LABEL} for pixels without a class (is it a map of single objects?)`,
    );
  }
  return { ...image, labels };
}

/** What a value of `decodeLabelImage` stands for. */
function classNumbers(image: LabelImage, header: PngHeader | null, path: string): (label: number) => number {
  if (header?.palette) {
    const indices = paletteIndices(header.palette, image.isColour);
    return (label) => {
      const index = indices.get(label);
      if (index === undefined || index < 0) {
        throw new InputError(
          `label map ${path} has a palette with one colour for several numbers: save it as grey values`,
        );
      }
      return index;
    };
  }
  if (image.isColour) {
    throw new InputError(
      `label map ${path} has colours, not class numbers: save the numbers as grey values or with a palette`,
    );
  }
  // grey of 1, 2 and 4 bit is scaled to 0..255
  const scale = header !== null && header.bitDepth < 8 ? 255 / (2 ** header.bitDepth - 1) : 1;
  return (label) => label / scale;
}

/** The index of each colour, -1 where several have it. */
function paletteIndices(palette: Uint8Array, isColour: boolean): Map<number, number> {
  const indices = new Map<number, number>();
  for (let i = 0; i * 3 + 2 < palette.length; i++) {
    const [red, green, blue] = palette.subarray(i * 3, i * 3 + 3);
    const label = isColour ? (red << 16) | (green << 8) | blue : red;
    indices.set(label, indices.has(label) ? -1 : i);
  }
  return indices;
}

async function pngHeader(path: string): Promise<PngHeader | null> {
  try {
    return readPngHeader(await readFile(path));
  } catch (error) {
    throw readError(error, 'label map', path);
  }
}
