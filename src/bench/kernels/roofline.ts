import { logAxisAround } from '../../report/chart';
import { frame, plotArea, seriesStyle, textOverLines, type Axis } from '../../report/chart_frame';
import { element, hundredths } from '../../report/svg';
import { product } from '../../kernels/tensor';
import { KINDS } from './cases';
import type { CaseFigures } from './figures';
import { bandwidthOf, type Ceilings } from './probes';

const RADIUS = 3;

/** Room around the points, as a factor. */
const MARGIN = 2;

/**
 * A roofline (Williams et al., "Roofline: an insightful visual performance model", 2009) as SVG: arithmetic intensity
 * against arithmetic a second, both logarithmic, with the device's two ceilings and a point for each case. A kernel that
 * states no arithmetic counts with one operation for each element of its largest tensor, so that it has a place.
 */
export function roofline(title: string, cases: readonly CaseFigures[], ceilings: Ceilings): string {
  const kinds = KINDS.filter((kind) => cases.some((one) => one.kind === kind));
  const points = cases
    .map((one) => ({ ...one, flops: one.flops > 0 ? one.flops : elements(one) }))
    .map(({ kind, flops, bytes, medianMs }) => ({ kind, x: flops / bytes, y: flops / medianMs / 1e6 }))
    .filter(({ x, y }) => x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y));
  const bandwidth = bandwidthOf(ceilings);
  const ridge = ceilings.gflops / bandwidth;
  const area = plotArea(kinds);
  const x = logAxis(
    'arithmetic intensity (operations a byte)',
    [ridge, ...points.map((one) => one.x)],
    [area.left, area.right],
  );
  const all = logAxis('GFLOP/s', [ceilings.gflops, ...points.map((one) => one.y)], [area.bottom, area.top]);
  const y = { ...all, ticks: all.ticks.filter(({ text }) => text !== '') };
  const [lowX, highX] = x.scale.domain();
  // where the slope enters the plot
  const startX = Math.max(lowX, y.scale.domain()[0] / bandwidth);
  const middle = Math.sqrt(startX * ridge);
  const place = (intensity: number): string =>
    `${hundredths(x.scale(intensity))},${hundredths(y.scale(Math.min(ceilings.gflops, intensity * bandwidth)))}`;
  return frame({ title, names: kinds, x, y }, area, [
    element('polyline', {
      points: [startX, ridge, highX].map(place).join(' '),
      fill: 'none',
      stroke: '#222222',
      'stroke-width': 1.5,
    }),
    textOverLines(`${ceilings.gflops.toFixed(0)} GFLOP/s`, { x: x.scale(ridge) + 4, y: y.scale(ceilings.gflops) - 6 }),
    textOverLines(`${bandwidth.toFixed(1)} GB/s`, {
      x: x.scale(middle) - 8,
      y: y.scale(middle * bandwidth) - 4,
      'text-anchor': 'end',
    }),
    ...points.map((point) =>
      element('circle', {
        cx: x.scale(point.x),
        cy: y.scale(point.y),
        r: RADIUS,
        fill: seriesStyle(kinds.indexOf(point.kind)).colour,
        'fill-opacity': 0.7,
      }),
    ),
  ]);
}

function logAxis(label: string, values: readonly number[], range: readonly [number, number]): Axis {
  return logAxisAround(label, [...values, Math.min(...values) / MARGIN, Math.max(...values) * MARGIN], range);
}

/** Of the largest tensor, as far as the case has to touch it. */
function elements({ inputs, outputs, bytes }: CaseFigures): number {
  return Math.min(bytes / 4, Math.max(...[...inputs, ...outputs].map((shape) => product(shape ?? []))));
}
