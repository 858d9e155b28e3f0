/** Lines of a table: the first column (or the first few) to the left, the others to the right, two spaces between. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[], leftColumns = 1): string[] {
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row
      .map((cell, i) => (i === 0 ? '' : '  ') + (i < leftColumns ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join(''),
  );
}
