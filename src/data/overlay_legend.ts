import { drawText, textAdvance, textSize } from './bitmap_font';
import type { Canvas, Rgb } from './canvas';
import { fillRect } from './canvas';
import { shortCodes } from './overlay_labels';

/** What the legend needs of a detection. */
export interface LegendDetection {
  readonly categoryId: number;
  readonly score?: number;
}

export interface ClassGroup {
  readonly id: number;
  readonly name: string;
  /** Stands for the name where there is little room. */
  readonly code: string;
  readonly scores: readonly number[];
  readonly count: number;
}

const BAND: Rgb = [24, 26, 30];
const TITLE_INK: Rgb = [255, 255, 255];
const INK: Rgb = [225, 228, 232];
/** Between the classes. */
const SEPARATOR = '   ';

/** The classes that occur, the most frequent first. */
export function groupByClass(
  detections: readonly LegendDetection[],
  classNames: ReadonlyMap<number, string>,
): readonly ClassGroup[] {
  const groups = [...new Set(detections.map(({ categoryId }) => categoryId))]
    .map((id) => {
      const members = detections.filter(({ categoryId }) => categoryId === id);
      const scores = members.flatMap(({ score }) => (score === undefined ? [] : [score]));
      return { id, name: classNames.get(id) ?? `class ${id}`, count: members.length, scores };
    })
    .sort((a, b) => b.count - a.count || a.id - b.id);
  const codes = shortCodes(groups.map(({ name }) => name));
  return groups.map((group, i) => ({ ...group, code: codes[i] }));
}

/**
 * One line with the number of objects and, per class, number and score range.
 * @param codesInUse codes that labels use and that must be explained
 */
export function summaryLine(classes: readonly ClassGroup[], codesInUse: ReadonlySet<string>): string {
  const total = classes.reduce((sum, { count }) => sum + count, 0);
  const objects = `${total} ${total === 1 ? 'object' : 'objects'}`;
  if (classes.length === 1) {
    return `${objects}: ${classes[0].name}${scoreRange(classes[0].scores)}`;
  }
  const parts = classes.map(({ name, code, count, scores }) => {
    const codeText = codesInUse.has(code) ? ` [${code}]` : '';
    return `${count} ${name}${codeText}${scoreRange(scores)}`;
  });
  return [objects, ...parts].join(SEPARATOR);
}

/** Two decimals without the leading 0; only a score of exactly 1 shows as 1. */
export function scoreText(score: number): string {
  const hundredths = Math.min(Math.round(score * 100), score < 1 ? 99 : 100);
  return hundredths === 100 ? '1.0' : `.${String(hundredths).padStart(2, '0')}`;
}

/** The picture with a band of text below it, lines broken at the picture's width. */
export function withBand(picture: Canvas, lines: readonly string[]): Canvas {
  const scale = Math.max(2, Math.round(picture.width / 900));
  const margin = 5 * scale;
  const pitch = textSize('', scale).height + 3 * scale;
  const columns = Math.max(8, Math.floor((picture.width - 2 * margin) / textAdvance(scale)));
  const wrapped = lines.flatMap((line) => wrapLine(line, columns));
  const height = picture.height + wrapped.length * pitch + 2 * margin;
  const data = new Uint8Array(picture.width * height * 3);
  data.set(picture.data);
  const canvas = { width: picture.width, height, data };
  fillRect(canvas, 0, picture.height, picture.width, height - picture.height, BAND, 1);
  wrapped.forEach((line, i) => {
    drawText(canvas, margin, picture.height + margin + i * pitch, line, scale, i === 0 ? TITLE_INK : INK);
  });
  return canvas;
}

/** Lines of at most `columns` characters, broken between classes where it can be, else between words. */
export function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const between = rest.lastIndexOf(SEPARATOR, columns);
    const space = between > columns / 2 ? between : rest.lastIndexOf(' ', columns);
    const end = space > 0 ? space : columns;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

function scoreRange(scores: readonly number[]): string {
  if (scores.length === 0) {
    return '';
  }
  const low = scoreText(scores.reduce((a, b) => Math.min(a, b)));
  const high = scoreText(scores.reduce((a, b) => Math.max(a, b)));
  return low === high ? ` (score ${low})` : ` (scores ${low} to ${high})`;
}
