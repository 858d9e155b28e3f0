import { precisionCurve, scoreCurve } from '../eval/coco_eval/curves';
import type { CocoEvaluation } from '../eval/coco_eval/evaluate';
import { RECALL_THRESHOLDS } from '../eval/coco_eval/parameters';
import { cocoLines, threeDecimals } from '../eval/coco_eval/summarize';
import type { Category } from '../eval/dataset';
import type { LabelScores } from '../eval/label_map';
import type { VocEvaluation } from '../eval/voc_ap';
import { lineChart } from '../report/chart';
import { textTable } from '../text_table';

/** What one metric says, for the eye and for programs. */
export interface EvalOutput {
  readonly lines: readonly string[];
  /** The figures by type, e.g. `{ bbox: { AP: … } }`; null where there is none. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** The same for each class, by type. */
  readonly perClass: Readonly<Record<string, unknown>>;
}

/** COCO's figures of each type, in the lines of pycocotools. */
export function cocoOutput(evaluations: readonly CocoEvaluation[], perClass: boolean): EvalOutput {
  return {
    lines: evaluations.flatMap((evaluation) => [
      evaluation.type,
      ...cocoLines(evaluation),
      ...(perClass ? ['', `${evaluation.type} by class`, ...cocoClassTable(evaluation)] : []),
    ]),
    figures: Object.fromEntries(evaluations.map(({ type, figures }) => [type, figures])),
    perClass: Object.fromEntries(evaluations.map((evaluation) => [evaluation.type, cocoClasses(evaluation)])),
  };
}

function cocoClassTable({ perClass, maxDets }: CocoEvaluation): string[] {
  const names = ['AP', 'AP50', 'AP75', `AR${maxDets[maxDets.length - 1]}`];
  return textTable(
    ['class', 'objects', ...names],
    perClass.map(({ id, name, objects, figures }) => [
      className({ id, name }),
      String(objects),
      ...names.map((figure) => cell(figures[figure])),
    ]),
  );
}

function cocoClasses(evaluation: CocoEvaluation): unknown[] {
  return evaluation.perClass.map(({ id, name, objects, figures }, category) => ({
    id,
    name,
    objects,
    ...figures,
    curves: {
      recall: RECALL_THRESHOLDS,
      precision50: precisionCurve(evaluation, { category, iou: 0.5 }),
      precision75: precisionCurve(evaluation, { category, iou: 0.75 }),
      precision: precisionCurve(evaluation, { category }),
      score50: scoreCurve(evaluation, { category, iou: 0.5 }),
    },
  }));
}

/** Precision over recall of each type, the mean of all classes, as SVG. */
export function cocoChart(evaluations: readonly CocoEvaluation[], title: string): string {
  const curves = [
    { name: 'IoU 0.50', choice: { iou: 0.5 } },
    { name: 'IoU 0.75', choice: { iou: 0.75 } },
    { name: 'IoU 0.50:0.95', choice: {} },
  ];
  return lineChart({
    title,
    x: { label: 'recall' },
    y: { label: 'precision' },
    series: evaluations.flatMap((evaluation) =>
      curves.map(({ name, choice }) => ({
        name: evaluations.length > 1 ? `${evaluation.type}, ${name}` : name,
        points: (precisionCurve(evaluation, choice) ?? []).map((value, r) => [RECALL_THRESHOLDS[r], value] as const),
      })),
    ),
  });
}

/** VOC's AP of each type. */
export function vocOutput(
  evaluations: readonly { readonly type: string; readonly evaluation: VocEvaluation }[],
  { points, iou, perClass }: { readonly points: string; readonly iou: number; readonly perClass: boolean },
): EvalOutput {
  const place = points === '11' ? 'at 11 recalls (VOC 2007)' : 'over all recalls (VOC 2010)';
  return {
    lines: evaluations.flatMap(({ type, evaluation }) => [
      `${type}  mAP ${cell(evaluation.mean)}  IoU ${iou}, precision ${place}`,
      ...(perClass
        ? textTable(
            ['class', 'objects', 'AP'],
            evaluation.perClass.map((one) => [className(one), String(one.objects), cell(one.ap)]),
          )
        : []),
    ]),
    figures: Object.fromEntries(
      evaluations.map(({ type, evaluation }) => [type, { mAP: evaluation.mean, iou, points }]),
    ),
    perClass: Object.fromEntries(
      evaluations.map(({ type, evaluation }) => [
        type,
        evaluation.perClass.map(({ id, name, objects, ap, recall, precision }) => ({
          id,
          name,
          objects,
          AP: ap,
          curve: { recall: [...recall], precision: [...precision] },
        })),
      ]),
    ),
  };
}

/** Scores of label maps; `classes` are those of the scores, the background left out. */
export function labelOutput(scores: LabelScores, categories: readonly Category[], perClass: boolean): EvalOutput {
  const ordered = [...categories].sort((a, b) => a.id - b.id);
  const names = ['background', ...ordered.map(className)];
  const { meanIou, pixelAccuracy, meanAccuracy } = scores;
  return {
    lines: [
      `segm  mIoU ${cell(meanIou)}, pixel accuracy ${cell(pixelAccuracy)}, mean accuracy ${cell(meanAccuracy)} (the background counts as a class)`,
      ...(perClass
        ? textTable(
            ['class', 'pixels', 'IoU', 'accuracy'],
            scores.perClass.map(({ pixels, iou, accuracy }, k) => [
              names[k],
              String(pixels),
              cell(iou),
              cell(accuracy),
            ]),
          )
        : []),
    ],
    figures: { segm: { mIoU: meanIou, pixel_accuracy: pixelAccuracy, mean_accuracy: meanAccuracy } },
    perClass: {
      segm: scores.perClass.map(({ pixels, iou, accuracy }, k) => ({
        id: k === 0 ? null : ordered[k - 1].id,
        name: names[k],
        pixels,
        IoU: iou,
        accuracy,
      })),
    },
  };
}

function className({ id, name }: Category): string {
  return name === '' ? `category ${id}` : name;
}

function cell(value: number | null): string {
  return value === null ? '-' : threeDecimals(value);
}
