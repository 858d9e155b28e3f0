import type { CurvesView } from './curves_chart';

/** What a reader chose: kept in the page's address, so that it outlasts a reload. */
export interface CurvesChoice {
  readonly smoothing: number;
  readonly isLogarithmic: boolean;
  readonly reloads: boolean;
  /** Null: all steps, those too that come later. */
  readonly range: { readonly from: number; readonly to: number } | null;
}

export const DEFAULT_CHOICE: CurvesChoice = { smoothing: 0.6, isLogarithmic: false, reloads: false, range: null };

const LARGEST_SMOOTHING = 0.99;

/** The choice as the part of an address after #. */
export function choiceText({ smoothing, isLogarithmic, reloads, range }: CurvesChoice): string {
  const fields = {
    smoothing: String(smoothing),
    ...(isLogarithmic ? { log: '1' } : {}),
    ...(reloads ? { reload: '1' } : {}),
    ...(range === null ? {} : { from: String(range.from), to: String(range.to) }),
  };
  return new URLSearchParams(fields).toString();
}

/** The choice of an address, whatever that holds: what is missing or senseless is as by default. */
export function readChoice(text: string): CurvesChoice {
  const fields = new URLSearchParams(text);
  const number = (name: string): number => Number.parseFloat(fields.get(name) ?? '');
  const [smoothing, from, to] = [number('smoothing'), number('from'), number('to')];
  return {
    smoothing: smoothing >= 0 && smoothing <= LARGEST_SMOOTHING ? smoothing : DEFAULT_CHOICE.smoothing,
    isLogarithmic: fields.get('log') === '1',
    reloads: fields.get('reload') === '1',
    range: from >= 0 && to > from && Number.isFinite(to) ? { from, to } : null,
  };
}

/** @param last the last step that there is, from 1 on */
export function viewOf({ smoothing, isLogarithmic, range }: CurvesChoice, last: number): CurvesView {
  return { smoothing, isLogarithmic, from: range?.from ?? 0, to: range?.to ?? last };
}
