import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load';
import { decodeImage } from '../../src/data/image';
import type { Detection } from '../../src/eval/match_detections';
import { loadCheckpoint } from '../../src/io/load';
import { matchParameters } from '../../src/io/match';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector, type DetectedObject, type DetectorOptions, type RgbPixels } from '../../src/models/detector';
import { testDevice } from '../helpers/gpu';

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const SLIM = `${DATA}slim/`;
export const SLIM_WEIGHTS = `${SLIM}slim.safetensors`;
const NUCLEI = `${DATA}nuclei/`;

/** Why tests with real weights and images are skipped; undefined where the shared data is there. */
export const slimMissing = [SLIM, NUCLEI].every((folder) => existsSync(folder))
  ? undefined
  : 'skipped: ../shared/data/slim and ../shared/data/nuclei are not there';

/** The configuration that is shipped for the shared weights. */
export const slimConfig: MaskRcnnConfig = loadConfig('mask_rcnn_slim').model;

/** A detector of nuclei with the shared weights. */
export async function slimDetector(
  config: MaskRcnnConfig = slimConfig,
  options: DetectorOptions = {},
): Promise<Detector> {
  const weights = matchParameters(await loadCheckpoint(SLIM_WEIGHTS), Detector.expectedParameters(config));
  return new Detector(await testDevice(), config, weights, options);
}

export interface NucleiImage {
  readonly id: number;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
}

/** The validation images of the nuclei. */
export function nucleiImages(): NucleiImage[] {
  const text = readFileSync(`${NUCLEI}annotations/val_rle.json`, 'utf8');
  return (JSON.parse(text) as { images: NucleiImage[] }).images;
}

export async function nucleiPixels({ file_name }: NucleiImage): Promise<RgbPixels> {
  return decodeImage(`${NUCLEI}images/${file_name}`);
}

/** torchvision's detections on the validation images with the shared weights, by image id. */
export function torchvisionDetections(): Map<number, Detection[]> {
  const text = readFileSync(`${SLIM}val.torchvision.segm.json`, 'utf8');
  const byImage = new Map<number, Detection[]>();
  for (const { image_id, category_id, score, bbox, segmentation } of JSON.parse(text) as CocoResult[]) {
    const [x, y, width, height] = bbox;
    const detection = { box: [x, y, x + width, y + height], score, label: category_id, mask: segmentation } as const;
    byImage.set(image_id, [...(byImage.get(image_id) ?? []), detection]);
  }
  return byImage;
}

interface CocoResult {
  readonly image_id: number;
  readonly category_id: number;
  readonly score: number;
  readonly bbox: readonly [number, number, number, number];
  readonly segmentation: { readonly size: readonly [number, number]; readonly counts: string };
}

/** Everything about the objects of an image, bit for bit. */
export function bitsOf(objects: readonly DetectedObject[]): string {
  const floats = Float32Array.from(objects.flatMap(({ box, score }) => [...box, score]));
  return JSON.stringify([[...new Uint32Array(floats.buffer)], objects.map(({ label, mask }) => [label, mask])]);
}
