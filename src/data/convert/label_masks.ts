import type { Rle } from '../../eval/rle';
import type { LabelImage } from '../image';

/** The mask of each label but 0, in ascending order of labels. One pass over the image. */
export function masksOfLabels({ width, height, labels }: LabelImage): Rle[] {
  const open = new Map<number, { counts: number[]; end: number }>();
  const closeRun = (label: number, start: number, end: number): void => {
    if (label === 0) {
      return;
    }
    const mask = open.get(label) ?? { counts: [], end: 0 };
    mask.counts.push(start - mask.end, end - start);
    mask.end = end;
    open.set(label, mask);
  };
  let [label, start] = [0, 0];
  for (let x = 0, i = 0; x < width; x++) {
    for (let y = 0; y < height; y++, i++) {
      const next = labels[y * width + x];
      if (next !== label) {
        closeRun(label, start, i);
        [label, start] = [next, i];
      }
    }
  }
  closeRun(label, start, width * height);
  return [...open]
    .sort(([a], [b]) => a - b)
    .map(([, { counts, end }]) => {
      const rest = width * height - end;
      return { height, width, counts: Uint32Array.from(rest > 0 ? [...counts, rest] : counts) };
    });
}

const LEAST_PIXELS = 1024;

/**
 * Whether neighbours differ as in a photograph. Of pixels and those below them, less than a twentieth differs in masks
 * of hundreds of cells, and more than a third in nearly all micrographs of the same.
 * Images of few pixels tell nothing.
 */
export function looksLikePhotograph({ width, labels }: LabelImage): boolean {
  let changes = 0;
  for (let i = width; i < labels.length; i++) {
    changes += labels[i] === labels[i - width] ? 0 : 1;
  }
  return labels.length >= LEAST_PIXELS && changes > 0.3 * (labels.length - width);
}

/** All that is not black, as one mask. */
export function maskOfForeground(image: LabelImage): Rle | undefined {
  return masksOfLabels({ ...image, labels: image.labels.map((label) => Math.min(label, 1)) })[0];
}

/** Which objects a drawing of labels lost pixels of. */
export interface DrawnLabels {
  /** Row-major: the number of each pixel's object, counted from 1; 0 is background. */
  readonly labels: Uint8Array | Uint16Array;
  /** Whether any pixel belongs to several masks. */
  readonly overlap: boolean;
  /** Indices of the masks of which nothing is left to see. */
  readonly hidden: readonly number[];
}

/** Draws masks of one size as labels 1, 2, 3 …, later ones over earlier ones; 16 bit for more than 255. */
export function drawLabels(masks: readonly Rle[], width: number, height: number): DrawnLabels {
  const labels = masks.length > 255 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  const left = masks.map(() => 0);
  let overlap = false;
  masks.forEach(({ counts }, m) => {
    let i = 0;
    for (let run = 0; run < counts.length; run++) {
      const end = i + counts[run];
      if (run % 2 === 0) {
        i = end;
        continue;
      }
      left[m] += counts[run];
      for (; i < end; i++) {
        const at = (i % height) * width + Math.floor(i / height);
        if (labels[at] > 0) {
          overlap = true;
          left[labels[at] - 1]--;
        }
        labels[at] = m + 1;
      }
    }
  });
  return { labels, overlap, hidden: left.flatMap((pixels, m) => (pixels === 0 ? [m] : [])) };
}
