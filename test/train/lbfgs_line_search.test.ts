import { expect, test } from 'vitest';
import { strongWolfe, type LinePoint } from '../../src/train/lbfgs_line_search';
import { fixtures } from '../helpers/fixtures';

interface Case extends LinePoint {
  readonly coefficients: readonly number[];
  readonly ripple: number;
  readonly frequency: number;
  readonly kinks: readonly (readonly [at: number, weight: number])[];
  readonly firstStep: number;
  readonly evaluations: number;
}

function pointOf({ coefficients, ripple, frequency, kinks }: Case, step: number): LinePoint {
  const angle = frequency * step + 1;
  let [value, slope] = [ripple * Math.cos(angle), -ripple * frequency * Math.sin(angle)];
  coefficients.forEach((coefficient, i) => {
    value += coefficient * step ** i;
    slope += i === 0 ? 0 : coefficient * i * step ** (i - 1);
  });
  for (const [at, weight] of kinks.filter(([kink]) => step > kink)) {
    value += weight * (step - at);
    slope += weight;
  }
  return { step, value, slope };
}

test.each(fixtures<Case>('line_search').map((c) => [c.name, c.attributes] as const))(
  'the step that torch finds: %s',
  async (_, found) => {
    const evaluate = (step: number): Promise<LinePoint> => Promise.resolve(pointOf(found, step));
    const { point, evaluations } = await strongWolfe(evaluate, pointOf(found, 0), found.firstStep, 1);
    expect(evaluations).toBe(found.evaluations);
    expect(Math.abs(point.step - found.step)).toBeLessThanOrEqual(1e-7 * found.step);
    expect(Math.abs(point.value - found.value)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(found.value)));
  },
);
