import type { CurvesChart, CurvesData } from '../curves_data';
import { CurvesPanel } from './curves_panel';
import { choiceText, readChoice, viewOf, type CurvesChoice } from './curves_state';
import { byId, readData } from './dom';

/* The page of a training run: what is chosen in the bar at the top holds for all charts. */

const { charts, reloadSeconds } = readData<CurvesData>('curves');
const last = lastStep(charts);

const smoothing = byId('smoothing', HTMLInputElement);
const logarithmic = byId('logarithmic', HTMLInputElement);
const [from, to] = [byId('from', HTMLInputElement), byId('to', HTMLInputElement)];
const reload = byId('reload', HTMLInputElement);

let choice = readChoice(location.hash.slice(1));
let reloading: number | undefined;

const panels = charts.map((chart) => new CurvesPanel(chart, choose));
byId('charts', HTMLElement).append(...panels.map(({ element }) => element));

/** Changes a part of the choice and shows it. */
function choose(changed: Partial<CurvesChoice>): void {
  choice = { ...choice, ...changed };
  history.replaceState(null, '', `#${choiceText(choice)}`);
  show();
}

function show(): void {
  const view = viewOf(choice, last);
  smoothing.value = String(choice.smoothing);
  byId('smoothing-value', HTMLOutputElement).value = choice.smoothing.toFixed(2);
  logarithmic.checked = choice.isLogarithmic;
  [from.value, to.value] = [view.from, view.to].map((step) => String(Math.round(step)));
  byId('all', HTMLButtonElement).disabled = choice.range === null;
  reload.checked = choice.reloads;
  window.clearTimeout(reloading);
  if (choice.reloads && reloadSeconds !== null) {
    reloading = window.setTimeout(() => {
      location.reload();
    }, reloadSeconds * 1000);
  }
  for (const panel of panels) {
    panel.show(view);
  }
}

function lastStep(list: readonly CurvesChart[]): number {
  return Math.max(1, ...list.flatMap(({ series }) => series.map(({ steps }) => steps[steps.length - 1] ?? 1)));
}

function chooseRange(): void {
  const range = { from: from.valueAsNumber, to: to.valueAsNumber };
  choose({ range: range.to > range.from ? range : null });
}

smoothing.addEventListener('input', () => {
  choose({ smoothing: smoothing.valueAsNumber });
});
logarithmic.addEventListener('change', () => {
  choose({ isLogarithmic: logarithmic.checked });
});
from.addEventListener('change', chooseRange);
to.addEventListener('change', chooseRange);
byId('all', HTMLButtonElement).addEventListener('click', () => {
  choose({ range: null });
});
reload.addEventListener('change', () => {
  choose({ reloads: reload.checked });
});
if (reloadSeconds !== null) {
  byId('reload-control', HTMLElement).hidden = false;
  byId('reload-text', HTMLElement).textContent = `Reload every ${reloadSeconds} s`;
}
show();
