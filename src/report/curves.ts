import script from './client/curves?script';
import styles from './client/curves.css?text';
import type { CurvesData } from './curves_data';
import { escapeHtml, reportPage } from './html';

export interface CurvesPage extends CurvesData {
  readonly title: string;
  /** Where the run is, by name: shown above the charts. */
  readonly figures: readonly (readonly [name: string, value: string])[];
}

/** The page of a training run: its losses, learning rate and figures over the steps. The same input gives the same page. */
export function curvesPage({ title, figures, charts, reloadSeconds }: CurvesPage): string {
  const data: CurvesData = { charts, reloadSeconds };
  return reportPage({
    title: `Training of ${title}`,
    body: body(title, figures),
    data: { curves: data },
    script,
    styles,
  });
}

function body(title: string, figures: CurvesPage['figures']): string {
  const terms = figures.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return `<header class="page-header">
<h1>Training of ${escapeHtml(title)}</h1>
<dl class="figures">${terms.join('')}</dl>
</header>
<div class="toolbar" role="region" aria-label="What the charts show">
<div class="toolbar-content">
<div class="control"><label for="smoothing">Smoothing</label><input id="smoothing" type="range" min="0" max="0.99" step="0.01" value="0.6"><output id="smoothing-value" for="smoothing"></output></div>
<label class="control"><span><input id="logarithmic" type="checkbox">Logarithmic losses</span></label>
<div class="control"><label for="from">Steps</label><input id="from" type="number" min="0" aria-label="First step"> to <input id="to" type="number" min="0" aria-label="Last step"><button type="button" id="all">All steps</button></div>
<label class="control" id="reload-control" hidden><span><input id="reload" type="checkbox"><span id="reload-text"></span></span></label>
</div>
</div>
<main>
<p class="muted small">Drag over a chart to zoom in, double-click to see all steps again. Smoothing is an exponential moving average; the values themselves stay behind it, pale.</p>
<div class="columns" id="charts"></div>
</main>`;
}
