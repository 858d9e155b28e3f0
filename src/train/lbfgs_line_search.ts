/** A point on a line: the step, the objective there and its derivative along the line. */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

/** As torch.optim.LBFGS has them. */
const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 25;
/** A bracket is small where it times the direction's largest magnitude is below. Not an option in torch either. */
const SMALLEST_BRACKET = 1e-9;

/**
 * A step that satisfies the strong Wolfe conditions, or the best one of those tried: bracketing and zoom with cubic
 * interpolation (Nocedal and Wright, "Numerical Optimization", 3.5), in the variant of torch.optim.LBFGS.
 * @param start at step 0, where the slope is negative
 * @param firstStep to try
 * @param scale the direction's largest magnitude
 * @returns the point chosen, and how many were evaluated
 */
export async function strongWolfe(
  evaluate: (step: number) => Promise<LinePoint>,
  start: LinePoint,
  firstStep: number,
  scale: number,
): Promise<{ point: LinePoint; evaluations: number }> {
  let evaluations = 1;
  let point = await evaluate(firstStep);
  const next = (step: number): Promise<LinePoint> => {
    evaluations++;
    return evaluate(step);
  };
  const tooHigh = (p: LinePoint): boolean => p.value > start.value + SUFFICIENT_DECREASE * p.step * start.slope;
  const flat = (p: LinePoint): boolean => Math.abs(p.slope) <= -CURVATURE * start.slope;

  let previous = start;
  let tried = 0;
  let bracket: [LinePoint, LinePoint] | undefined;
  for (; tried < MAX_EVALUATIONS; tried++) {
    if (tooHigh(point) || (tried > 1 && point.value >= previous.value)) {
      bracket = [previous, point];
      break;
    }
    if (flat(point)) {
      return { point, evaluations };
    }
    if (point.slope >= 0) {
      bracket = [previous, point];
      break;
    }
    const bounds = [point.step + 0.01 * (point.step - previous.step), point.step * 10] as const;
    const step = cubicMinimum(previous, point, bounds);
    previous = point;
    point = await next(step);
  }
  bracket ??= [start, point];

  let [low, high] = bracket[0].value <= bracket[1].value ? bracket : [bracket[1], bracket[0]];
  let stuck = false;
  while (tried < MAX_EVALUATIONS && Math.abs(high.step - low.step) * scale >= SMALLEST_BRACKET) {
    // the order that the points have in torch's bracket does not matter: the interpolation is symmetric
    const [from, to] = [Math.min(low.step, high.step), Math.max(low.step, high.step)];
    let step = cubicMinimum(low, high, [from, to]);
    const margin = 0.1 * (to - from);
    if (Math.min(to - step, step - from) < margin) {
      // close to an end for the second time, or at it: a tenth of the bracket away from it
      if (stuck || step >= to || step <= from) {
        step = Math.abs(step - to) < Math.abs(step - from) ? to - margin : from + margin;
        stuck = false;
      } else {
        stuck = true;
      }
    } else {
      stuck = false;
    }
    point = await next(step);
    tried++;
    if (tooHigh(point) || point.value >= low.value) {
      high = point;
      [low, high] = low.value <= high.value ? [low, high] : [high, low];
    } else {
      if (flat(point)) {
        low = point;
        break;
      }
      if (point.slope * (high.step - low.step) >= 0) {
        high = low;
      }
      low = point;
    }
  }
  return { point: low, evaluations };
}

/** Where the cubic through two points with these slopes has its minimum, within bounds; else the bounds' middle. */
function cubicMinimum(a: LinePoint, b: LinePoint, [lowest, highest]: readonly [number, number]): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) {
    return (lowest + highest) / 2;
  }
  const d2 = Math.sqrt(square);
  const [left, right] = a.step <= b.step ? [a, b] : [b, a];
  const at = right.step - (right.step - left.step) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
  return Math.min(Math.max(at, lowest), highest);
}
