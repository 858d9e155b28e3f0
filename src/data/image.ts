import { readFile, stat } from 'node:fs/promises';
import type { Metadata } from 'sharp';
import sharp from 'sharp';
import { InputError } from '../errors';
import { errorText, readError } from './file_error';
import type { ImageKind } from './image_kind';
import { describeContent, imageKind, readPngHeader } from './image_kind';

/** An image as the engine takes it: RGB interleaved, row-major, 8 bit per channel, as stored in the file. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
  readonly path: string;
}

/** Largest side of an image, in pixels. */
export const MAX_IMAGE_SIDE = 16384;
/** Largest number of pixels of an image. */
export const MAX_IMAGE_PIXELS = 2 ** 27;

// With 3 channels of 16 bit, uncompressed, no readable image needs more.
const MAX_FILE_BYTES = 2 ** 30;

const sharpOptions = {
  // 'error' refuses truncated files; 'warning' would also refuse JPEGs with harmless flaws that every viewer shows.
  failOn: 'error',
  limitInputPixels: MAX_IMAGE_PIXELS,
  ignoreIcc: true,
} as const;

/**
 * Decodes a PNG, JPEG or TIFF file, recognised by its content, off the main thread (libvips through sharp).
 *
 * Pixels are taken as stored, as PIL's `Image.open(path).convert('RGB')` gives them for 8-bit files:
 * - alpha is dropped, not composited; palettes are looked up; grey is repeated three times; 1, 2 and 4 bit are
 *   scaled to 0..255;
 * - 16 bit becomes 8 bit by dropping the low byte (`x >> 8`, as OpenCV's IMREAD_COLOR), by plain scaling: no
 *   stretching to the range in use, so a microscope image that uses 12 of its 16 bits comes out dark;
 * - EXIF orientation and embedded colour profiles are ignored, as torchvision, PIL and pycocotools ignore them.
 *
 * @throws InputError for a file that is missing, a folder, empty, truncated, of another kind, too large
 * (`MAX_IMAGE_SIDE`, `MAX_IMAGE_PIXELS`; checked before anything is decoded), of zero size, of more than one page,
 * or of numbers that are not 8 or 16 bit
 */
export async function decodeImage(path: string): Promise<RgbImage> {
  const { bytes, kind } = await openImage(path);
  if (kind !== 'png') {
    await checkHeader(bytes, kind, path);
  }
  try {
    const { data, info } = await sharp(bytes, sharpOptions).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: toRgb(data, info.channels), path };
  } catch (error) {
    throw damaged(kind, path, errorText(error));
  }
}

/** An image whose pixels name what lies there, such as one number for each object; 0 is black. */
export interface LabelImage {
  readonly width: number;
  readonly height: number;
  /** Row-major: the grey value (8 or 16 bit), or of a colour red * 65536 + green * 256 + blue. */
  readonly labels: Uint32Array;
  readonly isColour: boolean;
}

/**
 * Decodes a PNG or TIFF file to its exact pixel values. Palettes are looked up, alpha is dropped, and grey of 1, 2 or
 * 4 bit is scaled to 0..255.
 * @throws InputError as `decodeImage`, and for a JPEG file, which does not keep values, and for colours of 16 bit
 */
export async function decodeLabelImage(path: string): Promise<LabelImage> {
  const { bytes, kind } = await openImage(path);
  if (kind === 'jpeg') {
    throw new InputError(`mask ${path} is a JPEG file, which changes pixel values: save it as PNG`);
  }
  const header = await checkHeader(bytes, kind, path);
  const isDeep = header.depth === 'ushort';
  if (isDeep && header.channels > 2) {
    throw new InputError(`mask ${path} has colours of 16 bit: save it as 16 bit grey or 8 bit colour`);
  }
  try {
    const image = sharp(bytes, sharpOptions);
    if (header.channels < 3) {
      image.toColourspace(isDeep ? 'grey16' : 'b-w'); // else grey becomes RGB
    }
    const raw = image.raw(isDeep ? { depth: 'ushort' } : {});
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    const values = isDeep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    return {
      width: info.width,
      height: info.height,
      labels: toLabels(values, info.channels),
      isColour: info.channels > 2,
    };
  } catch (error) {
    throw damaged(kind, path, errorText(error));
  }
}

/** The size of an image in pixels, without decoding it. @throws InputError as `decodeImage` where the header tells */
export async function readImageSize(path: string): Promise<{ width: number; height: number }> {
  const { bytes, kind } = await openImage(path);
  const { width, height } = await checkHeader(bytes, kind, path);
  return { width, height };
}

/** Encodes grey values, row-major, as PNG: of 8 bit, or of 16 bit where they are a Uint16Array. */
export function encodeGreyPng(values: Uint8Array | Uint16Array, width: number, height: number): Promise<Buffer> {
  return sharp(values, { raw: { width, height, channels: 1 } })
    .toColourspace(values instanceof Uint16Array ? 'grey16' : 'b-w')
    .png({ compressionLevel: 6 })
    .toBuffer();
}

async function openImage(path: string): Promise<{ bytes: Buffer; kind: ImageKind }> {
  const bytes = await readImageFile(path);
  const kind = imageKind(bytes);
  if (kind === null) {
    throw new InputError(
      `image ${path} is ${describeContent(bytes)}: PNG, JPEG and TIFF are read; convert it or leave it out`,
    );
  }
  if (kind === 'png') {
    checkPng(bytes, path);
  }
  return { bytes, kind };
}

async function readImageFile(path: string): Promise<Buffer> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      throw new InputError(`image ${path} is a folder: name an image file`);
    }
    if (!info.isFile()) {
      throw new InputError(`image ${path} is not a regular file: name an image file`);
    }
    if (info.size === 0) {
      throw new InputError(`image ${path} is empty (0 bytes): copy it again or leave it out`);
    }
    if (info.size > MAX_FILE_BYTES) {
      throw new InputError(
        `image ${path} has ${(info.size / 2 ** 30).toFixed(1)} GiB, the limit is 1 GiB: cut it into tiles`,
      );
    }
    return await readFile(path);
  } catch (error) {
    throw readError(error, 'image', path);
  }
}

function checkPng(bytes: Uint8Array, path: string): void {
  const header = readPngHeader(bytes);
  if (header === null) {
    throw damaged('png', path, 'it ends within its header');
  }
  checkSize(header.width, header.height, path);
  if (header.damage !== null) {
    throw damaged('png', path, header.damage);
  }
}

async function checkHeader(bytes: Uint8Array, kind: ImageKind, path: string): Promise<Metadata> {
  let header: Metadata;
  try {
    // The size is judged here, with our own sentence, not by sharp.
    header = await sharp(bytes, { ...sharpOptions, limitInputPixels: false }).metadata();
  } catch (error) {
    throw damaged(kind, path, errorText(error));
  }
  checkSize(header.width, header.height, path);
  const pages = header.pages ?? 1;
  if (pages > 1) {
    throw new InputError(`image ${path} holds ${pages} pages: write each page to a file of its own`);
  }
  if (header.depth !== 'uchar' && header.depth !== 'ushort') {
    throw new InputError(`image ${path} has pixels of type ${header.depth}: save it with 8 or 16 bit per channel`);
  }
  if (header.channels > 4) {
    throw new InputError(`image ${path} has ${header.channels} channels: save it as grey or RGB`);
  }
  return header;
}

function checkSize(width: number, height: number, path: string): void {
  if (width === 0 || height === 0) {
    throw new InputError(`image ${path} has no pixels (${width} x ${height}): copy it again or leave it out`);
  }
  if (width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE || width * height > MAX_IMAGE_PIXELS) {
    throw new InputError(
      `image ${path} is ${width} x ${height} pixels, the limit is ${MAX_IMAGE_SIDE} per side and ` +
        `${MAX_IMAGE_PIXELS / 2 ** 20} Mi pixels in all: cut it into tiles or scale it down`,
    );
  }
}

function damaged(kind: ImageKind, path: string, why: string): InputError {
  return new InputError(
    `image ${path} is a damaged or truncated ${kind.toUpperCase()} file (${why}): copy it again or leave it out`,
  );
}

/** @param data interleaved grey, grey + alpha, RGB or RGB + alpha */
function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) {
    return data;
  }
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  const green = channels === 4 ? 1 : 0;
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + green]!;
    rgb[to + 2] = data[from + 2 * green]!;
  }
  return rgb;
}

/** @param values interleaved grey, grey + alpha, RGB or RGB + alpha */
function toLabels(values: Uint8Array | Uint16Array, channels: number): Uint32Array {
  const labels = new Uint32Array(values.length / channels);
  for (let i = 0, from = 0; i < labels.length; i++, from += channels) {
    labels[i] = channels < 3 ? values[from] : (values[from] << 16) | (values[from + 1] << 8) | values[from + 2];
  }
  return labels;
}
