/** Kinds of image that `decodeImage` reads. */
export type ImageKind = 'png' | 'jpeg' | 'tiff';

/** Name extensions under which those kinds are looked for in folders (lower case). */
export const IMAGE_EXTENSIONS: readonly string[] = ['.png', '.jpg', '.jpeg', '.tif', '.tiff'];

const READABLE: readonly [ImageKind, readonly number[]][] = [
  ['png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['tiff', [0x49, 0x49, 0x2a, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2a]],
  ['tiff', [0x49, 0x49, 0x2b, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2b]],
];

/** What else users hand over, by its first bytes (as Latin-1 text at an offset). */
const KNOWN: readonly [name: string, offset: number, bytes: string][] = [
  ['a GIF image', 0, 'GIF8'],
  ['a WebP image', 8, 'WEBP'],
  ['a BMP image', 0, 'BM'],
  ['a HEIC or AVIF image', 4, 'ftyp'],
  ['a JPEG 2000 image', 4, 'jP  '],
  ['a JPEG XL image', 0, '\xff\x0a'],
  ['a Photoshop file', 0, '8BPS'],
  ['a Zeiss CZI file', 0, 'ZISRAWFILE'],
  ['a Nikon ND2 file', 0, '\xda\xce\xbe\x0a'],
  ['a DICOM file', 128, 'DICM'],
  ['a NumPy array', 0, '\x93NUMPY'],
  ['an HDF5 file', 0, '\x89HDF'],
  ['a PDF file', 0, '%PDF'],
  ['a zip archive', 0, 'PK\x03\x04'],
  ['a gzip archive', 0, '\x1f\x8b'],
  ['a Git LFS pointer (run: git lfs pull)', 0, 'version https://git-lfs'],
];

/** How much of a file is looked at to say what it is. */
const HEAD_BYTES = 1024;

/** The kind by content, whatever the file's name; null if it is none of those. */
export function imageKind(bytes: Uint8Array): ImageKind | null {
  return READABLE.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte))?.[0] ?? null;
}

/** What a file that is not readable is, in words, e.g. "a text file". */
export function describeContent(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES));
  const latin1 = head.toString('latin1');
  const known = KNOWN.find(([, offset, magic]) => latin1.startsWith(magic, offset));
  if (known !== undefined) {
    return known[0];
  }
  return isText(head) ? 'a text file' : 'no kind of image that is known here';
}

function isText(head: Buffer): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    return true;
  }
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))) {
    return false;
  }
  try {
    // As a stream: a character may be cut at the end of the head.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length === HEAD_BYTES });
    return true;
  } catch {
    return false;
  }
}

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample, or of an index into the palette. */
  readonly bitDepth: number;
  /** Red, green and blue of each entry, where pixels are indices; else null. */
  readonly palette: Uint8Array | null;
  /** Null if all chunks up to IEND lie within the file, else what is wrong. */
  readonly damage: string | null;
}

/** The colour type of images with a palette. */
const INDEXED = 3;

/** Reads a PNG's size and walks its chunks without decoding (PNG specification, sections 5.3 and 11.2.2). */
export function readPngHeader(bytes: Uint8Array): PngHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || chunkType(bytes, 12) !== 'IHDR' || view.getUint32(8) !== 13) {
    return null;
  }
  const image = { width: view.getUint32(16), height: view.getUint32(20), bitDepth: bytes[24] };
  const isIndexed = bytes[25] === INDEXED;
  let hasData = false;
  let palette: Uint8Array | null = null;
  for (let position = 8; ;) {
    if (position + 12 > bytes.length) {
      return { ...image, palette, damage: `it ends after ${bytes.length} bytes, before its last chunk` };
    }
    const length = view.getUint32(position);
    const type = chunkType(bytes, position + 4);
    if (position + 12 + length > bytes.length) {
      return { ...image, palette, damage: `it ends after ${bytes.length} bytes, within its ${type} chunk` };
    }
    if (type === 'IEND') {
      return { ...image, palette, damage: hasData ? null : 'it has no pixel data' };
    }
    hasData ||= type === 'IDAT';
    palette = type === 'PLTE' && isIndexed ? bytes.subarray(position + 8, position + 8 + length) : palette;
    position += 12 + length;
  }
}

function chunkType(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4)).replace(/[^A-Za-z]/g, '?');
}
