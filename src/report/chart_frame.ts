import type { ScaleContinuousNumeric } from 'd3-scale';
import { element, escapeXml, type Attributes } from './svg';

/** Pixels of a chart, which scales as a picture does. */
export const CHART_WIDTH = 640;
export const CHART_HEIGHT = 400;

const MARGIN = { left: 68, right: 28, bottom: 52 };
const TITLE_HEIGHT = 34;
const LEGEND_ROW = 20;
const TICK = 5;
const INK = '#222222';
const GRID = '#e2e2e2';
const FONT = 'system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif';
/** About what a character of 12 pixels takes: SVG text cannot be measured before it is drawn. */
const CHARACTER_WIDTH = 7;

/**
 * Okabe and Ito's colours for colour-blind readers (https://jfly.uni-koeln.de/color/), without the yellow, which does
 * not show on white.
 */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const DASHES = [undefined, '7 3', '2 3'];

/** Colour and dashes of a series: no two of the first 21 are alike. */
export function seriesStyle(index: number): { readonly colour: string; readonly dash: string | undefined } {
  return { colour: COLOURS[index % COLOURS.length], dash: DASHES[Math.floor(index / COLOURS.length) % DASHES.length] };
}

export interface Axis {
  readonly label: string;
  readonly scale: ScaleContinuousNumeric<number, number>;
  /** Values with a tick; those with an empty text have a short tick and no line. */
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

/** The plot's area in pixels, y downwards. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where the plot lies below the title and the legend, which one series does not need. */
export function plotArea(names: readonly string[]): PlotArea {
  const rows = legendPlaces(names).at(-1)?.row ?? -1;
  return {
    left: MARGIN.left,
    right: CHART_WIDTH - MARGIN.right,
    top: TITLE_HEIGHT + (rows + 1) * LEGEND_ROW + 6,
    bottom: CHART_HEIGHT - MARGIN.bottom,
  };
}

/** The whole picture: title, legend, axes with their grid, and `content` over them. */
export function frame(
  chart: { readonly title: string; readonly names: readonly string[]; readonly x: Axis; readonly y: Axis },
  area: PlotArea,
  content: readonly string[],
): string {
  const { title, names, x, y } = chart;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`,
      width: CHART_WIDTH,
      height: CHART_HEIGHT,
      role: 'img',
      'aria-label': title,
      'font-family': FONT,
      'font-size': 12,
      fill: INK,
    },
    element('rect', { width: CHART_WIDTH, height: CHART_HEIGHT, fill: '#ffffff' }),
    text(shortened(title, 72), { x: CHART_WIDTH / 2, y: 22, 'text-anchor': 'middle', 'font-size': 15 }),
    ...legend(names),
    ...horizontalAxis(x, area),
    ...verticalAxis(y, area),
    ...content,
  );
}

export function text(content: string, attributes: Attributes): string {
  return element('text', attributes, escapeXml(content));
}

/** Text over lines: a white rim keeps it readable. */
export function textOverLines(content: string, attributes: Attributes): string {
  const rim = { stroke: '#ffffff', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' };
  return text(content, { ...attributes, ...rim });
}

export function noData({ left, right, top, bottom }: PlotArea): string {
  return text('no data', { x: (left + right) / 2, y: (top + bottom) / 2, 'text-anchor': 'middle', fill: '#777777' });
}

function horizontalAxis({ label, scale, ticks }: Axis, { left, right, top, bottom }: PlotArea): string[] {
  return [
    ...ticks.flatMap((tick) => {
      const x = scale(tick.value);
      const isMajor = tick.text !== '';
      return [
        element('line', {
          x1: x,
          x2: x,
          y1: isMajor ? top : bottom,
          y2: bottom + (isMajor ? TICK : TICK / 2),
          stroke: GRID,
        }),
        ...(isMajor ? [text(tick.text, { x, y: bottom + 19, 'text-anchor': 'middle' })] : []),
      ];
    }),
    element('line', { x1: left, x2: right, y1: bottom, y2: bottom, stroke: INK }),
    text(shortened(label, 80), { x: (left + right) / 2, y: CHART_HEIGHT - 12, 'text-anchor': 'middle' }),
  ];
}

function verticalAxis({ label, scale, ticks }: Axis, { left, right, top, bottom }: PlotArea): string[] {
  const middle = (top + bottom) / 2;
  return [
    ...ticks.flatMap((tick) => {
      const y = scale(tick.value);
      return [
        element('line', { x1: left - TICK, x2: right, y1: y, y2: y, stroke: GRID }),
        text(tick.text, { x: left - TICK - 4, y: y + 4, 'text-anchor': 'end' }),
      ];
    }),
    element('line', { x1: left, x2: left, y1: top, y2: bottom, stroke: INK }),
    text(shortened(label, 44), {
      x: 18,
      y: middle,
      'text-anchor': 'middle',
      transform: `rotate(-90 18 ${middle})`,
    }),
  ];
}

function legend(names: readonly string[]): string[] {
  return legendPlaces(names).flatMap(({ name, x, row }, i) => {
    const { colour, dash } = seriesStyle(i);
    const y = TITLE_HEIGHT + row * LEGEND_ROW + 8;
    const line = { x1: x, x2: x + 22, y1: y, y2: y, stroke: colour, 'stroke-width': 3, 'stroke-dasharray': dash };
    return [element('line', line), text(name, { x: x + 28, y: y + 4 })];
  });
}

function legendPlaces(names: readonly string[]): { name: string; x: number; row: number }[] {
  if (names.length < 2) {
    return [];
  }
  let [x, row] = [MARGIN.left, 0];
  return names.map((whole) => {
    const name = shortened(whole, 40);
    const width = 28 + name.length * CHARACTER_WIDTH + 18;
    if (x > MARGIN.left && x + width > CHART_WIDTH) {
      x = MARGIN.left;
      row++;
    }
    const place = { name, x, row };
    x += width;
    return place;
  });
}

function shortened(name: string, length: number): string {
  const characters = [...name];
  return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : name;
}
