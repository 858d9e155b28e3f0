/** Single-character edits (insert, delete, replace, swap of neighbours) from one word to the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/** The known word that a mistyped one was meant to be, or null where none is alike. */
export function nearest(word: string, known: readonly string[]): string | null {
  const typed = word.slice(0, 100).toLowerCase();
  const distances = known.map((candidate) => ({ candidate, distance: editDistance(typed, candidate.toLowerCase()) }));
  distances.sort((a, b) => a.distance - b.distance);
  const best = distances.at(0);
  if (best === undefined) {
    return null;
  }
  const alike = best.distance <= Math.max(2, typed.length / 2) || (typed.length > 3 && best.candidate.includes(typed));
  return alike ? best.candidate : null;
}
