import type { Rle } from '../../eval/rle';
import type { Patch } from './patch';

/** A pixel belongs to a flake from this coverage on. */
const INSIDE = 0.5;
const HIDDEN = -1;

interface Extent {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Which object is seen at each pixel, for objects that come from the nearest to the farthest: the first one stays. */
export class MaskMap {
  private readonly owner: Int32Array;
  private readonly extents: Extent[] = [];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.owner = new Int32Array(width * height);
  }

  /** A disc that hides what comes after it and is no object itself. */
  hide({ x, y, radius }: { readonly x: number; readonly y: number; readonly radius: number }): void {
    const { left, right, top, bottom } = this.clip(x - radius, x + radius, y - radius, y + radius);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
        if (dx * dx + dy * dy < radius * radius && this.owner[row * this.width + column] === 0) {
          this.owner[row * this.width + column] = HIDDEN;
        }
      }
    }
  }

  /**
   * Enters an object by its coverage if at least `least` pixels of it are to be seen.
   * @returns whether it was entered
   */
  claim(body: Patch, least: number): boolean {
    const extent = this.clip(body.left, body.left + body.width, body.top, body.top + body.height);
    const seen: number[] = [];
    for (let row = extent.top; row < extent.bottom; row++) {
      for (let column = extent.left; column < extent.right; column++) {
        const inside = body.data[(row - body.top) * body.width + column - body.left] >= INSIDE;
        if (inside && this.owner[row * this.width + column] === 0) {
          seen.push(row * this.width + column);
        }
      }
    }
    if (seen.length < least) {
      return false;
    }
    this.extents.push(extent);
    for (const i of seen) {
      this.owner[i] = this.extents.length;
    }
    return true;
  }

  /** The masks of the objects entered, in their order. */
  masks(): Rle[] {
    return this.extents.map((extent, index) => this.mask(extent, index + 1));
  }

  private mask({ left, right, top, bottom }: Extent, object: number): Rle {
    const { width, height, owner } = this;
    const ends: number[] = [];
    for (let column = left; column < right; column++) {
      for (let row = top; row < bottom; row++) {
        if (owner[row * width + column] !== object) {
          continue;
        }
        const pixel = column * height + row;
        if (ends.at(-1) === pixel) {
          ends[ends.length - 1] = pixel + 1;
        } else {
          ends.push(pixel, pixel + 1);
        }
      }
    }
    if (ends.at(-1) !== width * height) {
      ends.push(width * height);
    }
    return { height, width, counts: Uint32Array.from(ends, (end, i) => end - (ends[i - 1] ?? 0)) };
  }

  private clip(left: number, right: number, top: number, bottom: number): Extent {
    return {
      left: Math.max(0, Math.floor(left)),
      right: Math.min(this.width, Math.ceil(right)),
      top: Math.max(0, Math.floor(top)),
      bottom: Math.min(this.height, Math.ceil(bottom)),
    };
  }
}
