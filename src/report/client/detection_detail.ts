import type { Verdict } from '../../eval/match_at_threshold';
import { pictureId, type DetectionData, type DetectionPicture } from '../detection_data';
import type { ImageState } from './detection_state';
import { byId, create, readData } from './dom';
import { ImageViewer, type ViewerObject } from './image_viewer';
import { Table, type Column } from './table';
import { VERDICTS, VERDICT_STYLES } from './verdict_style';

const ERRORS_FIRST: readonly Verdict[] = ['missed', 'false', 'found', 'ignored'];

/** An object with the detection that found it, an object alone (missed), or a detection alone (false). */
interface PairRow {
  readonly verdict: Verdict;
  /** Indices, -1 for none. */
  readonly object: number;
  readonly detection: number;
  readonly className: string;
  readonly score: number | null;
  readonly iou: number | null;
  /** Square pixels: the object's, where there is one. */
  readonly area: number;
}

/** One image: ground truth beside predictions, and a list of its objects; what is chosen in one is marked in all. */
export class DetectionDetail {
  private readonly hidden = new Set<Verdict>();
  private readonly objectsViewer = new ImageViewer({
    label: 'Ground truth: the table below lists the objects',
    onSelect: (id) => {
      this.choose(this.rows.find(({ object }) => object === id));
    },
  });
  private readonly detectionsViewer = new ImageViewer({
    label: 'Predictions: the table below lists the objects',
    onSelect: (id) => {
      this.choose(this.rows.find(({ detection }) => detection === id));
    },
  });
  private readonly table: Table<PairRow>;
  private rows: readonly PairRow[] = [];
  private picture: DetectionPicture | null = null;
  private state: ImageState | null = null;

  /** @param move shows the image so many rows further down */
  constructor(
    private readonly data: DetectionData,
    move: (step: number) => void,
  ) {
    this.table = new Table<PairRow>({
      label: 'Objects of this image',
      unit: 'objects',
      height: 320,
      rows: [],
      sort: { column: 0, descending: false },
      columns: columns(data.categories.length > 1),
      onSelect: (row) => {
        this.mark(row);
      },
    });
    this.objectsViewer.link(this.detectionsViewer);
    byId('objects-viewer', HTMLElement).append(this.objectsViewer.element);
    byId('detections-viewer', HTMLElement).append(this.detectionsViewer.element);
    byId('objects', HTMLElement).append(this.table.element);
    byId('legend', HTMLElement).append(...VERDICTS.map((verdict) => this.toggle(verdict)), this.brightness());
    for (const [id, step] of [
      ['previous', -1],
      ['next', 1],
    ] as const) {
      byId(id, HTMLButtonElement).addEventListener('click', () => {
        move(step);
      });
    }
  }

  /** Shows another image. */
  show(state: ImageState): void {
    const { image, index } = state;
    const isIncluded = image.thumbnail !== undefined;
    this.picture = isIncluded ? readData<DetectionPicture>(pictureId(index)) : null;
    byId('image-name', HTMLElement).textContent = image.name;
    byId('left-out', HTMLElement).hidden = isIncluded;
    byId('pair', HTMLElement).hidden = !isIncluded;
    for (const viewer of [this.objectsViewer, this.detectionsViewer]) {
      viewer.setImage({ width: image.width, height: image.height, uri: this.picture?.uri });
    }
    this.table.select(null);
    this.update(state);
  }

  /** The same image at other thresholds. */
  update(state: ImageState): void {
    const { counts, verdicts } = state;
    this.state = state;
    this.rows = this.pairRows(state);
    this.table.setRows(this.rows);
    byId('objects-note', HTMLElement).textContent =
      `${counts.truePositives + counts.falseNegatives} objects, ${counts.falseNegatives} missed`;
    byId('detections-note', HTMLElement).textContent =
      `${verdicts.detections.length} predictions, ${counts.falsePositives} false`;
    this.table.select(null);
    this.drawObjects();
    this.mark(undefined);
  }

  private pairRows({ image, matches, verdicts }: ImageState): PairRow[] {
    const { objects, detections, overlaps } = image.match;
    const nameOf = (category: number): string => this.data.categories[category]?.name ?? '';
    const rows = verdicts.detections.map((verdict, detection): PairRow => {
      const object = matches[detection];
      const pairs = overlaps.objects.slice(overlaps.starts[detection], overlaps.starts[detection + 1]);
      return {
        verdict,
        object,
        detection,
        className: nameOf(detections.categories[detection]),
        score: detections.scores[detection],
        iou: object < 0 ? null : overlaps.ious[overlaps.starts[detection] + pairs.indexOf(object)],
        area: object < 0 ? detections.areas[detection] : objects.areas[object],
      };
    });
    const matched = new Set(rows.map(({ object }) => object));
    verdicts.objects.forEach((verdict, object) => {
      if (!matched.has(object)) {
        const [className, area] = [nameOf(objects.categories[object]), objects.areas[object]];
        rows.push({ verdict, object, detection: -1, className, score: null, iou: null, area });
      }
    });
    return rows;
  }

  private drawObjects(): void {
    if (this.picture === null || this.state === null) {
      return;
    }
    const { objects, detections } = this.state.verdicts;
    const rowOfObject = new Map(this.rows.map((row) => [row.object, row]));
    const rowOfDetection = new Map(this.rows.map((row) => [row.detection, row]));
    this.objectsViewer.setObjects(this.drawn(objects, this.picture.objects, rowOfObject));
    this.detectionsViewer.setObjects(this.drawn(detections, this.picture.detections, rowOfDetection));
  }

  private drawn(
    verdicts: readonly Verdict[],
    rings: DetectionPicture['objects'],
    rows: ReadonlyMap<number, PairRow>,
  ): ViewerObject[] {
    const objects = verdicts.flatMap((verdict, id) => {
      const { name: _, ...style } = VERDICT_STYLES[verdict];
      const row = rows.get(id);
      const object = { id, rings: rings[id], ...style, tip: row === undefined ? undefined : tipOf(row) };
      return this.hidden.has(verdict) ? [] : [{ verdict, object }];
    });
    // errors over what is right
    const rank = (verdict: Verdict): number => Number(verdict === 'missed' || verdict === 'false');
    return objects.sort((a, b) => rank(a.verdict) - rank(b.verdict)).map(({ object }) => object);
  }

  private choose(row: PairRow | undefined): void {
    this.table.select(row ?? null);
    this.mark(row);
  }

  private mark(row: PairRow | undefined): void {
    for (const [viewer, id] of [
      [this.objectsViewer, row?.object ?? -1],
      [this.detectionsViewer, row?.detection ?? -1],
    ] as const) {
      viewer.highlight(id < 0 ? [] : [id]);
      viewer.reveal(id);
    }
  }

  private toggle(verdict: Verdict): HTMLElement {
    const box = create('input', { type: 'checkbox', checked: '' });
    box.addEventListener('change', () => {
      if (box.checked) {
        this.hidden.delete(verdict);
      } else {
        this.hidden.add(verdict);
      }
      this.drawObjects();
    });
    return create('label', {}, box, swatch(verdict), VERDICT_STYLES[verdict].name);
  }

  private brightness(): HTMLElement {
    const slider = create('input', { type: 'range', min: '0.5', max: '6', step: '0.1', value: '1' });
    slider.addEventListener('input', () => {
      for (const viewer of [this.objectsViewer, this.detectionsViewer]) {
        viewer.setBrightness(Number(slider.value));
      }
    });
    return create('label', {}, 'Brightness ', slider);
  }
}

function columns(withClass: boolean): Column<PairRow>[] {
  const className: Column<PairRow> = { title: 'Class', kind: 'text', width: 20, value: (row) => row.className };
  return [
    {
      title: 'Result',
      kind: 'text',
      width: 20,
      value: ({ verdict }) => ERRORS_FIRST.indexOf(verdict),
      text: ({ verdict }) => VERDICT_STYLES[verdict].name,
      cell: ({ verdict }) => create('span', {}, swatch(verdict), VERDICT_STYLES[verdict].name),
    },
    ...(withClass ? [className] : []),
    { title: 'Score', kind: 'number', width: 14, value: ({ score }) => score, text: ({ score }) => fixed(score) },
    { title: 'IoU', kind: 'number', width: 14, value: ({ iou }) => iou, text: ({ iou }) => fixed(iou) },
    { title: 'Area (px²)', kind: 'number', width: 16, value: ({ area }) => area, text: ({ area }) => whole(area) },
  ];
}

function swatch(verdict: Verdict): HTMLElement {
  const { colour } = VERDICT_STYLES[verdict];
  return create('span', { class: `swatch ${verdict}`, style: `border-color:${colour}` });
}

function tipOf({ verdict, className, score, iou, area }: PairRow): string {
  const lines = [`${className}: ${VERDICT_STYLES[verdict].name}`];
  if (score !== null) {
    lines.push(`score ${fixed(score)}`);
  }
  if (iou !== null) {
    lines.push(`IoU ${fixed(iou)}`);
  }
  return [...lines, `${whole(area)} px²`].join('\n');
}

function fixed(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
