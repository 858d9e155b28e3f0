/**
 * Leaves out points of a closed ring as Douglas and Peucker do: those that remain are as they were, and no point lies
 * farther than `tolerance` from the line that replaces it. Without fixed points the ring is cut at its first point and
 * the point farthest from that one. The result may cross itself where the ring is narrower than the tolerance.
 *
 * @param xy x0, y0, x1, y1, …
 * @param tolerance in the unit of the points
 * @param fixed indices of points that stay, ascending
 * @returns the ring itself where fewer than 3 points would remain
 */
export function simplifyRing(xy: number[], tolerance: number, fixed: readonly number[] = []): number[] {
  const count = xy.length / 2;
  const ends = fixed.length > 0 ? fixed : [0, farthestFromFirst(xy)];
  const kept = new Uint8Array(count);
  ends.forEach((end, i) => {
    const to = i + 1 < ends.length ? ends[i + 1] : ends[0] + count;
    keepChain(xy, end, to, tolerance, kept);
  });
  const simplified: number[] = [];
  for (let i = 0; i < count; i++) {
    if (kept[i] === 1) {
      simplified.push(xy[2 * i], xy[2 * i + 1]);
    }
  }
  return simplified.length < 6 ? xy : simplified;
}

function farthestFromFirst(xy: readonly number[]): number {
  let [farthest, most] = [0, -1];
  for (let i = 0; i < xy.length / 2; i++) {
    const distance = Math.hypot(xy[2 * i] - xy[0], xy[2 * i + 1] - xy[1]);
    if (distance > most) {
      [farthest, most] = [i, distance];
    }
  }
  return farthest;
}

/** Marks what remains from the point `from` to the point `to`, both included; indices count on past the ring's end. */
function keepChain(xy: readonly number[], from: number, to: number, tolerance: number, kept: Uint8Array): void {
  const count = xy.length / 2;
  const open: [number, number][] = [[from, to]];
  kept[from % count] = 1;
  kept[to % count] = 1;
  for (let chain = open.pop(); chain !== undefined; chain = open.pop()) {
    const [a, b] = chain;
    let [farthest, most] = [-1, tolerance];
    for (let i = a + 1; i < b; i++) {
      const distance = distanceToSegment(xy, i % count, a % count, b % count);
      if (distance > most) {
        [farthest, most] = [i, distance];
      }
    }
    if (farthest >= 0) {
      kept[farthest % count] = 1;
      open.push([a, farthest], [farthest, b]);
    }
  }
}

function distanceToSegment(xy: readonly number[], point: number, a: number, b: number): number {
  const [dx, dy] = [xy[2 * b] - xy[2 * a], xy[2 * b + 1] - xy[2 * a + 1]];
  const [px, py] = [xy[2 * point] - xy[2 * a], xy[2 * point + 1] - xy[2 * a + 1]];
  const squared = dx * dx + dy * dy;
  const t = squared === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / squared, 0), 1);
  return Math.hypot(px - t * dx, py - t * dy);
}
