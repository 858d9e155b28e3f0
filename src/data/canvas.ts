export type Rgb = readonly [number, number, number];

/** RGB picture in the making: interleaved, row-major, 8 bit. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Blends a colour over the part of a rectangle that lies in the canvas; coordinates are rounded. */
export function fillRect(
  canvas: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Rgb,
  alpha: number,
): void {
  const left = Math.max(0, Math.round(x));
  const right = Math.min(canvas.width, Math.round(x + width));
  const top = Math.max(0, Math.round(y));
  const bottom = Math.min(canvas.height, Math.round(y + height));
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      blendPixel(canvas, (row * canvas.width + column) * 3, colour, alpha);
    }
  }
}

/** Outline of a rectangle, drawn inwards. */
export function strokeRect(
  canvas: Canvas,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  thickness: number,
  colour: Rgb,
  alpha: number,
): void {
  const inner = Math.max(0, y2 - y1 - 2 * thickness);
  fillRect(canvas, x1, y1, x2 - x1, thickness, colour, alpha);
  fillRect(canvas, x1, y2 - thickness, x2 - x1, thickness, colour, alpha);
  fillRect(canvas, x1, y1 + thickness, thickness, inner, colour, alpha);
  fillRect(canvas, x2 - thickness, y1 + thickness, thickness, inner, colour, alpha);
}

/** @param offset index of the pixel's red byte */
export function blendPixel({ data }: Canvas, offset: number, colour: Rgb, alpha: number): void {
  for (let c = 0; c < 3; c++) {
    const below = data[offset + c];
    data[offset + c] = Math.round(below + (colour[c] - below) * alpha);
  }
}
