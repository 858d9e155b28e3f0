import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** Rectangles of whole pixels, so that their IoU is known without masks. */
export interface SceneObject {
  readonly imageId: number;
  readonly categoryId: number;
  /** x, y, width, height. */
  readonly box: readonly [number, number, number, number];
  readonly isCrowd?: boolean;
  readonly score?: number;
}

export interface Scene {
  readonly files: { readonly gt: string; readonly pred: string; readonly images: string };
  readonly names: readonly string[];
  readonly objects: readonly SceneObject[];
  readonly detections: readonly SceneObject[];
}

export const WIDTH = 128;
export const HEIGHT = 88;
/** What would run a script, if it came into the page as it is. */
export const HOSTILE_NAME = 'a</script><img src=x onerror=alert(1)>.png';
export const HOSTILE_CLASS = '"><svg onload=alert(2)><!--\u2028';

/**
 * Images with a grid of rectangles, and predictions of them: some missing, some moved, some false, on a crowd too. The
 * first image has fewest errors and the last most, by and large.
 */
export async function writeScene(folder: string, images = 6): Promise<Scene> {
  const random = generator(11);
  const names = Array.from({ length: images }, (_, i) => (i === 0 ? HOSTILE_NAME : `plate_${i + 1}.png`));
  const objects: SceneObject[] = [];
  const detections: SceneObject[] = [];
  names.forEach((_, i) => {
    const imageId = 10 + i;
    const wrong = (i + 1) / (2 * images);
    for (let cell = 0; cell < 24; cell++) {
      const box = [(cell % 6) * 20 + 4, Math.floor(cell / 6) * 20 + 4, 12, 10] as const;
      const categoryId = cell % 3 === 0 ? 7 : 3;
      if (cell < 20) {
        objects.push({ imageId, categoryId, box, isCrowd: cell === 19 });
      }
      const score = Math.round(random() * 1000) / 1000;
      const [dx, dy] = random() < wrong ? [5, 3] : [Math.floor(random() * 3), 0];
      if (cell >= 20 ? random() < wrong : random() > wrong / 2) {
        detections.push({ imageId, categoryId, box: [box[0] + dx, box[1] + dy, 12, 10], score });
      }
    }
  });
  const files = { gt: join(folder, 'gt.json'), pred: join(folder, 'pred.json'), images: join(folder, 'images') };
  for (const [i, name] of names.entries()) {
    const path = join(files.images, name);
    mkdirSync(dirname(path), { recursive: true });
    const background = { r: 20 + 10 * i, g: 30, b: 60 };
    await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background } })
      .png()
      .toFile(path);
  }
  writeFileSync(files.gt, JSON.stringify(groundTruthFile(names, objects)));
  writeFileSync(files.pred, JSON.stringify(detections.map(resultOf)));
  return { files, names, objects, detections };
}

function groundTruthFile(names: readonly string[], objects: readonly SceneObject[]): unknown {
  return {
    images: names.map((file_name, i) => ({ id: 10 + i, file_name, width: WIDTH, height: HEIGHT })),
    categories: [
      { id: 3, name: 'grain' },
      { id: 7, name: HOSTILE_CLASS },
    ],
    annotations: objects.map(({ imageId, categoryId, box, isCrowd }, i) => ({
      id: i + 1,
      image_id: imageId,
      category_id: categoryId,
      bbox: box,
      area: box[2] * box[3],
      iscrowd: Number(isCrowd),
      segmentation: { size: [HEIGHT, WIDTH], counts: countsOf(box) },
    })),
  };
}

function resultOf({ imageId, categoryId, box, score }: SceneObject): unknown {
  const segmentation = { size: [HEIGHT, WIDTH], counts: countsOf(box) };
  return { image_id: imageId, category_id: categoryId, score, bbox: box, segmentation };
}

/** Run lengths of a rectangle, column by column. */
function countsOf([x, y, width, height]: SceneObject['box']): number[] {
  const between = HEIGHT - height;
  const columns = Array.from({ length: width - 1 }, () => [height, between]).flat();
  return [x * HEIGHT + y, ...columns, height, WIDTH * HEIGHT - (x + width - 1) * HEIGHT - y - height];
}

/** Found, missed, false: COCO's matching at one IoU of the detections from a score on, counted by brute force. */
export function countScene({ objects, detections }: Scene, minScore: number, minIou: number): [number, number, number] {
  const taken = new Set<SceneObject>();
  let wrong = 0;
  const shown = detections.filter(({ score = 0 }) => score >= minScore);
  for (const one of shown.sort((a, b) => (b.score ?? 0) - (a.score ?? 0))) {
    const able = objects
      .filter(({ imageId, categoryId }) => imageId === one.imageId && categoryId === one.categoryId)
      .map((object) => ({ object, iou: rectangleIou(one, object) }))
      .filter(({ object, iou }) => iou >= minIou && !taken.has(object))
      .sort((a, b) => Number(a.object.isCrowd) - Number(b.object.isCrowd) || b.iou - a.iou);
    if (able.length === 0) {
      wrong++;
    } else if (able[0].object.isCrowd !== true) {
      taken.add(able[0].object);
    }
  }
  return [taken.size, objects.filter(({ isCrowd }) => isCrowd !== true).length - taken.size, wrong];
}

function rectangleIou({ box: [ax, ay, aw, ah] }: SceneObject, { box: [bx, by, bw, bh], isCrowd }: SceneObject): number {
  const width = Math.max(0, Math.min(ax + aw, bx + bw) - Math.max(ax, bx));
  const height = Math.max(0, Math.min(ay + ah, by + bh) - Math.max(ay, by));
  const both = width * height;
  return both / (isCrowd === true ? aw * ah : aw * ah + bw * bh - both);
}

/** Numbers from 0 up to 1, the same in every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
