import { bin, extent, max, sum, thresholdFreedmanDiaconis, ticks as niceTicks } from 'd3-array';
import { scaleLinear, scaleLog, type ScaleContinuousNumeric, type ScaleLogarithmic } from 'd3-scale';
import { frame, noData, plotArea, seriesStyle, textOverLines, type Axis, type PlotArea } from './chart_frame';
import { element, hundredths } from './svg';

/*
 * Charts as SVG text of 640x400 pixels that stands alone or within HTML: no scripts, no style sheets, no ids.
 */

export interface LineChart {
  readonly title: string;
  /** Labels carry their unit, e.g. "diameter (µm)". On a logarithmic axis points at 0 and below have no place. */
  readonly x: { readonly label: string; readonly log?: boolean };
  readonly y: { readonly label: string };
  readonly series: readonly {
    readonly name: string;
    /** In the order in which they are joined; a point that is not finite leaves a gap. */
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
  /** A point to look at, with a line down to the axis. */
  readonly mark?: { readonly x: number; readonly y: number; readonly label: string };
}

export interface HistogramChart {
  readonly title: string;
  /** On a logarithmic axis the bins are equally wide in the logarithm; values of 0 and below have no place and are left out. */
  readonly x: { readonly label: string; readonly log?: boolean };
  readonly y: { readonly label: string };
  /** Values that are not finite are left out. With weights, one for each value, they count by these. */
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly weights?: readonly number[];
  }[];
  /** Heights are percentages of each series' sum, so that series of different lengths can be compared. Default false. */
  readonly share?: boolean;
  /** About how many; without it as many as Freedman and Diaconis (1981) advise for all values together, 5 to 60. */
  readonly bins?: number;
}

/** Characters of a tick that fit between an axis and its label. */
const LONGEST_TICK = 7;

/** Lines over one x axis. The y axis starts at 0 where no value is below. */
export function lineChart({ title, x, y, series, mark }: LineChart): string {
  const names = series.map(({ name }) => name);
  const area = plotArea(names);
  const isLog = x.log === true;
  const points = [...series.flatMap((one) => one.points), ...(mark === undefined ? [] : [[mark.x, mark.y] as const])];
  const hasPlace = (point: Point): boolean => isFinitePoint(point) && (!isLog || point[0] > 0);
  const finite = points.filter(hasPlace);
  const xAxis = (isLog ? logAxisAround : axisAround)(
    x.label,
    finite.map(([value]) => value),
    [area.left, area.right],
  );
  const yAxis = axisAround(
    y.label,
    [...finite.map(([, value]) => value), ...baseline(finite)],
    [area.bottom, area.top],
  );
  const content = series.flatMap((one, i) =>
    drawLine(
      one.points.map((point) => (hasPlace(point) ? point : null)),
      xAxis.scale,
      yAxis.scale,
      i,
    ),
  );
  if (finite.length === 0) {
    content.push(noData(area));
  } else if (mark !== undefined && hasPlace([mark.x, mark.y])) {
    content.push(...drawMark(mark, xAxis.scale, yAxis.scale, area));
  }
  return frame({ title, names, x: xAxis, y: yAxis }, area, content);
}

/** How many values lie in each bin, or their weight; all series share the bins. */
export function histogram({ title, x, y, series, bins, share = false }: HistogramChart): string {
  const isLog = x.log === true;
  const names = series.map(({ name }) => name);
  const area = plotArea(names);
  const lists = series.map(({ values, weights }) =>
    values
      .map((value, i) => ({ value, weight: weights?.[i] ?? 1 }))
      .filter(({ value }) => Number.isFinite(value) && (!isLog || value > 0)),
  );
  const all = lists.flatMap((list) => list.map(({ value }) => value));
  const edges = binEdges(all, isLog, bins);
  const domain: [low: number, high: number] = [edges[0], edges[edges.length - 1]];
  const counts = lists.map((list) => {
    const heights = bin<Weighted, number>()
      .value(({ value }) => value)
      .domain(domain)
      .thresholds(edges.slice(1, -1))(list)
      .map((one) => sum(one, ({ weight }) => weight));
    const whole = share ? sum(heights) / 100 : 1;
    return whole === 0 ? heights : heights.map((height) => height / whole);
  });
  const xAxis = (isLog ? logAxis : linearAxis)(x.label, domain, [area.left, area.right]);
  const yScale = scaleLinear()
    .domain([0, max(counts.flat()) || 1])
    .nice(5)
    .range([area.bottom, area.top]);
  const content = counts.flatMap((heights, i) => drawSteps(edges, heights, xAxis.scale, yScale, i));
  if (all.length === 0) {
    content.push(noData(area));
  }
  const isCount = !share && series.every(({ weights }) => weights === undefined);
  const ticks = linearTicks(yScale, 5).filter(({ value }) => !isCount || Number.isInteger(value));
  return frame({ title, names, x: xAxis, y: { label: y.label, scale: yScale, ticks } }, area, content);
}

interface Weighted {
  readonly value: number;
  readonly weight: number;
}

type Point = readonly [x: number, y: number];
type Scale = ScaleContinuousNumeric<number, number>;

function isFinitePoint([x, y]: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function baseline(points: readonly Point[]): number[] {
  return points.every(([, y]) => y >= 0) ? [0] : [];
}

type Span = readonly [low: number, high: number];

/** An axis from one nice number to another around all values. */
export function axisAround(label: string, values: readonly number[], range: Span): Axis {
  const [low, high] = scaleLinear().domain(span(values)).nice(6).domain();
  return linearAxis(label, [low, high], range);
}

/** An axis of the values' own decades, as `histogram` has it. */
export function logAxisAround(label: string, values: readonly number[], range: Span): Axis {
  const [low, high] = logSpan(values);
  return logAxis(label, [10 ** low, 10 ** high], range);
}

/** An axis from one end of the domain to the other. */
export function linearAxis(label: string, domain: Span, range: Span): Axis {
  const scale = scaleLinear().domain(domain).range(range);
  return { label, scale, ticks: linearTicks(scale, 6) };
}

function logAxis(label: string, domain: Span, range: Span): Axis {
  const scale = scaleLog().domain(domain).range(range);
  return { label, scale, ticks: logTicks(scale) };
}

/** The least and the largest value, widened where they are one; nothing but zeros lie at the foot of 0 to 1. */
function span(values: readonly number[]): Span {
  const [low = 0, high = 0] = extent(values);
  if (low === 0 && high === 0) {
    return [0, 1];
  }
  const reach = low === high ? Math.abs(low) / 10 : 0;
  return [low - reach, high + reach];
}

/** `span` of the values' decimal logarithms. */
function logSpan(values: readonly number[]): Span {
  const [low = 0, high = 1] = extent(values, Math.log10);
  const reach = low === high ? 0.2 : 0;
  return [low - reach, high + reach];
}

function linearTicks(scale: Scale, count: number): Axis['ticks'] {
  const format = scale.tickFormat(count);
  const ticks = scale.ticks(count).map((value) => ({ value, text: format(value) }));
  const isLong = ticks.some(({ text }) => text.length > LONGEST_TICK);
  return isLong ? ticks.map(({ value }) => ({ value, text: decimal(value) })) : ticks;
}

/** Ticks at 1, 2, … 9 times the powers of ten; the fewer decades there are, the more have a text. */
function logTicks(scale: ScaleLogarithmic<number, number>): Axis['ticks'] {
  const [low, high] = scale.domain();
  const decades = Math.log10(high / low);
  const leadingDigits = decades > 3 ? '1' : decades > 1 ? '125' : '123456789';
  return scale.ticks(8).map((value) => {
    return { value, text: leadingDigits.includes(value.toExponential()[0]) ? decimal(value) : '' };
  });
}

function decimal(value: number): string {
  const short = Number(value.toPrecision(6));
  const size = Math.abs(short);
  return size !== 0 && (size >= 1e5 || size < 1e-3) ? short.toExponential().replace('e+', 'e') : String(short);
}

/** Ascending edges around all values, at least two. */
function binEdges(values: readonly number[], isLog: boolean, wanted: number | undefined): number[] {
  const places = isLog ? values.map(Math.log10) : values;
  const [low, high] = isLog ? logSpan(values) : span(values);
  const count = wanted ?? Math.min(60, Math.max(5, thresholdFreedmanDiaconis(places, low, high) || 0));
  if (isLog) {
    return Array.from({ length: count + 1 }, (_, i) => {
      const edge = 10 ** (low + ((high - low) * i) / count);
      // rounding must not leave the extreme values outside
      return i === 0 ? Math.min(edge, ...extremes(values)) : i === count ? Math.max(edge, ...extremes(values)) : edge;
    });
  }
  const [first, last] = scaleLinear().domain([low, high]).nice(count).domain();
  return niceTicks(first, last, count);
}

function extremes(values: readonly number[]): number[] {
  return extent(values).filter((value) => value !== undefined);
}

/** @param points null leaves a gap */
function drawLine(points: readonly (Point | null)[], x: Scale, y: Scale, index: number): string[] {
  const { colour, dash } = seriesStyle(index);
  const lines: string[][] = [[]];
  for (const point of points) {
    const line = lines[lines.length - 1];
    if (point !== null) {
      const place = `${hundredths(x(point[0]))} ${hundredths(y(point[1]))}`;
      // of thousands of points many fall on one place
      if (line[line.length - 1] !== place) {
        line.push(place);
      }
    } else if (line.length > 0) {
      lines.push([]);
    }
  }
  return lines
    .filter((line) => line.length > 0)
    .map((line) => {
      const [cx, cy] = line[0].split(' ');
      return line.length === 1
        ? element('circle', { cx, cy, r: 3.5, fill: colour })
        : element('path', {
            d: `M${line.join('L')}`,
            fill: 'none',
            stroke: colour,
            'stroke-width': 2,
            'stroke-linejoin': 'round',
            'stroke-dasharray': dash,
          });
    });
}

function drawMark(mark: NonNullable<LineChart['mark']>, xScale: Scale, yScale: Scale, area: PlotArea): string[] {
  const [x, y] = [xScale(mark.x), yScale(mark.y)];
  const isRight = x > (area.left + area.right) / 2;
  return [
    element('line', { x1: x, x2: x, y1: y, y2: area.bottom, stroke: '#555555', 'stroke-dasharray': '4 3' }),
    element('circle', { cx: x, cy: y, r: 5, fill: '#ffffff', stroke: '#222222', 'stroke-width': 2 }),
    textOverLines(mark.label, {
      x: isRight ? x - 10 : x + 10,
      y: Math.max(area.top + 12, y - 10),
      'text-anchor': isRight ? 'end' : 'start',
    }),
  ];
}

function drawSteps(edges: readonly number[], counts: readonly number[], x: Scale, y: Scale, index: number): string[] {
  if (counts.every((count) => count === 0)) {
    return [];
  }
  const { colour, dash } = seriesStyle(index);
  const [left, bottom] = [hundredths(x(edges[0])), hundredths(y(0))];
  const steps = counts.map((count, i) => `V${hundredths(y(count))}H${hundredths(x(edges[i + 1]))}`);
  return [
    element('path', {
      d: `M${left} ${bottom}${steps.join('')}V${bottom}Z`,
      fill: colour,
      'fill-opacity': 0.3,
      stroke: colour,
      'stroke-width': 1.5,
      'stroke-dasharray': dash,
    }),
  ];
}
