import { ratesOf, type Counts } from '../../eval/match_at_threshold';
import { lineChart } from '../chart';
import type { DetectionData } from '../detection_data';
import { DetectionDetail } from './detection_detail';
import { DetectionState, type ImageState } from './detection_state';
import { byId, create, readData } from './dom';
import { Table, type Column } from './table';

/* The page of `engine report`: thresholds at the top, and everything below follows them. */

const state = new DetectionState(readData<DetectionData>('report'));
const scoreInput = byId('score', HTMLInputElement);
const iouInput = byId('iou', HTMLInputElement);
const detail = new DetectionDetail(state.data, (step) => {
  move(step);
});

const SIZES = ['small', 'medium', 'large'];
/** COCO's bounds, in square pixels. */
const [SMALL, LARGE] = [32 ** 2, 96 ** 2];

const images = new Table<number>({
  label: 'Images',
  unit: 'images',
  rows: [...state.data.images.keys()],
  columns: imageColumns(),
  sort: { column: 7, descending: true },
  height: 300,
  rowHeight: 54,
  onSelect: (index) => {
    detail.show(state.images[index]);
  },
});

interface ClassRow {
  readonly name: string;
  readonly counts: Counts;
  readonly figures: DetectionData['categories'][number]['figures'];
}

const classes = new Table<ClassRow>({
  label: 'Classes',
  unit: 'classes',
  rows: classRows(),
  columns: classColumns(),
  sort: { column: 1, descending: true },
  height: 320,
});

function imageColumns(): Column<number>[] {
  const count = (title: string, value: (one: ImageState) => number, hint?: string): Column<number> => ({
    title,
    kind: 'number',
    hint,
    width: Math.max(13, title.length + 5),
    value: (index) => value(state.images[index]),
    text: (index) => value(state.images[index]).toLocaleString('en'),
  });
  return [
    {
      title: 'Image',
      kind: 'text',
      filter: false,
      width: 12,
      value: (index) => index,
      cell: (index) => {
        const { thumbnail } = state.data.images[index];
        return thumbnail === undefined
          ? create('span', { class: 'muted', text: 'left out' })
          : create('img', { class: 'thumbnail', src: thumbnail, alt: '' });
      },
    },
    { title: 'File', kind: 'text', value: (index) => state.data.images[index].name },
    count('Objects', ({ counts }) => counts.truePositives + counts.falseNegatives),
    count('Predictions', ({ verdicts }) => verdicts.detections.length, 'Predictions from the score threshold on'),
    count('Found', ({ counts }) => counts.truePositives, 'True positives'),
    count('Missed', ({ counts }) => counts.falseNegatives, 'False negatives'),
    count('False finds', ({ counts }) => counts.falsePositives, 'False positives'),
    count('Errors', ({ counts }) => counts.falseNegatives + counts.falsePositives, 'Missed and false finds'),
    {
      title: 'F1',
      kind: 'number',
      width: 13,
      value: (index) => ratesOf(state.images[index].counts).f1,
      text: (index) => decimals(ratesOf(state.images[index].counts).f1),
    },
  ];
}

function classRows(): ClassRow[] {
  const counts = state.grouped(state.data.categories.length, (category) => category);
  return state.data.categories.map(({ name, figures }, i) => ({ name, figures, counts: counts[i] }));
}

function classColumns(): Column<ClassRow>[] {
  const filter = state.data.categories.length > 10;
  const share = (title: string, value: (row: ClassRow) => number | null, hint?: string): Column<ClassRow> => ({
    title,
    kind: 'number',
    hint,
    width: Math.max(9, title.length + 5),
    value,
    text: (row) => decimals(value(row)),
    filter: false,
  });
  const count = (title: string, value: (row: ClassRow) => number, hint?: string): Column<ClassRow> => ({
    title,
    kind: 'number',
    hint,
    width: Math.max(11, title.length + 5),
    value,
    text: (row) => value(row).toLocaleString('en'),
    filter,
  });
  return [
    { title: 'Class', kind: 'text', value: ({ name }) => name, filter },
    count('Objects', ({ counts }) => counts.truePositives + counts.falseNegatives),
    count('Found', ({ counts }) => counts.truePositives, 'True positives'),
    count('Missed', ({ counts }) => counts.falseNegatives, 'False negatives'),
    count('False finds', ({ counts }) => counts.falsePositives, 'False positives'),
    share('Precision', ({ counts }) => ratesOf(counts).precision),
    share('Recall', ({ counts }) => ratesOf(counts).recall),
    ...['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl'].map((name) =>
      share(name, ({ figures }) => figures?.[name] ?? null, 'COCO figure: over all scores'),
    ),
  ];
}

function decimals(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

function showCounts(): void {
  const counts = state.total();
  const { precision, recall, f1 } = ratesOf(counts);
  const entries: [string, string, string, string][] = [
    ['found', 'Found', 'TP', counts.truePositives.toLocaleString('en')],
    ['missed', 'Missed', 'FN', counts.falseNegatives.toLocaleString('en')],
    ['false', 'False', 'FP', counts.falsePositives.toLocaleString('en')],
    ['precision', 'Precision', '', decimals(precision)],
    ['recall', 'Recall', '', decimals(recall)],
    ['f1', 'F1', '', decimals(f1)],
  ];
  byId('counts', HTMLElement).replaceChildren(
    ...entries.map(([key, name, abbreviation, text]) =>
      create(
        'div',
        {},
        create(
          'dt',
          {},
          name,
          ...(abbreviation === '' ? [] : [create('span', { class: 'abbreviation', text: ` (${abbreviation})` })]),
        ),
        create('dd', { text, 'data-count': key }),
      ),
    ),
  );
}

function showChart(): void {
  const curve = state.curve();
  const series = (['precision', 'recall', 'f1'] as const).map((name) => ({
    name: name === 'f1' ? 'F1' : name,
    points: curve.map(({ score, counts }) => [score, ratesOf(counts)[name] ?? NaN] as const),
  }));
  const f1 = ratesOf(state.total()).f1;
  // chart.ts writes all its texts escaped; these are its own and numbers
  byId('chart', HTMLElement).innerHTML = lineChart({
    title: `Precision, recall and F1 at IoU ${state.iou.toFixed(2)}`,
    x: { label: 'score threshold' },
    y: { label: 'share' },
    series,
    mark: f1 === null ? undefined : { x: state.score, y: f1, label: `F1 ${f1.toFixed(3)}` },
  });
}

function showSizes(): void {
  const groups = state.grouped(SIZES.length, (_, area) => (area < SMALL ? 0 : area < LARGE ? 1 : 2));
  const head = ['', 'objects', 'found', 'missed', 'false finds', 'recall'];
  byId('sizes', HTMLElement).replaceChildren(
    create(
      'div',
      { class: 'scroll-x' },
      create(
        'table',
        { class: 'plain' },
        create('thead', {}, create('tr', {}, ...head.map((text) => create('th', { scope: 'col', text })))),
        create(
          'tbody',
          {},
          ...groups.map((counts, i) => {
            const { truePositives: tp, falseNegatives: fn, falsePositives: fp } = counts;
            const cells = [tp + fn, tp, fn, fp].map((value) => value.toLocaleString('en'));
            return create(
              'tr',
              {},
              create('th', { scope: 'row', text: SIZES[i] }),
              ...[...cells, decimals(ratesOf(counts).recall)].map((text) => create('td', { text })),
            );
          }),
        ),
      ),
    ),
  );
}

/** To the image that is so many rows further down the table. */
function move(step: number): void {
  const rows = images.visibleRows;
  const place = images.selectedRow === null ? -1 : rows.indexOf(images.selectedRow);
  const next = rows[Math.min(rows.length - 1, Math.max(0, place + step))] as number | undefined;
  if (next !== undefined) {
    images.select(next);
    detail.show(state.images[next]);
  }
}

function showThresholds(): void {
  byId('score-value', HTMLElement).textContent = state.score.toFixed(2);
  byId('iou-value', HTMLElement).textContent = state.iou.toFixed(2);
}

function showAll(): void {
  showThresholds();
  showCounts();
  showChart();
  showSizes();
  classes.setRows(classRows());
  images.setRows([...state.data.images.keys()]);
  if (images.selectedRow !== null) {
    detail.update(state.images[images.selectedRow]);
  }
}

let pending = 0;

/** Once a frame is enough, however fast the slider moves. */
function showSoon(): void {
  showThresholds();
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(showAll);
}

function begin(): void {
  const [low, high] = state.data.scoreRange;
  Object.assign(scoreInput, { min: String(low), max: String(high), step: String((high - low) / 100) });
  scoreInput.value = String(state.score);
  iouInput.value = String(state.iou);
  scoreInput.addEventListener('input', () => {
    state.setScore(Number(scoreInput.value));
    showSoon();
  });
  iouInput.addEventListener('input', () => {
    state.setIou(Number(iouInput.value));
    showSoon();
  });
  byId('best', HTMLButtonElement).addEventListener('click', () => {
    state.setScore(state.bestScore());
    scoreInput.value = String(state.score);
    showSoon();
  });
  byId('images', HTMLElement).append(images.element);
  byId('classes', HTMLElement).append(classes.element);
  // of one class the figures above say it all
  byId('classes-card', HTMLElement).hidden = state.data.categories.length < 2;
  showAll();
  move(1);
}

begin();
