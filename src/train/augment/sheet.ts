import sharp from 'sharp';
import { drawText, textSize } from '../../data/bitmap_font';
import { blendPixel, strokeRect, type Canvas, type Rgb } from '../../data/canvas';
import { colourBoxes, PALETTE } from '../../data/overlay_colours';
import type { RenderedObject, RenderedSample } from './render';

/** One picture of a sheet. */
export interface Tile {
  readonly canvas: Canvas;
  readonly lines: readonly string[];
}

const GAP = 8;
const TEXT_SCALE = 1;
const LINE_HEIGHT = 14;
const PAPER = 24;
const INK: Rgb = [225, 225, 225];
const CROWD: Rgb = [150, 150, 150];
const FILL_ALPHA = 0.28;
const BOX_ALPHA = 0.5;

/**
 * A sample scaled to fit a square, with its objects' masks filled and outlined and their boxes; crowd regions in grey.
 * @param side of the square, in pixels
 */
export async function drawTile(sample: RenderedSample, side: number): Promise<Canvas> {
  const scale = side / Math.max(sample.height, sample.width);
  const width = Math.max(1, Math.round(sample.width * scale));
  const height = Math.max(1, Math.round(sample.height * scale));
  const raw = { width: sample.width, height: sample.height, channels: 3 } as const;
  const resized = sharp(sample.pixels, { raw }).resize(width, height, {
    fit: 'fill',
    kernel: scale > 1 ? 'nearest' : 'mitchell',
  });
  const canvas = { width, height, data: new Uint8Array(await resized.raw().toBuffer()) };
  const toSample = { x: sample.width / width, y: sample.height / height };
  const boxes = sample.objects.map(({ box: [x1, y1, x2, y2] }) => {
    return [x1 / toSample.x, y1 / toSample.y, x2 / toSample.x, y2 / toSample.y] as const;
  });
  const chosen = colourBoxes(boxes, side / 50);
  sample.objects.forEach((object, i) => {
    const colour = object.isCrowd ? CROWD : PALETTE[chosen[i]];
    paintMask(canvas, object, boxes[i], toSample, colour);
    strokeRect(canvas, boxes[i], 1, colour, BOX_ALPHA);
  });
  return canvas;
}

function paintMask(
  canvas: Canvas,
  { covers }: RenderedObject,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  toSample: { readonly x: number; readonly y: number },
  colour: Rgb,
): void {
  const at = (x: number, y: number): boolean => {
    const [column, row] = [Math.floor((x + 0.5) * toSample.x), Math.floor((y + 0.5) * toSample.y)];
    return x >= 0 && y >= 0 && x < canvas.width && y < canvas.height && covers(column, row);
  };
  for (let y = Math.max(0, Math.floor(y1)); y < Math.min(canvas.height, Math.ceil(y2)); y++) {
    for (let x = Math.max(0, Math.floor(x1)); x < Math.min(canvas.width, Math.ceil(x2)); x++) {
      if (at(x, y)) {
        const inner = at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1);
        blendPixel(canvas, (y * canvas.width + x) * 3, colour, inner ? FILL_ALPHA : 1);
      }
    }
  }
}

/**
 * Tiles row by row on one sheet, their lines below them, cut off where they are wider than a tile may be.
 * @param side of a tile, in pixels
 * @returns PNG bytes
 */
export async function drawSheet(tiles: readonly Tile[], columns: number, side: number): Promise<Uint8Array> {
  const rows = Array.from({ length: Math.ceil(tiles.length / columns) }, (_, i) =>
    tiles.slice(i * columns, (i + 1) * columns),
  );
  const heightOf = (row: readonly Tile[]): number =>
    Math.max(...row.map(({ canvas, lines }) => canvas.height + lines.length * LINE_HEIGHT)) + GAP;
  const width = Math.min(columns, tiles.length) * (side + GAP) + GAP;
  const height = rows.reduce((sum, row) => sum + heightOf(row), GAP);
  const sheet = { width, height, data: new Uint8Array(width * height * 3).fill(PAPER) };
  let top = GAP;
  for (const row of rows) {
    row.forEach(({ canvas, lines }, column) => {
      const left = GAP + column * (side + GAP);
      copyInto(sheet, canvas, left, top);
      lines.forEach((line, i) => {
        drawText(sheet, left, top + canvas.height + 3 + i * LINE_HEIGHT, fitting(line, side), TEXT_SCALE, INK);
      });
    });
    top += heightOf(row);
  }
  return sharp(sheet.data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
}

function copyInto(sheet: Canvas, picture: Canvas, left: number, top: number): void {
  for (let row = 0; row < picture.height; row++) {
    const line = picture.data.subarray(row * picture.width * 3, (row + 1) * picture.width * 3);
    sheet.data.set(line, ((top + row) * sheet.width + left) * 3);
  }
}

function fitting(line: string, width: number): string {
  let text = line;
  while (text.length > 0 && textSize(text, TEXT_SCALE).width > width) {
    text = text.slice(0, -1);
  }
  return text;
}
