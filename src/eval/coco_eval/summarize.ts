import { curveIndex } from './accumulate';
import type { CocoEvaluation } from './evaluate';
import { AREA_RANGES, IOU_THRESHOLDS, RECALL_THRESHOLDS, type AreaName } from './parameters';

/**
 * The figures by COCO's names; null where COCO says -1 (no object in the area range). AP, AP50, AP75, APs, APm, APl, one
 * AR<n> for each max-dets n, ARs, ARm, ARl. All but AR<n> are taken at the last max-dets.
 */
export type CocoFigures = Readonly<Record<string, number | null>>;

interface Figure {
  readonly name: string;
  readonly kind: 'precision' | 'recall';
  readonly area: AreaName;
  readonly maxDets: number;
  /** The only IoU threshold; absent for all. */
  readonly iou?: number;
}

/** What the figures are made of. */
type Curves = Pick<CocoEvaluation, 'precision' | 'recall' | 'maxDets' | 'categoryIds'>;

const [THRESHOLDS, RECALLS] = [IOU_THRESHOLDS.length, RECALL_THRESHOLDS.length];

/** Means over the categories at the given indices. */
export function figuresOf(curves: Curves, categories: Iterable<number>): CocoFigures {
  const indices = [...categories];
  return Object.fromEntries(figures(curves.maxDets).map((figure) => [figure.name, mean(curves, figure, indices)]));
}

/** The figures as lines of text, as pycocotools prints them: for the eye, and for programs that read such output. */
export function cocoLines({ figures: values, maxDets }: Pick<CocoEvaluation, 'figures' | 'maxDets'>): string[] {
  return figures(maxDets).map(({ name, kind, area, maxDets: limit, iou }) => {
    const title = (kind === 'precision' ? 'Average Precision' : 'Average Recall').padEnd(18);
    const short = kind === 'precision' ? '(AP)' : '(AR)';
    const range = (iou === undefined ? '0.50:0.95' : iou.toFixed(2)).padEnd(9);
    const value = threeDecimals(values[name] ?? -1);
    return ` ${title} ${short} @[ IoU=${range} | area=${area.padStart(6)} | maxDets=${String(limit).padStart(3)} ] = ${value}`;
  });
}

/** Rounded as C and Python round, ties to even: pycocotools' 0.0625 is 0.062. */
export function threeDecimals(value: number): string {
  const isTie = Number.isInteger(value * 16) && !Number.isInteger(value * 8);
  const thousandths = Math.floor(value * 1000);
  return isTie ? ((thousandths + (thousandths & 1)) / 1000).toFixed(3) : value.toFixed(3);
}

function figures(maxDets: readonly number[]): Figure[] {
  const last = { maxDets: maxDets[maxDets.length - 1] };
  return [
    { name: 'AP', kind: 'precision', area: 'all', ...last },
    { name: 'AP50', kind: 'precision', area: 'all', ...last, iou: 0.5 },
    { name: 'AP75', kind: 'precision', area: 'all', ...last, iou: 0.75 },
    { name: 'APs', kind: 'precision', area: 'small', ...last },
    { name: 'APm', kind: 'precision', area: 'medium', ...last },
    { name: 'APl', kind: 'precision', area: 'large', ...last },
    ...maxDets.map((limit): Figure => ({ name: `AR${limit}`, kind: 'recall', area: 'all', maxDets: limit })),
    { name: 'ARs', kind: 'recall', area: 'small', ...last },
    { name: 'ARm', kind: 'recall', area: 'medium', ...last },
    { name: 'ARl', kind: 'recall', area: 'large', ...last },
  ];
}

/** The mean of all values that are not -1. */
function mean(curves: Curves, { kind, area, maxDets, iou }: Figure, categories: readonly number[]): number | null {
  const values = kind === 'precision' ? curves.precision : curves.recall;
  const length = kind === 'precision' ? RECALLS : 1;
  const a = AREA_RANGES.findIndex(({ name }) => name === area);
  const m = curves.maxDets.indexOf(maxDets);
  const [firstThreshold, thresholds] = iou === undefined ? [0, THRESHOLDS] : [IOU_THRESHOLDS.indexOf(iou), 1];
  let [sum, lost, count] = [0, 0, 0];
  for (const category of categories) {
    const first = (curveIndex(curves.maxDets.length, category, a, m) + firstThreshold) * length;
    for (let i = first; i < first + thresholds * length; i++) {
      if (values[i] > -1) {
        // compensated (Kahan 1965), since a mean over 80 categories has 80,800 terms
        const term = values[i] - lost;
        const next = sum + term;
        lost = next - sum - term;
        sum = next;
        count++;
      }
    }
  }
  return count === 0 ? null : sum / count;
}
