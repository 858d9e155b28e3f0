import { textSize } from './bitmap_font';

type Box = readonly [number, number, number, number];

export interface LabelRequest {
  /** What to write, the most telling first; shorter ones are taken where that finds no room. */
  readonly texts: readonly string[];
  /** x1, y1, x2, y2 of the object in canvas pixels. */
  readonly box: Box;
}

export interface PlacedLabel {
  /** Index of the request. */
  readonly index: number;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** Space between the text and the edge of its backing, in font pixels. */
export const LABEL_PADDING = 1;

type Place = Omit<PlacedLabel, 'index'>;

/** With more objects, a short label inside its object is clearer than a long one between objects. */
const CROWDED = 60;

/**
 * Places labels in the order given (most important first): large or small type inside the object's box, else small
 * type outside where it covers no other object, else, with the shortest text, outside over another object. Labels
 * beside objects at the edge slide along it into the picture. A label that would cover one placed before is left out.
 */
export function placeLabels(requests: readonly LabelRequest[], width: number, height: number): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  const isFree = (place: Place): boolean =>
    place.x >= 0 &&
    place.y >= 0 &&
    place.x + place.width <= width &&
    place.y + place.height <= height &&
    !placed.some((other) => overlaps(place, [other.x, other.y, other.x + other.width, other.y + other.height]));
  const around = (text: string, box: Box): Place[] => outside(text, box, width, height);
  const crowded = requests.length > CROWDED;
  requests.forEach(({ texts, box }, index) => {
    const coversNoObject = (place: Place): boolean =>
      !requests.some((other, i) => i !== index && overlaps(place, other.box));
    const inBox = (text: string): Place | undefined => inside(text, box).find(isFree);
    const beside = (text: string): Place | undefined =>
      around(text, box).find((place) => isFree(place) && coversNoObject(place));
    const label =
      (crowded
        ? (firstOf(texts, inBox) ?? firstOf(texts, beside))
        : firstOf(texts, (text) => inBox(text) ?? beside(text))) ??
      firstOf([...texts].reverse(), (text) => around(text, box).find(isFree));
    if (label !== undefined) {
      placed.push({ ...label, index });
    }
  });
  return placed;
}

function inside(text: string, [x1, y1, x2, y2]: Box): Place[] {
  return [2, 1].flatMap((scale) => {
    const { width, height } = labelSize(text, scale);
    // A label may cover less than half of its object's height.
    if (width > x2 - x1 || height * 2.2 > y2 - y1) {
      return [];
    }
    const at = (x: number, y: number): Place => ({ text, x: Math.round(x), y: Math.round(y), width, height, scale });
    return [at(x1, y1), at(x1, y2 - height), at(x2 - width, y1)];
  });
}

function outside(text: string, [x1, y1, x2, y2]: Box, pictureWidth: number, pictureHeight: number): Place[] {
  const { width, height } = labelSize(text, 1);
  const x = Math.max(0, Math.min((x1 + x2 - width) / 2, pictureWidth - width));
  const y = Math.max(0, Math.min((y1 + y2 - height) / 2, pictureHeight - height));
  const places: [number, number][] = [
    [x, y1 - height],
    [x, y2],
    [x2, y],
    [x1 - width, y],
    [x, y],
  ];
  return places.map(([left, top]) => ({
    text,
    x: Math.round(left),
    y: Math.round(top),
    width,
    height,
    scale: 1,
  }));
}

function labelSize(text: string, scale: number): { width: number; height: number } {
  const size = textSize(text, scale);
  return { width: size.width + 2 * LABEL_PADDING * scale, height: size.height + LABEL_PADDING * scale };
}

function overlaps(place: Place, [x1, y1, x2, y2]: Box): boolean {
  return place.x < x2 && x1 < place.x + place.width && place.y < y2 && y1 < place.y + place.height;
}

function firstOf<T, R>(items: readonly T[], test: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = test(item);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/**
 * A short code for each name: its shortest beginning of two letters and more that no other name has, or the name's
 * number in the list where one name begins with another or four letters do not tell them apart.
 */
export function shortCodes(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const others = names.filter((_, j) => j !== i);
    for (let length = 2; length <= Math.min(4, name.length); length++) {
      const code = name.slice(0, length);
      if (!others.some((other) => other.startsWith(code))) {
        return code;
      }
    }
    return String(i + 1);
  });
}
