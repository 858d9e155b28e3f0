import { boxIou, rleArea, rleFromCoco, rleIou, type CocoRle, type Rle, type XywhBox } from './rle';

/** A detection as `Detector` gives it. */
export interface Detection {
  /** x1, y1, x2, y2 in pixels. */
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  readonly label: number;
  readonly mask: CocoRle;
}

/** What two detections must share to count as the same. */
export interface MatchBounds {
  /** Only detections with at least this score must be matched; their partners may have any score. */
  readonly minScore: number;
  readonly boxIou: number;
  readonly scoreDifference: number;
  readonly maskIou: number;
}

/** Detections that had to be matched, and those that were. */
export interface MatchCount {
  readonly asked: number;
  readonly matched: number;
}

/** Of each of the two lists, against the other. */
export interface DetectionMatch {
  readonly first: MatchCount;
  readonly second: MatchCount;
}

/** The same model on the same image, computed twice in f32 by different programs. */
export const SAME_DETECTIONS: MatchBounds = { minScore: 0.1, boxIou: 0.98, scoreDifference: 0.01, maskIou: 0.97 };

/**
 * Matches the detections of two programs on one image, both ways round: each detection of one side to at most one of the
 * other side of the same label, as many as can be (maximum bipartite matching by augmenting paths, Kuhn 1955).
 * @throws InputError where a mask is not valid RLE, or masks that are to be compared have different sizes
 */
export function matchDetections(
  first: readonly Detection[],
  second: readonly Detection[],
  bounds: MatchBounds = SAME_DETECTIONS,
): DetectionMatch {
  const [a, b] = [first.map(prepare), second.map(prepare)];
  return { first: matchOneWay(a, b, bounds), second: matchOneWay(b, a, bounds) };
}

/** Sums of the counts of several images. */
export function sumMatches(matches: readonly DetectionMatch[]): DetectionMatch {
  const side = (name: 'first' | 'second'): MatchCount => ({
    asked: matches.reduce((sum, match) => sum + match[name].asked, 0),
    matched: matches.reduce((sum, match) => sum + match[name].matched, 0),
  });
  return { first: side('first'), second: side('second') };
}

/** matched / asked; 1 where nothing was asked for. */
export function matchedShare({ asked, matched }: MatchCount): number {
  return asked === 0 ? 1 : matched / asked;
}

interface Prepared {
  readonly box: XywhBox;
  readonly score: number;
  readonly label: number;
  readonly rle: Rle;
}

function prepare({ box: [x1, y1, x2, y2], score, label, mask }: Detection): Prepared {
  return { box: [x1, y1, x2 - x1, y2 - y1], score, label, rle: rleFromCoco(mask) };
}

function matchOneWay(from: readonly Prepared[], to: readonly Prepared[], bounds: MatchBounds): MatchCount {
  const asked = from.filter(({ score }) => score >= bounds.minScore);
  const partners = asked.map((detection) =>
    [...to.keys()].filter((candidate) => isSame(detection, to[candidate], bounds)),
  );
  const takenBy = new Map<number, number>();
  const assign = (detection: number, tried: Set<number>): boolean => {
    for (const candidate of partners[detection]) {
      if (tried.has(candidate)) {
        continue;
      }
      tried.add(candidate);
      const holder = takenBy.get(candidate);
      if (holder === undefined || assign(holder, tried)) {
        takenBy.set(candidate, detection);
        return true;
      }
    }
    return false;
  };
  const matched = partners.filter((_, detection) => assign(detection, new Set())).length;
  return { asked: asked.length, matched };
}

/** Written so that a NaN anywhere is no match. */
function isSame(a: Prepared, b: Prepared, bounds: MatchBounds): boolean {
  return (
    a.label === b.label &&
    Math.abs(a.score - b.score) <= bounds.scoreDifference &&
    boxIou([a.box], [b.box], [false])[0] >= bounds.boxIou &&
    maskIou(a.rle, b.rle) >= bounds.maskIou
  );
}

/** Two empty masks are equal. */
function maskIou(a: Rle, b: Rle): number {
  const [iou] = rleIou([a], [b], [false]);
  return rleArea(a) === 0 && rleArea(b) === 0 ? 1 : iou;
}
