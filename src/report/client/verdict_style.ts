import type { Verdict } from '../../eval/match_at_threshold';
import type { ViewerObject } from './image_viewer';

export interface VerdictStyle extends Pick<ViewerObject, 'dash' | 'width' | 'fill'> {
  readonly colour: string;
  /** What the reader is told. */
  readonly name: string;
}

/** Colours of Okabe and Ito (https://jfly.uni-koeln.de/color/), with a line of its own for each, so that none needs colour alone. */
export const VERDICT_STYLES: Readonly<Record<Verdict, VerdictStyle>> = {
  found: { name: 'found', colour: '#56b4e9' },
  missed: { name: 'missed', colour: '#f0e442', dash: [6, 4], width: 2.2, fill: 0.18 },
  false: { name: 'false find', colour: '#d55e00', width: 2.6, fill: 0.22 },
  ignored: { name: 'ignored (crowd)', colour: '#c8ccd0', dash: [1.5, 4], width: 1.8 },
};

export const VERDICTS = Object.keys(VERDICT_STYLES) as Verdict[];
