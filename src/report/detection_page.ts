import { basename } from 'node:path';
import { decodeDatasetImage, requireImageFiles } from '../data/dataset_image';
import type { CocoEvaluation, CocoType } from '../eval/coco_eval/evaluate';
import { evaluateCoco } from '../eval/coco_eval/evaluate';
import { threeDecimals, type CocoFigures } from '../eval/coco_eval/summarize';
import type { Dataset, Prediction } from '../eval/dataset';
import { countVerdicts, matchAtIou, verdictsAt, type MatchCase } from '../eval/match_at_threshold';
import { InputError } from '../errors';
import script from './client/detections?script';
import styles from './client/detections.css?text';
import { matchCaseOf, objectsByImage, ringsOf, type ImageObjects } from './detection_cases';
import { pictureId, type DetectionData, type DetectionImage, type DetectionPicture } from './detection_data';
import { escapeHtml, reportPage } from './html';
import { embedImage } from './images';

export interface DetectionReport {
  readonly dataset: Dataset;
  readonly predictions: readonly Prediction[];
  readonly type: CocoType;
  /** The files' names, for the heading. */
  readonly groundTruthPath: string;
  readonly predictionPath: string;
  /** The folder that `file_name` is relative to. */
  readonly imageFolder: string;
  /** Thresholds that the page begins with. */
  readonly iou: number;
  readonly score: number;
  /** So many images with the most errors are shown; the figures are of all. */
  readonly maxImages: number;
  /** Longest side of embedded images, in pixels. */
  readonly imageSize: number;
  /** Detections per image and class for COCO's figures, as `CocoOptions`. */
  readonly maxDets: readonly number[];
  /** Called after each embedded image; `total` is how many there will be. */
  readonly onImage?: (name: string, total: number) => void;
}

export interface DetectionReportPage {
  readonly html: string;
  readonly evaluation: CocoEvaluation;
  /** How many images are embedded. */
  readonly shown: number;
}

const THUMBNAIL_SIDE = 88;
/** Tolerance of outlines in pixels of the embedded image: less than shows without zoom. */
const OUTLINE_TOLERANCE = 0.4;
/** A string cannot be longer than 2^29 characters. */
const MAX_CHARACTERS = 400e6;

/**
 * The page of `engine report`: ground truth beside predictions, matched anew in the page for each score and IoU threshold.
 * The same input gives the same page.
 * @throws InputError where a mask or an image file is missing, or an image has another size than the dataset says
 */
export async function detectionPage(report: DetectionReport): Promise<DetectionReportPage> {
  const { dataset, predictions, type, maxDets, iou, score } = report;
  const evaluation = evaluateCoco(dataset, predictions, { type, maxDets });
  const { categoryIds, perClass } = evaluation;
  const objects = objectsByImage(dataset, predictions);
  const cases = objects.map((one) => matchCaseOf(one, type, categoryIds));
  const chosen = new Set(worstFirst(cases, iou, score).slice(0, report.maxImages));
  await requireImageFiles(
    report.imageFolder,
    [...chosen].sort((a, b) => a - b).map((index) => objects[index].image),
    report.groundTruthPath,
  );
  const images: DetectionImage[] = [];
  const pictures: Record<string, DetectionPicture> = {};
  let characters = 0;
  for (const [index, one] of objects.entries()) {
    const { fileName, id, width, height } = one.image;
    const name = fileName === '' ? `image ${id}` : fileName;
    const shared = { name, width, height, match: cases[index] };
    if (!chosen.has(index)) {
      images.push(shared);
      continue;
    }
    const { picture, thumbnail, size } = await pictureOf(one, report);
    images.push({ ...shared, ...size, thumbnail });
    pictures[pictureId(index)] = picture;
    characters += picture.uri.length + JSON.stringify([picture.objects, picture.detections]).length;
    if (characters > MAX_CHARACTERS) {
      throw new InputError(
        `the report would be larger than ${MAX_CHARACTERS / 1e6} MB: lower --max-images ${report.maxImages} or --image-size ${report.imageSize}`,
      );
    }
    report.onImage?.(name, chosen.size);
  }
  const data: DetectionData = {
    iou,
    score,
    scoreRange: scoreRange(predictions),
    categories: perClass.map(({ name, figures }) => ({ name, figures })),
    images,
  };
  const html = reportPage({
    title: `Detections of ${basename(report.predictionPath)}`,
    body: body(report, evaluation, chosen.size),
    data: { report: data, ...pictures },
    script,
    styles,
  });
  return { html, evaluation, shown: chosen.size };
}

/** Indices of the cases, those with the most misses and false finds first; the order of the file where equal. */
function worstFirst(cases: readonly MatchCase[], iou: number, score: number): number[] {
  const errors = cases.map((one) => {
    const { objects, detections } = verdictsAt(one, matchAtIou(one, iou), score);
    const { falsePositives, falseNegatives } = countVerdicts(objects, detections);
    return falsePositives + falseNegatives;
  });
  return [...cases.keys()].sort((a, b) => errors[b] - errors[a] || a - b);
}

async function pictureOf(
  { image, annotations, predictions }: ImageObjects,
  { type, imageFolder, imageSize }: DetectionReport,
): Promise<{ picture: DetectionPicture; thumbnail: string; size: { width: number; height: number } }> {
  const pixels = await decodeDatasetImage(imageFolder, image);
  const [embedded, thumbnail] = [await embedImage(pixels, imageSize), await embedImage(pixels, THUMBNAIL_SIDE)];
  const rings = (list: ImageObjects['annotations'] | ImageObjects['predictions']): number[][][] =>
    list.map((object) => ringsOf(object, type, OUTLINE_TOLERANCE / embedded.scale));
  return {
    picture: { uri: embedded.uri, objects: rings(annotations), detections: rings(predictions) },
    thumbnail: thumbnail.uri,
    size: { width: pixels.width, height: pixels.height },
  };
}

/** 0 to 1, wider where scores are beyond. */
function scoreRange(predictions: readonly Prediction[]): [number, number] {
  let [low, high] = [0, 1];
  for (const { score } of predictions) {
    low = Math.min(low, score);
    high = Math.max(high, score);
  }
  return [low, high];
}

function body(report: DetectionReport, evaluation: CocoEvaluation, shown: number): string {
  const { dataset, predictions, type } = report;
  const groundTruth = escapeHtml(basename(report.groundTruthPath));
  const predicted = escapeHtml(basename(report.predictionPath));
  const objects = dataset.annotations.filter(({ isCrowd }) => !isCrowd).length;
  const crowds = dataset.annotations.length - objects;
  const parts = [
    plural(dataset.images.length, 'image'),
    plural(objects, 'object') + (crowds === 0 ? '' : ` and ${plural(crowds, 'crowd region')}, which are not scored`),
    plural(predictions.length, 'prediction'),
  ];
  const leftOut = dataset.images.length - shown;
  return `<header class="page-header">
<h1>Detections of ${predicted}</h1>
<p class="muted">Against ${groundTruth}: ${parts.join(', ')}. ${type === 'segm' ? 'Masks' : 'Boxes'} are compared.</p>
</header>
<div class="toolbar" role="region" aria-label="Thresholds and counts">
<div class="toolbar-content">
<div class="sliders">
<label for="score">Score from</label><input id="score" type="range"><output id="score-value" for="score"></output>
<label for="iou">IoU from</label><input id="iou" type="range" min="0.1" max="0.95" step="0.01"><output id="iou-value" for="iou"></output>
</div>
<button type="button" id="best">Best F1</button>
<dl class="figures" id="counts" aria-live="polite"></dl>
</div>
</div>
<main>
<div class="columns">
<section class="card"><h2>Score threshold</h2><div class="chart" id="chart"></div></section>
<section class="card"><h2>COCO figures</h2>
${cocoTable(evaluation)}
<h3>By size, at the thresholds above</h3>
<div id="sizes"></div>
</section>
</div>
<section class="card" id="classes-card"><h2>Classes</h2><div id="classes"></div></section>
${leftOut === 0 ? '' : `<p class="note">${plural(shown, 'image')} with the most errors can be looked at here; of the other ${leftOut} the report holds the figures alone (--max-images ${report.maxImages}).</p>`}
<section class="card"><h2>Images</h2><div id="images"></div></section>
<section class="card" id="detail"><div class="detail-head"><h2 id="image-name"></h2><div class="steps"><button type="button" id="previous">Previous</button><button type="button" id="next">Next</button></div></div>
<div class="legend" id="legend"></div>
<p class="note" id="left-out" hidden>This image was left out of the report: make the report with a higher --max-images to look at it.</p>
<div class="pair" id="pair">
<figure><figcaption>Ground truth <span class="muted" id="objects-note"></span></figcaption><div id="objects-viewer"></div></figure>
<figure><figcaption>Predictions <span class="muted" id="detections-note"></span></figcaption><div id="detections-viewer"></div></figure>
</div>
<h3>Objects of this image</h3>
<div id="objects"></div>
</section>
</main>`;
}

function cocoTable({ figures, maxDets, saturated }: CocoEvaluation): string {
  const last = maxDets[maxDets.length - 1];
  const cell = (name: string): string => `<td>${figure(figures, name)}</td>`;
  const note =
    saturated.length === 0
      ? ''
      : ` ${plural(new Set(saturated.map(({ imageId }) => imageId)).size, 'image')} had more objects or detections than that: raise --max-dets.`;
  return `<div class="scroll-x"><table class="plain">
<thead><tr><th></th><th scope="col">all</th><th scope="col">small</th><th scope="col">medium</th><th scope="col">large</th></tr></thead>
<tbody>
<tr><th scope="row">AP</th>${['AP', 'APs', 'APm', 'APl'].map(cell).join('')}</tr>
<tr><th scope="row">AP at IoU 0.50</th>${cell('AP50')}<td></td><td></td><td></td></tr>
<tr><th scope="row">AP at IoU 0.75</th>${cell('AP75')}<td></td><td></td><td></td></tr>
<tr><th scope="row">AR</th>${[`AR${last}`, 'ARs', 'ARm', 'ARl'].map(cell).join('')}</tr>
</tbody>
</table></div>
<p class="muted small">Over IoU 0.50 to 0.95 and all scores, with at most ${last} detections per image and class.${note} Small is below 32², large from 96² square pixels on.</p>`;
}

function figure(figures: CocoFigures, name: string): string {
  const value = figures[name];
  return value === null ? '–' : threeDecimals(value);
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
