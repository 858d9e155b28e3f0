import type { CurvePoints } from './curve_points';

/** What the page of curves holds as data; the page's script reads it. */
export interface CurvesData {
  readonly charts: readonly CurvesChart[];
  /** While the run goes on: after so many seconds the page may be read anew. Null once it has ended. */
  readonly reloadSeconds: number | null;
}

export interface CurvesChart {
  readonly title: string;
  /** Label of the y axis, with its unit. */
  readonly label: string;
  /** Whether smoothing and the logarithmic axis are for it. */
  readonly isNoisy: boolean;
  readonly series: readonly CurvePoints[];
}
