import type { Affine } from '../../kernels/augment/geometry';

/** x, y in pixels. */
type Point = readonly [number, number];

export const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];

/** The transform that applies `inner`, then `outer`. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [p, q, r, s, t, u] = inner;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

export function shift(x: number, y: number): Affine {
  return [1, 0, x, 0, 1, y];
}

export function scaling(x: number, y: number): Affine {
  return [x, 0, 0, 0, y, 0];
}

export function apply([a, b, c, d, e, f]: Affine, [x, y]: Point): Point {
  return [a * x + b * y + c, d * x + e * y + f];
}

export function invert([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  return [
    e / determinant,
    -b / determinant,
    (b * f - c * e) / determinant,
    -d / determinant,
    a / determinant,
    (c * d - a * f) / determinant,
  ];
}

/** x1, y1, x2, y2 in pixels. */
export type Box = readonly [number, number, number, number];

/** The box of a box's corners after a transform. */
export function boxAfter(transform: Affine, [x1, y1, x2, y2]: Box): Box {
  const corners = [
    [x1, y1],
    [x2, y1],
    [x1, y2],
    [x2, y2],
  ].map(([x, y]) => apply(transform, [x, y]));
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The box's part in an image. */
export function clipped([x1, y1, x2, y2]: Box, { height, width }: { height: number; width: number }): Box {
  const within = (value: number, limit: number): number => Math.min(limit, Math.max(0, value));
  return [within(x1, width), within(y1, height), within(x2, width), within(y2, height)];
}

/**
 * Rectangles of words that hold all pixels of boxes, one after the other: u32 [n, 5] as `maskTargets` takes them, no rows for
 * an empty box; a pixel is added on all sides, which covers any rounding.
 *
 * @param boxes null for objects that are left out
 */
export function packRectangles(
  boxes: readonly (Box | null)[],
  size: { readonly height: number; readonly width: number },
): { readonly placements: Uint32Array<ArrayBuffer>; readonly words: number } {
  const placements = new Uint32Array(boxes.length * 5);
  let words = 0;
  boxes.forEach((box, i) => {
    placements[i * 5 + 4] = words;
    if (box === null) {
      return;
    }
    const [x1, y1, x2, y2] = clipped(
      [Math.floor(box[0]) - 1, Math.floor(box[1]) - 1, Math.ceil(box[2]) + 1, Math.ceil(box[3]) + 1],
      size,
    );
    if (x2 > x1 && y2 > y1) {
      const wordsInRow = Math.ceil((x2 - x1) / 32);
      placements.set([x1, y1, wordsInRow, y2 - y1], i * 5);
      words += wordsInRow * (y2 - y1);
    }
  });
  return { placements, words };
}
