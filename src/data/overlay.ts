import sharp from 'sharp';
import type { CocoRle } from '../eval/rle';
import { rleArea, rleFromCoco } from '../eval/rle';
import { drawText } from './bitmap_font';
import type { Canvas, Rgb } from './canvas';
import { blendPixel, fillRect, strokeRect } from './canvas';
import type { RgbImage } from './image';
import { colourBoxes, PALETTE } from './overlay_colours';
import { LABEL_PADDING, placeLabels } from './overlay_labels';
import type { ClassGroup } from './overlay_legend';
import { groupByClass, scoreText, summaryLine, withBand } from './overlay_legend';

export interface OverlayDetection {
  readonly categoryId: number;
  /** x1, y1, x2, y2 in pixels of the image. */
  readonly box: readonly [number, number, number, number];
  /** Absent for ground truth: nothing is written for it then. */
  readonly score?: number;
  /** Mask of the image's size. */
  readonly rle?: CocoRle;
}

export interface OverlayOptions {
  /** First line of the legend, e.g. the file's name. */
  readonly title?: string;
  /** Draw boxes. Default true. */
  readonly boxes?: boolean;
  /** Write scores and class names beside the objects. Default true. */
  readonly labels?: boolean;
}

const MIN_SHORT_SIDE = 1000;
/** Many small objects: enlarged further, until the median object is this large or the picture's shorter side this. */
const MIN_OBJECT_SIDE = 48;
const MAX_ENLARGED_SHORT_SIDE = 2000;
const MAX_LONG_SIDE = 8192;
const FILL_ALPHA = 0.3;
const BOX_ALPHA = 0.55;
const PAPER: Rgb = [0, 0, 0];

/**
 * Picture of an image with its detections: masks filled and outlined, boxes, labels (score; class name where there
 * are several classes), and a legend below with counts, classes and score ranges.
 *
 * Small images, and those of many small objects, are enlarged by a whole factor (nearest neighbour, so that the pixels
 * stay the real ones) until the shorter side has 1000 pixels, or up to 2000 until most labels fit. Where masks overlap the smaller one is on top. Labels never cover each other: those
 * of higher scores are placed first, and the legend says how many found no room.
 *
 * @returns PNG bytes
 */
export async function drawOverlay(
  image: RgbImage,
  detections: readonly OverlayDetection[],
  classNames: ReadonlyMap<number, string>,
  options: OverlayOptions = {},
): Promise<Uint8Array> {
  const canvas = renderOverlay(image, detections, classNames, options);
  const { width, height, data } = canvas;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
}

/** As `drawOverlay`, the pixels before they are encoded. */
export function renderOverlay(
  image: RgbImage,
  detections: readonly OverlayDetection[],
  classNames: ReadonlyMap<number, string>,
  options: OverlayOptions = {},
): Canvas {
  const factor = enlargement(image, detections);
  const picture = enlarge(image, factor);
  const colours = colourBoxes(
    detections.map(({ box }) => box),
    Math.max(4, Math.min(image.width, image.height) / 50),
  ).map((index) => PALETTE[index]);
  paintMasks(picture, instanceMap(detections, image.width, image.height), factor, colours);
  const scaled = detections.map(({ box }) => box.map((v) => v * factor) as unknown as OverlayDetection['box']);
  if (options.boxes !== false) {
    scaled.forEach((box, i) => strokeRect(picture, box, 1, colours[i], BOX_ALPHA));
  }
  const classes = groupByClass(detections, classNames);
  const { unplaced, codes } =
    options.labels === false
      ? { unplaced: 0, codes: new Set<string>() }
      : paintLabels(picture, detections, scaled, colours, classes);
  const lines = [
    options.title ?? '',
    `${image.width} x ${image.height} pixels${factor > 1 ? `, shown ${factor} times as large` : ''}`,
    summaryLine(classes, codes),
    unplaced > 0 ? `${unplaced} ${unplaced === 1 ? 'label' : 'labels'} left out for want of room` : '',
  ].filter((line) => line !== '');
  return withBand(picture, lines);
}

function enlargement({ width, height }: RgbImage, detections: readonly OverlayDetection[]): number {
  const shortSide = Math.min(width, height);
  const sides = detections.map(({ box: [x1, y1, x2, y2] }) => Math.min(x2 - x1, y2 - y1)).sort((a, b) => a - b);
  const median = Math.max(1, sides[Math.floor(sides.length / 2)] ?? MIN_OBJECT_SIDE);
  const forObjects = Math.min(Math.ceil(MIN_OBJECT_SIDE / median), Math.floor(MAX_ENLARGED_SHORT_SIDE / shortSide));
  const wanted = Math.max(Math.ceil(MIN_SHORT_SIDE / shortSide), forObjects);
  return Math.max(1, Math.min(wanted, Math.floor(MAX_LONG_SIDE / Math.max(width, height))));
}

function enlarge(image: RgbImage, factor: number): Canvas {
  const [width, height] = [image.width * factor, image.height * factor];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < image.height; y++) {
    const row = y * factor * width * 3;
    for (let x = 0; x < width; x++) {
      const from = (y * image.width + Math.floor(x / factor)) * 3;
      data[row + x * 3] = image.data[from]!;
      data[row + x * 3 + 1] = image.data[from + 1]!;
      data[row + x * 3 + 2] = image.data[from + 2]!;
    }
    for (let copy = 1; copy < factor; copy++) {
      data.copyWithin(row + copy * width * 3, row, row + width * 3);
    }
  }
  return { width, height, data };
}

/** Per pixel, row-major, the index of the object on top plus 1, or 0. */
function instanceMap(detections: readonly OverlayDetection[], width: number, height: number): Int32Array {
  const map = new Int32Array(width * height);
  const masks = detections.flatMap(({ rle }, index) => {
    if (rle === undefined) {
      return [];
    }
    const mask = rleFromCoco(rle);
    if (mask.height !== height || mask.width !== width) {
      throw new Error(`a mask of ${mask.width} x ${mask.height} does not fit an image of ${width} x ${height}`);
    }
    return [{ index, mask, area: rleArea(mask) }];
  });
  masks.sort((a, b) => b.area - a.area);
  for (const { index, mask } of masks) {
    let position = 0;
    mask.counts.forEach((run, i) => {
      for (let p = position; i % 2 === 1 && p < position + run; p++) {
        map[(p % height) * width + Math.floor(p / height)] = index + 1;
      }
      position += run;
    });
  }
  return map;
}

/** Fills the objects and draws a line inside along each edge between two of them or to the background. */
function paintMasks(picture: Canvas, map: Int32Array, factor: number, colours: readonly Rgb[]): void {
  const width = picture.width / factor;
  const height = picture.height / factor;
  const line = Math.min(2, Math.ceil(factor / 2));
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : map[y * width + x]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const own = map[y * width + x];
      if (own === 0) {
        continue;
      }
      const left = at(x - 1, y) === own ? 0 : line;
      const right = at(x + 1, y) === own ? 0 : line;
      const top = at(x, y - 1) === own ? 0 : line;
      const bottom = at(x, y + 1) === own ? 0 : line;
      const colour = colours[own - 1];
      for (let dy = 0; dy < factor; dy++) {
        for (let dx = 0; dx < factor; dx++) {
          const edge = dx < left || dx >= factor - right || dy < top || dy >= factor - bottom;
          const offset = ((y * factor + dy) * picture.width + x * factor + dx) * 3;
          blendPixel(picture, offset, colour, edge ? 1 : FILL_ALPHA);
        }
      }
    }
  }
}

/** Returns how many labels found no room, and which codes stand for class names in labels. */
function paintLabels(
  picture: Canvas,
  detections: readonly OverlayDetection[],
  boxes: readonly OverlayDetection['box'][],
  colours: readonly Rgb[],
  classes: readonly ClassGroup[],
): { unplaced: number; codes: ReadonlySet<string> } {
  const groups = new Map(classes.map((group) => [group.id, group]));
  const order = detections.map((_, i) => i).sort((a, b) => (detections[b].score ?? 0) - (detections[a].score ?? 0));
  const requests = order.map((i) => {
    const { categoryId, score } = detections[i];
    const text = score === undefined ? '' : scoreText(score);
    const { name, code } = groups.get(categoryId)!;
    const texts = classes.length > 1 ? [`${name} ${text}`, `${code} ${text}`] : [text];
    return { texts: texts.map((line) => line.trim()).filter((line) => line !== ''), box: boxes[i] };
  });
  const placed = placeLabels(requests, picture.width, picture.height);
  const codes = new Set<string>();
  for (const { index, text, x, y, width, height, scale } of placed) {
    if (text !== requests[index].texts[0]) {
      codes.add(groups.get(detections[order[index]].categoryId)!.code);
    }
    fillRect(picture, x, y, width, height, PAPER, 0.6);
    const tint = colours[order[index]].map((v) => Math.round((v + 2 * 255) / 3)) as unknown as Rgb;
    drawText(picture, x + LABEL_PADDING * scale, y + LABEL_PADDING * scale, text, scale, tint);
  }
  const wanted = requests.filter(({ texts }) => texts.length > 0).length;
  return { unplaced: wanted - placed.length, codes };
}
