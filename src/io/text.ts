const longestShown = 120;

/** A name out of a file, quoted, escaped and cut short, so that a hostile one cannot garble the terminal. */
export function quoteName(name: string): string {
  const quoted = JSON.stringify(name.length > longestShown ? `${name.slice(0, longestShown)}…` : name);
  return quoted.replace(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** `[91,1024]`; long shapes are cut short. */
export function formatShape(shape: readonly number[]): string {
  return shape.length > 8 ? `[${shape.slice(0, 8).join(',')},…]` : `[${shape.join(',')}]`;
}

/** The first few of a list, with the count of the rest: `a, b, c and 4 more`. */
export function firstFew(items: readonly string[], shown = 5): string {
  const head = items.slice(0, shown).join(', ');
  return items.length > shown ? `${head} and ${items.length - shown} more` : head;
}
