import { histogram, lineChart } from '../chart';
import type { ParticlesData } from '../particles_data';
import { withUnit, type Row } from './particle_rows';

export interface DistributionChoice {
  /** Index of the measure. */
  readonly measure: number;
  /** Whether particles count with the volume of the sphere of their equivalent diameter, not once each. */
  readonly byVolume: boolean;
  readonly isLog: boolean;
}

/** Points of a cumulative curve at most, besides the ends. */
const CURVE_POINTS = 400;

/** Histogram and cumulative curve of a measure, one series for each set. */
export function distributionCharts(
  { sets, measures }: ParticlesData,
  rows: readonly Row[],
  { measure, byVolume, isLog }: DistributionChoice,
): { histogram: string; cumulative: string } {
  const { title, unit } = measures[measure];
  const diameter = measures.findIndex(({ name }) => name === 'equivalent_diameter');
  const series = sets.map(({ name, values }, set) => {
    const own = rows.filter((row) => row.set === set).map(({ index }) => index);
    const weights = byVolume ? own.map((index) => values[diameter][index] ** 3) : undefined;
    return { name, values: own.map((index) => values[measure][index]), ...(weights === undefined ? {} : { weights }) };
  });
  const isShare = byVolume || sets.length > 1;
  const label = withUnit(title, unit);
  const weighing = byVolume ? 'by volume' : 'by number';
  const heading = `${title[0].toUpperCase()}${title.slice(1)}`;
  return {
    histogram: histogram({
      title: `${heading}, ${weighing}`,
      x: { label, log: isLog },
      y: { label: !isShare ? 'particles' : byVolume ? 'share of volume (%)' : 'share of particles (%)' },
      series,
      share: isShare,
    }),
    cumulative: lineChart({
      title: `Cumulative, ${weighing}`,
      x: { label, log: isLog },
      y: { label: 'smaller than (%)' },
      series: series.map(({ name, values, weights }) => ({ name, points: cumulative(values, weights) })),
    }),
  };
}

/** The cumulative distribution in percent, each value at the middle of its own step; a part of the points where many. */
export function cumulative(values: readonly number[], weights?: readonly number[]): [x: number, y: number][] {
  const weightOf = (index: number): number => weights?.[index] ?? 1;
  const order = values.map((_, index) => index).sort((a, b) => values[a] - values[b]);
  const whole = order.reduce((sum, index) => sum + weightOf(index), 0);
  const points: [number, number][] = [];
  let [below, last] = [0, -Infinity];
  order.forEach((index, rank) => {
    const share = (100 * (below + weightOf(index) / 2)) / whole;
    below += weightOf(index);
    if (share - last >= 100 / CURVE_POINTS || rank === order.length - 1) {
      points.push([values[index], share]);
      last = share;
    }
  });
  return points;
}
