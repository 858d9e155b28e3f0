import * as fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { drawText, textSize } from '../../src/data/bitmap_font';
import type { Canvas } from '../../src/data/canvas';
import type { RgbImage } from '../../src/data/image';
import type { OverlayDetection } from '../../src/data/overlay';
import { drawOverlay, renderOverlay } from '../../src/data/overlay';
import { colourBoxes, PALETTE } from '../../src/data/overlay_colours';
import { placeLabels, shortCodes } from '../../src/data/overlay_labels';
import { groupByClass, scoreText, summaryLine, wrapLine } from '../../src/data/overlay_legend';
import { overlayNames } from '../../src/data/overlay_names';
import { rleEncode, rleToCoco } from '../../src/eval/rle';

const names = new Map([
  [1, 'nucleus'],
  [7, 'debris'],
]);

function greyImage(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(100), path: 'grey.png' };
}

function blank(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** A filled rectangle as a detection. */
function block(
  width: number,
  height: number,
  box: OverlayDetection['box'],
  score?: number,
  categoryId = 1,
): OverlayDetection {
  const mask = new Uint8Array(width * height);
  for (let x = box[0]; x < box[2]; x++) {
    mask.fill(1, x * height + box[1], x * height + box[3]);
  }
  return { categoryId, box, rle: rleToCoco(rleEncode(mask, height, width)), ...(score === undefined ? {} : { score }) };
}

function pixel({ width, data }: Canvas, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

describe('renderOverlay', () => {
  const plain = { boxes: false, labels: false };

  it('enlarges, fills with a blend and outlines inside the mask', () => {
    const canvas = renderOverlay(greyImage(100, 50), [block(100, 50, [10, 20, 40, 45], 0.9)], names, plain);
    expect(canvas.width).toBe(2000);
    expect(canvas.height).toBeGreaterThan(1000);
    const colour = [...PALETTE[0]];
    expect(pixel(canvas, 199, 600)).toEqual([100, 100, 100]);
    expect(pixel(canvas, 200, 600)).toEqual(colour);
    expect(pixel(canvas, 799, 600)).toEqual(colour);
    expect(pixel(canvas, 800, 600)).toEqual([100, 100, 100]);
    expect(pixel(canvas, 500, 400)).toEqual(colour);
    expect(pixel(canvas, 500, 899)).toEqual(colour);
    expect(pixel(canvas, 500, 600)).toEqual(colour.map((v) => Math.round(100 + (v - 100) * 0.3)));
  });

  it('draws the smaller of two overlapping masks on top, in another colour', () => {
    const pair = [block(1000, 1000, [400, 400, 500, 500], 0.2), block(1000, 1000, [300, 300, 600, 600], 0.9)];
    const canvas = renderOverlay(greyImage(1000, 1000), pair, names, plain);
    const [small, large] = [pixel(canvas, 400, 450), pixel(canvas, 300, 450)];
    expect(PALETTE).toContainEqual(small);
    expect(PALETTE).toContainEqual(large);
    expect(small).not.toEqual(large);
  });

  it('draws boxes without masks, also beyond the image', () => {
    const outside: OverlayDetection = { categoryId: 1, box: [-20, 100, 300, 2000], score: 0.5 };
    const canvas = renderOverlay(greyImage(1000, 1000), [outside], names, { labels: false });
    expect(pixel(canvas, 100, 100)).not.toEqual([100, 100, 100]);
    expect(pixel(canvas, 299, 500)).not.toEqual([100, 100, 100]);
    expect(pixel(canvas, 100, 500)).toEqual([100, 100, 100]);
  });

  it('leaves the picture as it is without detections, with a legend below', () => {
    const canvas = renderOverlay(greyImage(1000, 1000), [], names, { title: 'a.png' });
    expect(canvas.data.subarray(0, 3_000_000).every((v) => v === 100)).toBe(true);
    const band = canvas.data.subarray(3_000_000);
    expect(band.some((v) => v > 200)).toBe(true);
    expect(canvas.data.length).toBe(canvas.width * canvas.height * 3);
  });

  it('refuses a mask of another size', () => {
    expect(() => renderOverlay(greyImage(9, 9), [block(8, 9, [1, 1, 3, 3])], names)).toThrow(/does not fit/);
  });

  it('takes a picture of one pixel, and a very long one', () => {
    expect(renderOverlay(greyImage(1, 1), [block(1, 1, [0, 0, 1, 1], 1)], names).width).toBe(1000);
    expect(renderOverlay(greyImage(9000, 2), [], names).width).toBe(9000);
  });

  it('writes a label for every one of 400 objects, with the class where there are two', async () => {
    const many = Array.from({ length: 400 }, (_, i) => {
      const [x, y] = [(i % 20) * 16, Math.floor(i / 20) * 16];
      return block(320, 320, [x + 1, y + 1, x + 13, y + 13], i / 400, i % 9 === 0 ? 7 : 1);
    });
    const labelled = renderOverlay(greyImage(320, 320), many, names);
    const bare = renderOverlay(greyImage(320, 320), many, names, { labels: false });
    const factor = labelled.width / 320;
    const changed = many.filter(({ box: [x1, y1, x2] }) => {
      const row = (y1 * factor + 8) * labelled.width;
      const [from, to] = [(row + x1 * factor) * 3, (row + x2 * factor) * 3];
      return Buffer.compare(labelled.data.subarray(from, to), bare.data.subarray(from, to)) !== 0;
    });
    expect(changed.length).toBe(400);
    const decoded = PNG.sync.read(Buffer.from(await drawOverlay(greyImage(320, 320), many, names)));
    expect([decoded.width, decoded.height]).toEqual([labelled.width, labelled.height]);
    expect([...decoded.data.subarray(0, 4000)].filter((_, i) => i % 4 !== 3)).toEqual([
      ...labelled.data.subarray(0, 3000),
    ]);
  });
});

const boxes = fc.array(
  fc
    .tuple(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 90 }),
    )
    .map(([x, y, w, h]) => [x, y, x + w, y + h] as [number, number, number, number]),
  { maxLength: 60 },
);

describe('parts of the overlay', () => {
  it('never lets labels overlap or leave the picture', () => {
    fc.assert(
      fc.property(boxes, (list) => {
        const placed = placeLabels(
          list.map((box, i) => ({ texts: [`a name .${i}`, `.${i}`], box })),
          450,
          450,
        );
        placed.forEach((a, i) => {
          expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= 450 && a.y + a.height <= 450).toBe(true);
          for (const b of placed.slice(i + 1)) {
            expect(a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height).toBe(
              true,
            );
          }
        });
        expect(new Set(placed.map(({ index }) => index)).size).toBe(placed.length);
        expect(list.length === 0 || placed[0].index === 0).toBe(true);
      }),
      {
        // small objects in a corner and beyond the picture
        examples: [[[[0, 0, 1, 1]]], [[[449, 449, 450, 450]]], [[[460, 460, 470, 470]]]],
        numRuns: 300,
      },
    );
  });

  it('shortens class names so that they differ', () => {
    expect(shortCodes(['nucleus', 'debris', 'nut', 'car', 'carrot', 'x', 'carriage'])).toEqual([
      'nuc',
      'de',
      'nut',
      '4',
      '5',
      '6',
      '7',
    ]);
    expect(shortCodes(['a', 'a'])).toEqual(['1', '2']);
  });

  it('sums up classes and scores', () => {
    const two = groupByClass(
      [
        { categoryId: 7, score: 0.5 },
        { categoryId: 1, score: 1 },
        { categoryId: 7, score: 0.999 },
      ],
      names,
    );
    expect(summaryLine(two, new Set())).toBe('3 objects   2 debris (scores .50 to .99)   1 nucleus (score 1.0)');
    expect(summaryLine(two, new Set(['nu']))).toContain('1 nucleus [nu] (score 1.0)');
    expect(summaryLine(groupByClass([{ categoryId: 4 }], names), new Set())).toBe('1 object: class 4');
    expect(summaryLine([], new Set())).toBe('0 objects');
    expect([0, 0.05, 0.994, 0.996, 1].map(scoreText)).toEqual(['.00', '.05', '.99', '.99', '1.0']);
  });

  it('breaks lines within the width, between classes if it can', () => {
    expect(wrapLine('3 objects   2 debris (a)   1 nucleus', 30)).toEqual(['3 objects   2 debris (a)', '1 nucleus']);
    expect(wrapLine('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapLine('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });

  it('gives neighbours different colours while colours last', () => {
    const grid = Array.from({ length: 100 }, (_, i): [number, number, number, number] => {
      const [x, y] = [(i % 10) * 10, Math.floor(i / 10) * 10];
      return [x, y, x + 9, y + 9];
    });
    const colours = colourBoxes(grid, 2);
    expect(new Set(colours).size).toBe(PALETTE.length);
    grid.forEach((a, i) => {
      grid.slice(0, i).forEach((b, j) => {
        if (Math.abs(a[0] - b[0]) <= 10 && Math.abs(a[1] - b[1]) <= 10) {
          expect(colours[i]).not.toBe(colours[j]);
        }
      });
    });
    expect(colourBoxes([], 2)).toEqual([]);
  });

  it('has a different glyph for each ASCII character', () => {
    const seen = new Set<string>();
    for (let code = 32; code < 127; code++) {
      const canvas = blank(6, 8);
      drawText(canvas, 0, 0, String.fromCharCode(code), 1, [1, 1, 1]);
      seen.add(canvas.data.join(''));
    }
    expect(seen.size).toBe(95);
  });

  it('draws text at a scale, clipped, with accents dropped and other characters as ?', () => {
    expect(textSize('abc', 2)).toEqual({ width: 34, height: 16 });
    const drawn = (text: string): string => {
      const canvas = blank(24, 8);
      drawText(canvas, 0, 0, text, 1, [9, 9, 9]);
      return canvas.data.join();
    };
    expect(drawn('Über')).toBe(drawn('Uber'));
    expect(drawn('核')).toBe(drawn('?'));
    const canvas = blank(10, 16);
    drawText(canvas, 0, 0, 'L', 2, [9, 9, 9]);
    expect(pixel(canvas, 0, 0)).toEqual([9, 9, 9]);
    expect(pixel(canvas, 1, 13)).toEqual([9, 9, 9]);
    expect(pixel(canvas, 2, 0)).toEqual([0, 0, 0]);
    drawText(canvas, -40, -3, 'clipped text', 2, [9, 9, 9]);
  });

  it('names overlays apart', () => {
    const images = ['a/x.png', 'b/X.jpg', 'c\\y.tif', 'z.w.png', 'z'].map((fileName, i) => ({ id: i + 1, fileName }));
    expect([...overlayNames(images)]).toEqual([
      [1, 'x_1.png'],
      [2, 'X_2.png'],
      [3, 'y.png'],
      [4, 'z.w.png'],
      [5, 'z.png'],
    ]);
  });
});
