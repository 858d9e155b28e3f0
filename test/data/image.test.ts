import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import type { Sharp } from 'sharp';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors';
import type { RgbImage } from '../../src/data/image';
import { decodeImage, decodeLabelImage, encodeGreyPng, readImageSize } from '../../src/data/image';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();

function write(name: string, bytes: Uint8Array | string): string {
  writeFileSync(at(name), bytes);
  return at(name);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

interface PngForm {
  width: number;
  height: number;
  depth: number;
  colour: number;
  /** Packed scanlines without filter bytes. */
  rows: number[][];
  extra?: Buffer[];
}

/** A PNG written by hand: forms that no encoder here writes (1 to 4 bit, palettes, tRNS). */
function png({ width, height, depth, colour, rows, extra = [] }: PngForm): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...extra,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const noise = Uint8Array.from({ length: 13 * 7 * 4 }, (_, i) => (i * 7919 + (i >> 3) * 104729) & 0xff);

function encodeNoise(inputColorType: 0 | 2 | 4 | 6, colorType: 0 | 2 | 4 | 6): Buffer {
  const image = new PNG({ width: 13, height: 7 });
  image.data = Buffer.from(noise);
  return PNG.sync.write(image, { inputColorType: 6, colorType, inputHasAlpha: inputColorType === 6 });
}

/** What pngjs, an independent decoder, makes of it; alpha dropped. */
function pngjsRgb(bytes: Buffer): number[] {
  const { data } = PNG.sync.read(bytes);
  return [...data].filter((_, i) => i % 4 !== 3);
}

async function expectPixels(path: string, width: number, height: number, rgb: ArrayLike<number>): Promise<RgbImage> {
  const image = await decodeImage(path);
  expect([image.width, image.height, image.path]).toEqual([width, height, path]);
  expect(image.data).toBeInstanceOf(Uint8Array);
  expect(image.data.length).toBe(width * height * 3);
  expect(Array.from(image.data)).toEqual(Array.from(rgb));
  return image;
}

async function expectRefusal(path: string, pattern: RegExp): Promise<void> {
  const error: unknown = await decodeImage(path).then(
    () => 'decoded',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).toMatch(pattern);
  expect(message).toContain(path);
  expect(message).not.toContain('\n');
}

describe('PNG', () => {
  it('has the pixels of RGB, RGBA (alpha dropped), grey and grey + alpha files', async () => {
    for (const colour of [0, 2, 4, 6] as const) {
      const bytes = encodeNoise(6, colour);
      await expectPixels(write(`colour${colour}.png`, bytes), 13, 7, pngjsRgb(bytes));
    }
  });

  it('keeps the colour under full transparency', async () => {
    const rows = [[10, 20, 30, 0, 40, 50, 60, 255]];
    await expectPixels(
      write('rgba.png', png({ width: 2, height: 1, depth: 8, colour: 6, rows })),
      2,
      1,
      [10, 20, 30, 40, 50, 60],
    );
    const extra = [chunk('tRNS', Buffer.from([0, 10, 0, 20, 0, 30]))];
    await expectPixels(
      write('trns.png', png({ width: 2, height: 1, depth: 8, colour: 2, rows: [[10, 20, 30, 40, 50, 60]], extra })),
      2,
      1,
      [10, 20, 30, 40, 50, 60],
    );
  });

  it('scales 1, 2 and 4 bit grey to 0..255', async () => {
    const grey = (...values: number[]): number[] => values.flatMap((v) => [v, v, v]);
    const cases = [
      [1, [0b01100000], grey(0, 255, 255)],
      [2, [0b00011011], grey(0, 85, 170)],
      [4, [0x0f, 0x70], grey(0, 255, 119)],
    ] as const;
    for (const [depth, row, rgb] of cases) {
      const bytes = png({ width: 3, height: 1, depth, colour: 0, rows: [[...row]] });
      await expectPixels(write(`grey${depth}.png`, bytes), 3, 1, rgb);
    }
  });

  it('looks palettes up, with transparent entries too', async () => {
    const extra = [chunk('PLTE', Buffer.from([1, 2, 3, 200, 100, 50])), chunk('tRNS', Buffer.from([0]))];
    const bytes = png({ width: 3, height: 2, depth: 1, colour: 3, rows: [[0b01000000], [0b11000000]], extra });
    const [a, b] = [
      [1, 2, 3],
      [200, 100, 50],
    ];
    await expectPixels(write('palette.png', bytes), 3, 2, [a, b, a, b, b, a].flat());
  });

  it('drops the low byte of 16 bit, grey and RGB, without stretching', async () => {
    const rows = [[0x00, 0xff, 0x0f, 0xff, 0x80, 0x00, 0xff, 0xff]];
    const grey = png({ width: 4, height: 1, depth: 16, colour: 0, rows });
    await expectPixels(
      write('grey16.png', grey),
      4,
      1,
      [0, 15, 128, 255].flatMap((v) => [v, v, v]),
    );
    const colour = png({ width: 1, height: 1, depth: 16, colour: 2, rows: [[0x12, 0xff, 0x7f, 0x80, 0xfe, 0xff]] });
    await expectPixels(write('rgb16.png', colour), 1, 1, [0x12, 0x7f, 0xfe]);
  });

  it('reads interlaced files', async () => {
    const raw = Buffer.from(noise.subarray(0, 13 * 7 * 3));
    const bytes = await sharp(raw, { raw: { width: 13, height: 7, channels: 3 } })
      .png({ progressive: true })
      .toBuffer();
    expect(bytes[28]).toBe(1);
    await expectPixels(write('interlaced.png', bytes), 13, 7, raw);
  });

  it('is known by content, not by name', async () => {
    await expectPixels(write('really-png.jpg', encodeNoise(6, 2)), 13, 7, pngjsRgb(encodeNoise(6, 2)));
  });

  it('is refused wherever it is cut', async () => {
    const bytes = encodeNoise(6, 2);
    for (const length of [9, 20, 33, 60, Math.floor(bytes.length / 2), bytes.length - 12, bytes.length - 1]) {
      await expectRefusal(
        write(`cut${length}.png`, bytes.subarray(0, length)),
        /damaged or truncated PNG file \(it ends/,
      );
    }
  });

  it('is refused with a flipped byte, too little data, or none', async () => {
    const bytes = encodeNoise(6, 2);
    bytes[60] ^= 0xff;
    await expectRefusal(write('flipped.png', bytes), /damaged or truncated PNG/);
    const short = png({ width: 4, height: 4, depth: 8, colour: 0, rows: [[1, 2, 3, 4]] });
    await expectRefusal(write('short.png', short), /damaged or truncated PNG/);
    const none = Buffer.concat([bytes.subarray(0, 33), chunk('IEND', Buffer.alloc(0))]);
    await expectRefusal(write('none.png', none), /no pixel data/);
  });
});

describe('JPEG and TIFF', () => {
  const raw = Buffer.from(noise.subarray(0, 13 * 7 * 3));
  const image = (): Sharp => sharp(raw, { raw: { width: 13, height: 7, channels: 3 } });

  it('keeps a JPEG as stored, whatever its EXIF orientation', async () => {
    const plain = await image().jpeg({ quality: 95 }).toBuffer();
    const turned = await image().withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(turned).metadata()).orientation).toBe(6);
    const expected = await decodeImage(write('plain.jpg', plain));
    await expectPixels(write('turned.jpg', turned), 13, 7, expected.data);
  });

  it('reads grey JPEG as three equal channels', async () => {
    const bytes = await image().greyscale().jpeg().toBuffer();
    const { data } = await decodeImage(write('grey.jpg', bytes));
    expect(data.length).toBe(13 * 7 * 3);
    expect(data.every((v, i) => v === data[i - (i % 3)])).toBe(true);
  });

  it('reads TIFF of 8 and 16 bit exactly', async () => {
    for (const compression of ['none', 'lzw', 'deflate'] as const) {
      const bytes = await image().tiff({ compression }).toBuffer();
      await expectPixels(write(`${compression}.tif`, bytes), 13, 7, raw);
    }
    const values = Uint16Array.of(0x00ff, 0x0fff, 0x8000, 0xffff);
    const deep = await sharp(values, { raw: { width: 4, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .tiff({ compression: 'none' })
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    await expectPixels(
      write('deep.tiff', deep),
      4,
      1,
      [0, 15, 128, 255].flatMap((v) => [v, v, v]),
    );
  });

  it('refuses truncated files', async () => {
    const large = sharp({
      create: {
        width: 300,
        height: 200,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    });
    const jpeg = await large.clone().jpeg().toBuffer();
    const tiff = await large.clone().tiff({ compression: 'none' }).toBuffer();
    for (const share of [0.01, 0.5, 0.9]) {
      await expectRefusal(write('cut.jpg', jpeg.subarray(0, Math.ceil(jpeg.length * share))), /truncated JPEG/);
      await expectRefusal(write('cut.tif', tiff.subarray(0, Math.ceil(tiff.length * share))), /truncated TIFF/);
    }
  });

  it('refuses TIFF of several pages and of floating point', async () => {
    const pages = await sharp(Buffer.concat([raw, raw]), { raw: { width: 13, height: 14, channels: 3, pageHeight: 7 } })
      .tiff()
      .toBuffer();
    expect((await sharp(pages).metadata()).pages).toBe(2);
    await expectRefusal(write('pages.tif', pages), /holds 2 pages/);
    await expectRefusal(write('float.tif', floatTiff()), /type float.*8 or 16 bit/);
  });
});

/** A 1 x 1 TIFF of one 32-bit float, little-endian (TIFF 6.0, section 19). */
function floatTiff(): Buffer {
  const entries: [tag: number, type: number, value: number][] = [
    [256, 3, 1],
    [257, 3, 1],
    [258, 3, 32],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 3, 1],
    [279, 4, 4],
    [339, 3, 3],
  ];
  const file = Buffer.alloc(12 + 2 + entries.length * 12 + 4);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(12, 4);
  file.writeFloatLE(0.5, 8);
  file.writeUInt16LE(entries.length, 12);
  entries.forEach(([tag, type, value], i) => {
    const offset = 14 + i * 12;
    file.writeUInt16LE(tag, offset);
    file.writeUInt16LE(type, offset + 2);
    file.writeUInt32LE(1, offset + 4);
    file.writeUInt32LE(value, offset + 8);
  });
  return file;
}

describe('bad input', () => {
  it('names what is missing, a folder or empty', async () => {
    mkdirSync(at('folder.png'), { recursive: true });
    await expectRefusal(at('absent.png'), /does not exist/);
    await expectRefusal(at('folder.png'), /is a folder/);
    await expectRefusal(write('empty.png', ''), /is empty/);
  });

  it('says what another file is', async () => {
    const gif = await sharp(Buffer.from(noise.subarray(0, 12)), { raw: { width: 2, height: 2, channels: 3 } })
      .gif()
      .toBuffer();
    await expectRefusal(write('image.gif', gif), /is a GIF image: PNG, JPEG and TIFF are read/);
    const webp = await sharp(gif).webp().toBuffer();
    await expectRefusal(write('image.webp', webp), /is a WebP image/);
    await expectRefusal(write('image.bmp', Buffer.from('BM\x36\0\0\0\0\0', 'latin1')), /is a BMP image/);
    await expectRefusal(write('text.png', 'Grüße: this is no picture\n'), /is a text file/);
    await expectRefusal(write('accents.png', 'é'.repeat(2000)), /is a text file/);
    await expectRefusal(write('lfs.png', 'version https://git-lfs.github.com/spec/v1\n'), /Git LFS pointer/);
    await expectRefusal(write('zeros.png', Buffer.alloc(50)), /no kind of image/);
    await expectRefusal(write('one.png', Buffer.from([0x89])), /no kind of image/);
  });

  it('judges the size by the header alone', async () => {
    const tiny = { depth: 8, colour: 0, rows: [[0]] };
    await expectRefusal(
      write('wide.png', png({ ...tiny, width: 40000, height: 30 })),
      /40000 x 30 pixels, the limit is 16384/,
    );
    await expectRefusal(write('area.png', png({ ...tiny, width: 16384, height: 8193 })), /limit is .* 128 Mi pixels/);
    await expectRefusal(write('huge.png', png({ ...tiny, width: 2 ** 31, height: 2 ** 31 })), /limit/);
    await expectRefusal(write('zero.png', png({ ...tiny, width: 0, height: 5 })), /no pixels \(0 x 5\)/);
    const wide = await sharp({ create: { width: 20000, height: 2, channels: 3, background: '#000' } })
      .jpeg()
      .toBuffer();
    await expectRefusal(write('wide.jpg', wide), /20000 x 2 pixels/);
    const tiff = await sharp(wide).tiff({ compression: 'lzw' }).toBuffer();
    await expectRefusal(write('wide.tif', tiff), /20000 x 2 pixels/);
  });

  it('leaves the file as it was', () => {
    expect(readFileSync(at('text.png'), 'utf8')).toBe('Grüße: this is no picture\n');
  });
});

describe('decodeLabelImage', () => {
  const deep = [0, 1, 255, 256, 300, 65535];
  const bytesOf = (values: readonly number[]) => values.flatMap((value) => [value >> 8, value & 255]);

  it('keeps every value of grey of 8 and 16 bit, with alpha too', async () => {
    const grey16 = png({
      width: 3,
      height: 2,
      depth: 16,
      colour: 0,
      rows: [deep.slice(0, 3), deep.slice(3)].map(bytesOf),
    });
    expect(await decodeLabelImage(write('label16.png', grey16))).toEqual({
      width: 3,
      height: 2,
      labels: Uint32Array.from(deep),
      isColour: false,
    });
    const alpha = png({ width: 2, height: 1, depth: 16, colour: 4, rows: [bytesOf([300, 65535, 7, 0])] });
    expect([...(await decodeLabelImage(write('label16a.png', alpha))).labels]).toEqual([300, 7]);
    const all = Array.from({ length: 256 }, (_, i) => i);
    const grey8 = png({ width: 256, height: 1, depth: 8, colour: 0, rows: [all] });
    expect([...(await decodeLabelImage(write('label8.png', grey8))).labels]).toEqual(all);
  });

  it('keeps colours, of palettes too', async () => {
    const rgb = png({ width: 2, height: 1, depth: 8, colour: 2, rows: [[1, 2, 3, 255, 0, 9]] });
    expect([...(await decodeLabelImage(write('labelrgb.png', rgb))).labels]).toEqual([0x010203, 0xff0009]);
    const palette = chunk('PLTE', Uint8Array.from([0, 0, 0, 128, 0, 0, 0, 128, 0]));
    const indexed = png({ width: 4, height: 1, depth: 2, colour: 3, rows: [[0b00011000]], extra: [palette] });
    expect([...(await decodeLabelImage(write('labelp.png', indexed))).labels]).toEqual([0, 0x800000, 0x008000, 0]);
  });

  it('refuses what does not keep values', async () => {
    const jpeg = await sharp(noise, { raw: { width: 13, height: 7, channels: 4 } })
      .jpeg()
      .toBuffer();
    await expect(decodeLabelImage(write('label.jpg', jpeg))).rejects.toThrow(
      /is a JPEG file, which changes pixel values/,
    );
    const deepColours = png({ width: 1, height: 1, depth: 16, colour: 2, rows: [bytesOf([1, 2, 3])] });
    await expect(decodeLabelImage(write('label48.png', deepColours))).rejects.toThrow(/has colours of 16 bit/);
    await expect(decodeLabelImage(write('cut.png', encodeNoise(6, 0).subarray(0, 80)))).rejects.toThrow(InputError);
  });

  it('reads back what is encoded, as pngjs does', async () => {
    for (const values of [Uint8Array.from([0, 1, 254, 255, 7, 8]), Uint16Array.from(deep)]) {
      const bytes = await encodeGreyPng(values, 3, 2);
      const grey = Array.from(PNG.sync.read(bytes, { skipRescale: true }).data).filter((_, i) => i % 4 === 0);
      expect(grey).toEqual([...values]);
      expect(bytes[24]).toBe(8 * values.BYTES_PER_ELEMENT);
      expect([...(await decodeLabelImage(write('back.png', bytes))).labels]).toEqual([...values]);
      expect(await readImageSize(at('back.png'))).toEqual({ width: 3, height: 2 });
    }
  });
});
