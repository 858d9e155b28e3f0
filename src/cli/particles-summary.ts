import { leftOutReasons, type NamedSet } from '../data/particle_files';
import type { ParticleMeasure, Scale } from '../eval/particle_measures';
import { SUMMARISED_MEASURES, unitOf } from '../eval/particle_measures';
import type { MeasureComparison } from '../eval/particles';
import { summariseParticles } from '../eval/particles';
import { textTable } from '../text_table';

/** What most people ask for first. */
const SHOWN = ['equivalent_diameter', 'feret_max', 'feret_min', 'aspect_ratio', 'circularity', 'solidity'];
const shownMeasures = SUMMARISED_MEASURES.map((measure, index) => ({ measure, index })).filter(({ measure }) =>
  SHOWN.includes(measure.name),
);

/** The tables that the command prints. */
export function describeParticles(
  sets: readonly NamedSet[],
  scale: Scale,
  comparison: readonly MeasureComparison[] | undefined,
): string {
  const parts = sets.map((set) => describeSet(set, scale));
  if (comparison !== undefined) {
    parts.push(describeComparison(comparison, sets, scale));
  }
  if (scale.unit === 'px') {
    parts.push('lengths are in pixels: --um-per-px gives micrometres');
  }
  return parts.join('\n\n');
}

function describeSet(set: NamedSet, scale: Scale): string {
  const { measures } = summariseParticles(set.particles, scale);
  const rows = shownMeasures.map(({ measure, index }) => {
    const { mean, standardDeviation, byNumber, byVolume } = measures[index];
    const values = [mean, standardDeviation, byNumber.d10, byNumber.d50, byNumber.d90, byVolume.d50];
    return [titleOf(measure, scale), ...values.map(shown)];
  });
  const head = ['', 'mean', 'deviation', 'D10', 'D50', 'D90', 'D50 by volume'];
  const left = leftOutReasons(set.left).map(([number, words]) => `${number} ${words}`);
  const leftText = left.length > 0 ? `; left out: ${left.join(', ')}` : '';
  const title = `${set.name}: ${count(set.particles.length, 'particle')} in ${count(set.images.length, 'image')}${leftText}`;
  return `${title}\n${indented(head, rows)}`;
}

function describeComparison(
  comparison: readonly MeasureComparison[],
  [first, second]: readonly NamedSet[],
  scale: Scale,
): string {
  const rows = shownMeasures.map(({ measure, index }) => {
    const { means, medians, test } = comparison[index];
    return [
      titleOf(measure, scale),
      ...[means.first, means.second].map(shown),
      percent(means.ratio),
      percent(medians.ratio),
      shown(test?.ksDistance ?? null),
      test === null ? '-' : test.ksPValue < 0.001 ? '<0.001' : test.ksPValue.toFixed(3),
    ];
  });
  const head = ['', `mean, ${first.name}`, second.name, 'change', 'of median', 'KS distance', 'p'];
  return `${second.name} against ${first.name}\n${indented(head, rows)}`;
}

function titleOf(measure: ParticleMeasure, scale: Scale): string {
  const unit = unitOf(measure, scale);
  return unit === '' ? measure.title : `${measure.title} (${unit})`;
}

function indented(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return textTable(head, rows)
    .map((line) => `  ${line}`)
    .join('\n');
}

function count(value: number, name: string): string {
  return `${value} ${name}${value === 1 ? '' : 's'}`;
}

function shown(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)));
}

/** A ratio as a change: "+12.3 %". */
function percent(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio >= 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(1)} %`;
}
