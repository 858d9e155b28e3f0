import { textSize } from './bitmap_font';

export interface LabelRequest {
  readonly text: string;
  /** x1, y1, x2, y2 of the object in canvas pixels. */
  readonly box: readonly [number, number, number, number];
}

export interface PlacedLabel {
  /** Index of the request. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** Space between the text and the edge of its backing, in font pixels. */
export const LABEL_PADDING = 1;

/**
 * Places labels in the order given (most important first): large type inside the object's box where it fits, else
 * small type inside, else small type just outside; a label that would cover one placed before is left out.
 */
export function placeLabels(requests: readonly LabelRequest[], width: number, height: number): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  requests.forEach(({ text, box }, index) => {
    if (text === '') {
      return;
    }
    const label = candidates(text, box).find(
      (place) =>
        place.x >= 0 &&
        place.y >= 0 &&
        place.x + place.width <= width &&
        place.y + place.height <= height &&
        !placed.some((other) => overlaps(place, other)),
    );
    if (label !== undefined) {
      placed.push({ ...label, index });
    }
  });
  return placed;
}

type Place = Omit<PlacedLabel, 'index'>;

function candidates(text: string, [x1, y1, x2, y2]: LabelRequest['box']): Place[] {
  const places: Place[] = [];
  for (const scale of [2, 1]) {
    const size = textSize(text, scale);
    const width = size.width + 2 * LABEL_PADDING * scale;
    const height = size.height + LABEL_PADDING * scale;
    const at = (x: number, y: number): Place => ({ x: Math.round(x), y: Math.round(y), width, height, scale });
    // A label may cover less than half of its object's height.
    const fits = width <= x2 - x1 && height * 2.2 <= y2 - y1;
    if (fits) {
      places.push(at(x1 + 1, y1 + 1), at(x1 + 1, y2 - height - 1), at(x2 - width - 1, y1 + 1));
    }
    if (scale === 1) {
      const centre = (x1 + x2 - width) / 2;
      places.push(at(centre, y1 - height), at(centre, y2), at(x2, (y1 + y2 - height) / 2));
      places.push(at(x1 - width, (y1 + y2 - height) / 2), at(centre, (y1 + y2 - height) / 2));
    }
  }
  return places;
}

function overlaps(a: Place, b: Place): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
