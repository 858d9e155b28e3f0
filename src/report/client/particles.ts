import type { ParticlesData } from '../particles_data';
import { byId, create, readData } from './dom';
import { distributionCharts } from './particle_charts';
import { columnsOf } from './particle_columns';
import { rowsOf, shortNumber, withUnit, type Row } from './particle_rows';
import { SetViewer } from './set_viewer';
import { Table } from './table';
import { outlineColour, outlineGradient } from './viridis';

const data = readData<ParticlesData>('particles');
const { sets, measures } = data;
const rowsBySet = rowsOf(sets);
const rows = rowsBySet.flat();

/** A choice among the measures. */
function measureSelect(id: string, chosen: string): HTMLSelectElement {
  const select = byId(id, HTMLSelectElement);
  measures.forEach(({ name, title, unit }, index) => {
    select.append(create('option', { value: String(index), text: withUnit(title, unit) }));
    if (name === chosen) {
      select.value = String(index);
    }
  });
  return select;
}

const measureChoice = measureSelect('measure', 'equivalent_diameter');
const colourChoice = measureSelect('colour-by', 'circularity');
const weighing = byId('weighing', HTMLSelectElement);
const logAxis = byId('log-axis', HTMLInputElement);
const onlyShown = byId('only-shown', HTMLInputElement);

function drawCharts(shown: readonly Row[]): void {
  const charts = distributionCharts(data, shown, {
    measure: Number(measureChoice.value),
    byVolume: weighing.value === 'volume',
    isLog: logAxis.checked,
  });
  byId('histogram', HTMLElement).innerHTML = charts.histogram;
  byId('cumulative', HTMLElement).innerHTML = charts.cumulative;
  byId('charted', HTMLElement).textContent =
    shown.length === rows.length
      ? ''
      : `${shown.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')} particles: those that pass the table's filters.`;
}

/** What the ends of the colour scale stand for: the middle 96 % of all particles, so that few do not set it alone. */
let colourRange: readonly [low: number, high: number] = [0, 1];

function setColourRange(): void {
  const measure = Number(colourChoice.value);
  const sorted = Float64Array.from(sets.flatMap(({ values }) => values[measure])).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  colourRange = [at(0.02), at(0.98)];
  const [low, high] = colourRange;
  byId('scale-low', HTMLElement).textContent = `≤ ${shortNumber(low)}`;
  byId('scale-middle', HTMLElement).textContent = shortNumber((low + high) / 2);
  byId('scale-high', HTMLElement).textContent = `≥ ${shortNumber(high)}`;
}

function colourOf(set: number, index: number): string {
  const [low, high] = colourRange;
  const value = sets[set].values[Number(colourChoice.value)][index];
  return outlineColour(high > low ? (value - low) / (high - low) : 0.5);
}

const TIP_MEASURES = ['equivalent_diameter', 'aspect_ratio', 'circularity', 'solidity'];

function tipOf(set: number, index: number): string {
  const coloured = measures[Number(colourChoice.value)].name;
  const lines = measures.flatMap(({ name, title, unit }, measure) =>
    name === coloured || TIP_MEASURES.includes(name)
      ? [`${title}: ${shortNumber(sets[set].values[measure][index])}${unit === '' ? '' : ` ${unit}`}`]
      : [],
  );
  return [`no. ${sets[set].number[index]}`, ...lines].join('\n');
}

let passing: ReadonlySet<Row> = new Set(rows);

function select(row: Row | null): void {
  table.select(row);
  viewers.forEach((viewer, set) => {
    viewer.highlight(row?.set === set ? row.index : null);
  });
}

byId('scale', HTMLElement).style.background = outlineGradient();
setColourRange();

const viewers = sets.map(
  (set, number) =>
    new SetViewer({
      set: number,
      data: set,
      ...(sets.length > 1 ? { heading: set.name } : {}),
      colour: (index) => colourOf(number, index),
      tip: (index) => tipOf(number, index),
      passes: (index) => passing.has(rowsBySet[number][index]),
      onSelect: (index) => {
        select(index === null ? null : rowsBySet[number][index]);
      },
      onImage: (name) => {
        select(null);
        // two sets of the same images are looked at side by side
        viewers.forEach((viewer) => {
          viewer.showNamed(name);
        });
        if (onlyShown.checked) {
          chooseRows();
        }
      },
      height: sets.length > 1 ? 460 : 620,
    }),
);
byId('viewers', HTMLElement).append(...viewers.map(({ element }) => element));

const table = new Table<Row>({
  label: 'Particles',
  columns: columnsOf(data),
  rows,
  unit: 'particles',
  height: sets.length > 1 ? 420 : 660,
  onSelect: select,
  onChange: (shown) => {
    passing = new Set(shown);
    drawCharts(shown);
    viewers.forEach((viewer) => {
      viewer.update();
    });
  },
});
byId('table', HTMLElement).append(table.element);

/** All particles, or those of the images in sight. */
function chooseRows(): void {
  const current = viewers.map((viewer) => viewer.current);
  table.setRows(onlyShown.checked ? rows.filter(({ set, index }) => sets[set].image[index] === current[set]) : rows);
}

onlyShown.addEventListener('change', chooseRows);
for (const control of [measureChoice, weighing, logAxis]) {
  control.addEventListener('change', () => {
    drawCharts(table.visibleRows);
  });
}
colourChoice.addEventListener('change', () => {
  setColourRange();
  viewers.forEach((viewer) => {
    viewer.update();
  });
});
byId('brightness', HTMLInputElement).addEventListener('input', ({ target }) => {
  viewers.forEach((viewer) => {
    viewer.setBrightness(Number((target as HTMLInputElement).value));
  });
});
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-measure]')) {
  button.addEventListener('click', () => {
    measureChoice.value = button.dataset.measure ?? '0';
    drawCharts(table.visibleRows);
    byId('distributions', HTMLElement).scrollIntoView({ behavior: 'smooth' });
  });
}
