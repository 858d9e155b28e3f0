import { axisAround, linearAxis, logAxisAround } from '../chart';
import { frame, noData, plotArea, seriesStyle, type Axis, type PlotArea } from '../chart_frame';
import type { CurvePoints } from '../curve_points';
import type { CurvesChart } from '../curves_data';
import { element, hundredths } from '../svg';
import { smooth } from './smooth';

export interface CurvesView {
  /** Steps at the ends of the x axis. */
  readonly from: number;
  readonly to: number;
  /** Weight of the moving average, 0 for none. */
  readonly smoothing: number;
  readonly isLogarithmic: boolean;
}

/** A curve as it is drawn: points within the view, and one beyond each end. */
interface ShownCurve {
  readonly index: number;
  readonly steps: readonly number[];
  readonly smoothed: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface DrawnChart {
  readonly svg: string;
  readonly area: PlotArea;
}

/** A chart as SVG: smoothed curves, their values pale behind them. The y axis is around what is in the view. */
export function drawCurves({ title, label, isNoisy, series }: CurvesChart, view: CurvesView): DrawnChart {
  const names = series.map(({ name }) => name);
  const area = plotArea(names);
  const isLog = isNoisy && view.isLogarithmic;
  const curves = series.map((one, index) => shownCurve(one, index, view, isNoisy ? view.smoothing : 0));
  const values = curves.flatMap(({ steps, low, high }) =>
    steps.flatMap((step, i) => (step < view.from || step > view.to ? [] : [low[i], high[i]])),
  );
  const hasPlace = (value: number): boolean => !isLog || value > 0;
  const inside = values.filter(hasPlace);
  const baseline = !isLog && inside.every((value) => value >= 0) ? [0] : [];
  const x = linearAxis('step', [view.from, view.to], [area.left, area.right]);
  const y = (isLog ? logAxisAround : axisAround)(label, [...inside, ...baseline], [area.bottom, area.top]);
  const content = curves.flatMap((curve) => drawCurve(curve, x, y, hasPlace));
  const clipped = element(
    'svg',
    {
      x: area.left,
      y: area.top - 4,
      width: area.right - area.left,
      height: area.bottom - area.top + 8,
      viewBox: `${area.left} ${area.top - 4} ${area.right - area.left} ${area.bottom - area.top + 8}`,
    },
    ...content,
  );
  return { svg: frame({ title, names, x, y }, area, inside.length === 0 ? [noData(area)] : [clipped]), area };
}

/** Name and smoothed value of each curve at its point nearest to the step, and that point's step. */
export function valuesNear(
  { isNoisy, series }: CurvesChart,
  step: number,
  view: CurvesView,
): { readonly name: string; readonly step: number; readonly value: number; readonly smoothed: number }[] {
  return series.flatMap(({ name, steps, values }) => {
    const nearest = nearestIndex(steps, step);
    return nearest < 0
      ? []
      : [
          {
            name,
            step: steps[nearest],
            value: values[nearest],
            smoothed: smooth(values.slice(0, nearest + 1), isNoisy ? view.smoothing : 0)[nearest],
          },
        ];
  });
}

/** Index of the value nearest to `wanted` in an ascending list, -1 where that is empty. */
export function nearestIndex(ascending: readonly number[], wanted: number): number {
  const after = firstFrom(ascending, wanted);
  const isBefore =
    after === ascending.length || (after > 0 && wanted - ascending[after - 1] <= ascending[after] - wanted);
  return isBefore ? after - 1 : after;
}

/** Index of the first value from `bound` on. */
function firstFrom(ascending: readonly number[], bound: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < bound) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function shownCurve(
  { steps, values, range }: CurvePoints,
  index: number,
  { from, to }: CurvesView,
  smoothing: number,
): ShownCurve {
  const [start, end] = [Math.max(0, firstFrom(steps, from) - 1), firstFrom(steps, to) + 1];
  const part = (list: readonly number[]): readonly number[] => list.slice(start, end);
  return {
    index,
    steps: part(steps),
    // all that comes before takes part in the average
    smoothed: part(smooth(values, smoothing)),
    low: part(range?.low ?? values),
    high: part(range?.high ?? values),
  };
}

function drawCurve(
  { index, steps, smoothed, low, high }: ShownCurve,
  x: Axis,
  y: Axis,
  hasPlace: (value: number) => boolean,
): string[] {
  const { colour, dash } = seriesStyle(index);
  const place = (i: number, value: number): string => `${hundredths(x.scale(steps[i]))} ${hundredths(y.scale(value))}`;
  const [line, least, most] = [smoothed, low, high].map((list) =>
    list.flatMap((value, i) => (hasPlace(value) ? [place(i, value)] : [])),
  );
  if (line.length === 0) {
    return [];
  }
  if (line.length === 1) {
    const [cx, cy] = line[0].split(' ');
    return [element('circle', { cx, cy, r: 3.5, fill: colour })];
  }
  const isBand = low.some((value, i) => value !== high[i]);
  const [fill, stroke] = isBand ? [colour, 'none'] : ['none', colour];
  const outline = isBand ? `M${[...most, ...least.reverse()].join('L')}Z` : `M${most.join('L')}`;
  return [
    element('path', { d: outline, fill, stroke, 'stroke-width': 1, opacity: 0.25 }),
    element('path', {
      d: `M${line.join('L')}`,
      fill: 'none',
      stroke: colour,
      'stroke-width': 2,
      'stroke-linejoin': 'round',
      'stroke-dasharray': dash,
    }),
  ];
}
