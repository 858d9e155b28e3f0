import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PNG } from 'pngjs';

/** Writes a PNG by pngjs, an encoder that is not ours: grey of 8 or 16 bit, rows of values. */
export function writeGrey(path: string, rows: readonly (readonly number[])[], depth: 8 | 16 = 8): void {
  const png = new PNG({ width: rows[0].length, height: rows.length });
  const values = rows.flat();
  png.data = Buffer.from((depth === 16 ? Uint16Array.from(values) : Uint8Array.from(values)).buffer);
  const options = { bitDepth: depth, colorType: 0, inputColorType: 0, inputHasAlpha: false } as const;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, PNG.sync.write(png, options));
}

/** The same of colours, a row of [red, green, blue]. */
export function writeColours(path: string, rows: readonly (readonly (readonly number[])[])[]): void {
  const png = new PNG({ width: rows[0].length, height: rows.length });
  png.data = Buffer.from(rows.flat().flatMap((rgb) => [...rgb, 255]));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, PNG.sync.write(png));
}

/** Grey values by pngjs, row by row, and the depth in bits as the file's header says. */
export function readGrey(path: string): { depth: number; rows: number[][] } {
  const bytes = readFileSync(path);
  const depth = bytes[24];
  const { width, height, data } = PNG.sync.read(bytes, { skipRescale: true });
  const values = Array.from(data).filter((_, i) => i % 4 === 0);
  return { depth, rows: Array.from({ length: height }, (_, y) => values.slice(y * width, (y + 1) * width)) };
}
