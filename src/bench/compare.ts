import type { ModelResult } from './measure';

/**
 * How far the tensor of that name is apart in two results, in words and as a number: the largest difference of two values
 * over the largest value.
 */
export function compareTensors(name: string, ours: ModelResult, theirs: ModelResult): string {
  const [a, b] = [ours[name], theirs[name]];
  if (a.length !== b.length) {
    return `${a.length} values of ${name} against ${b.length}`;
  }
  const difference = largest(a.length, (i) => Math.abs(a[i] - b[i]));
  return `${name} differ by ${(difference / largest(b.length, (i) => Math.abs(b[i]))).toExponential(1)} of the largest`;
}

/**
 * How far two lists of detections (`boxes` [D, 4], `scores` [D], `labels` [D], by descending score) are apart: how many
 * have a partner of the same label whose score is within 0.01 and whose corners are within a pixel, and the largest
 * differences between partners.
 */
export function compareDetections(ours: ModelResult, theirs: ModelResult): string {
  const free = new Set(Array.from({ length: theirs.scores.length }, (_, i) => i));
  let [pairs, score, corner] = [0, 0, 0];
  for (let i = 0; i < ours.scores.length; i++) {
    const distances = [...free].map((j) => ({
      j,
      score: Math.abs(ours.scores[i] - theirs.scores[j]),
      corner: largest(4, (k) => Math.abs(ours.boxes[i * 4 + k] - theirs.boxes[j * 4 + k])),
    }));
    const partner = distances
      .filter((d) => ours.labels[i] === theirs.labels[d.j] && d.score <= 0.01 && d.corner <= 1)
      .sort((a, b) => a.corner - b.corner)
      .at(0);
    if (partner !== undefined) {
      free.delete(partner.j);
      pairs++;
      score = Math.max(score, partner.score);
      corner = Math.max(corner, partner.corner);
    }
  }
  return (
    `${pairs} of ${ours.scores.length} detections agree with one of its ${theirs.scores.length}: ` +
    `scores to ${score.toExponential(1)}, corners to ${corner.toExponential(1)} px`
  );
}

/** How far the losses of two first steps are apart: the largest difference over the larger one of each loss. */
export function compareLosses(ours: ModelResult, theirs: ModelResult): string {
  const names = Object.keys(ours);
  const sum = (result: ModelResult): number => names.reduce((total, name) => total + (result[name]?.[0] ?? NaN), 0);
  const difference = largest(names.length, (i) => {
    const [a, b] = [ours, theirs].map((result) => result[names[i]]?.[0] ?? NaN);
    return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), Number.MIN_VALUE);
  });
  return (
    `losses of the first step differ by ${difference.toExponential(1)} of each at most; ` +
    `their sum is ${sum(ours).toFixed(4)} against ${sum(theirs).toFixed(4)}`
  );
}

/** NaN where any of the values is. */
function largest(count: number, value: (i: number) => number): number {
  let most = 0;
  for (let i = 0; i < count; i++) {
    most = Math.max(most, value(i));
  }
  return most;
}
