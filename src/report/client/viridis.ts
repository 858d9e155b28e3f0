/** Matplotlib's viridis at ten places from 0 to 1: even in lightness, and safe for colour-blind readers. */
const VIRIDIS = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
] as const;

/** @param place 0 to 1; what lies beyond takes the colour of the end */
export function viridis(place: number): string {
  const position = Math.min(1, Math.max(0, place)) * (VIRIDIS.length - 1);
  const index = Math.min(VIRIDIS.length - 2, Math.floor(position));
  const part = position - index;
  const [from, to] = [VIRIDIS[index], VIRIDIS[index + 1]];
  return `rgb(${from.map((value, i) => Math.round(value + part * (to[i] - value))).join(' ')})`;
}

/** The scale begins here: what is darker does not show on dark images. */
const DARKEST = 0.2;
const STOPS = 10;

/** The colour of an outline, as `viridis` without its darkest fifth. */
export function outlineColour(place: number): string {
  return viridis(DARKEST + (1 - DARKEST) * Math.min(1, Math.max(0, place)));
}

/** The colours of outlines from left to right, as a CSS background. */
export function outlineGradient(): string {
  const stops = Array.from({ length: STOPS }, (_, i) => outlineColour(i / (STOPS - 1)));
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
