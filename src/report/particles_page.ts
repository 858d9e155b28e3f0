import { decodeDatasetImage } from '../data/dataset_image';
import { classNames, leftOutReasons, type NamedSet } from '../data/particle_files';
import { imageName } from '../data/particle_set';
import type { ParticleMeasure, Scale } from '../eval/particle_measures';
import { measureValue, SUMMARISED_MEASURES, unitOf } from '../eval/particle_measures';
import type { MeasureComparison, Particle, ParticleSummary } from '../eval/particles';
import { summariseParticles } from '../eval/particles';
import { outlinesOfRle } from '../eval/polygonise';
import { InputError } from '../errors';
import script from './client/particles?script';
import styles from './client/particles.css?text';
import { escapeHtml, reportPage } from './html';
import { embedImage } from './images';
import { packRing, pictureId, type ParticlesData, type PictureData, type SetData } from './particles_data';

/** A set and where its images lie. */
export interface ShownSet extends NamedSet {
  /** What file names are relative to; without it outlines are drawn over a plain background. */
  readonly imageFolder?: string;
  /** Ids of the images that are in the folder: others have a plain background. */
  readonly available: ReadonlySet<number>;
}

export interface ParticlesReport {
  /** One, or two to be compared. */
  readonly sets: readonly ShownSet[];
  readonly scale: Scale;
  /** Of the two sets. */
  readonly comparison?: readonly MeasureComparison[];
  /** So many images of each set are shown, the first ones; figures and the table are of all. */
  readonly maxImages: number;
  /** Called after each image that is put into the page. */
  readonly onImage?: (name: string) => void;
}

/** Longest side of embedded images, in pixels. */
const IMAGE_SIDE = 1024;
/** Tolerance of outlines, in pixels of the original: it takes the stairs of pixels away and no more. */
const OUTLINE_TOLERANCE = 0.75;
/** Digits of values in the page, which shows four. */
const DIGITS = 5;
/** A string cannot be longer than 2^29 characters. */
const MAX_CHARACTERS = 400e6;

/**
 * The page of `engine particles`: distributions, images with outlines coloured by a measure, and a table of all
 * particles. The same input gives the same page.
 * @throws InputError where an image cannot be read or has another size than its masks, and for a page too large to write
 */
export async function particlesPage(report: ParticlesReport): Promise<string> {
  const { sets, scale, maxImages } = report;
  const pictures: Record<string, PictureData> = {};
  let characters = 0;
  for (const [s, set] of sets.entries()) {
    const byImage = particlesByImage(set);
    for (const [i, image] of set.images.slice(0, maxImages).entries()) {
      const { imageFolder } = set;
      const embedded =
        imageFolder === undefined || !set.available.has(image.id)
          ? undefined
          : await embedImage(await decodeDatasetImage(imageFolder, image), IMAGE_SIDE);
      const outlines = (byImage.get(image.id) ?? []).map(packedOutlines);
      pictures[pictureId(s, i)] = { ...(embedded === undefined ? {} : { uri: embedded.uri }), outlines };
      characters += (embedded?.uri.length ?? 0) + 5 * outlines.flat(2).length;
      if (characters > MAX_CHARACTERS) {
        throw new InputError(
          `the report would be larger than ${MAX_CHARACTERS / 1e6} MB: lower --report-images ${maxImages}`,
        );
      }
      report.onImage?.(imageName(image));
    }
  }
  const data: ParticlesData = {
    measures: SUMMARISED_MEASURES.map((measure) => ({
      name: measure.name,
      title: measure.title,
      unit: writtenUnit(measure, scale),
    })),
    sets: sets.map((set) => setData(set, scale, maxImages)),
  };
  const title = `Particle shapes: ${sets.map(({ name }) => name).join(' and ')}`;
  return reportPage({ title, body: body(title, report), data: { particles: data, ...pictures }, script, styles });
}

function particlesByImage({ images, particles }: NamedSet): Map<number, Particle[]> {
  const byImage = new Map<number, Particle[]>(images.map(({ id }) => [id, []]));
  for (const particle of particles) {
    byImage.get(particle.imageId)?.push(particle);
  }
  return byImage;
}

function packedOutlines({ mask }: Particle): number[][] {
  return outlinesOfRle(mask, { simplify: OUTLINE_TOLERANCE }).flatMap(({ outer, holes }) =>
    [outer, ...holes].map(packRing),
  );
}

function setData(set: ShownSet, scale: Scale, maxImages: number): SetData {
  const imageIndex = new Map(set.images.map(({ id }, index) => [id, index]));
  const className = classNames(set);
  const names = set.particles.map(({ categoryId }) => className(categoryId));
  const classes = [...new Set(names)];
  const classIndex = new Map(classes.map((name, index) => [name, index]));
  return {
    name: set.name,
    hasScores: set.hasScores,
    classes,
    images: set.images.map((image, index) => ({
      name: imageName(image),
      width: image.width,
      height: image.height,
      isShown: index < maxImages,
    })),
    image: set.particles.map(({ imageId }) => imageIndex.get(imageId) ?? 0),
    number: set.particles.map(({ number }) => number),
    class: names.map((name) => classIndex.get(name) ?? 0),
    score: set.hasScores ? set.particles.map(({ score }) => rounded(score)) : [],
    border: set.particles.map(({ shape }) => (shape.touchesBorder ? 1 : 0)),
    values: SUMMARISED_MEASURES.map((measure) =>
      set.particles.map(({ shape }) => rounded(measureValue(shape, measure, scale))),
    ),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** "µm²" for "um^2". */
function writtenUnit(measure: ParticleMeasure, scale: Scale): string {
  return unitOf(measure, scale).replace('um', 'µm').replace('^2', '²');
}

function body(title: string, report: ParticlesReport): string {
  const { sets, scale, comparison } = report;
  const summaries = sets.map(({ particles }) => summariseParticles(particles, scale));
  return `
<header class="page-header">
<h1>${escapeHtml(title)}</h1>
<p class="muted">${sets.map(setLine).join('<br>')}</p>
</header>
<main>
${notes(report)
  .map((note) => `<p class="note">${escapeHtml(note)}</p>`)
  .join('\n')}
<section class="card set-figures">${sets.map((set, i) => figures(set, summaries[i], report)).join('\n')}</section>
${comparison === undefined ? '' : comparisonCard(comparison, report)}
<section class="card" id="distributions">
<div class="controls">
<h2>Distributions</h2>
<label>Measure <select id="measure"></select></label>
<label>Weighting <select id="weighing"><option value="number">by number</option><option value="volume">by volume</option></select></label>
<label><input type="checkbox" id="log-axis">logarithmic axis</label>
<span class="muted small" id="charted" role="status"></span>
</div>
<div class="charts"><div class="chart" id="histogram"></div><div class="chart" id="cumulative"></div></div>
</section>
<section class="card">
<div class="controls">
<h2>Images and particles</h2>
<label>Colour by <select id="colour-by"></select></label>
<div class="scale"><div class="scale-bar" id="scale"></div><div class="scale-ends"><span id="scale-low"></span><span id="scale-middle"></span><span id="scale-high"></span></div></div>
<label class="brightness">Brightness <input type="range" id="brightness" min="0.5" max="4" step="0.1" value="1"></label>
<label><input type="checkbox" id="only-shown">list only the ${sets.length > 1 ? 'images' : 'image'} in sight</label>
</div>
<div class="${sets.length > 1 ? 'below' : 'beside'}">
<div id="viewers" class="viewers"></div>
<div id="table"></div>
</div>
</section>
${sets.map((set, i) => statisticsCard(set, summaries[i], report)).join('\n')}
${definitions()}
</main>`;
}

function setLine(set: ShownSet): string {
  const leftText = leftOutReasons(set.left).map(([count, words]) => `${grouped(count)} ${words}`);
  return escapeHtml(
    `${set.name}: ${plural(set.particles.length, 'particle')} in ${plural(set.images.length, 'image')}` +
      (leftText.length > 0 ? `; left out: ${leftText.join(', ')}` : ''),
  );
}

function notes({ sets, scale, maxImages }: ParticlesReport): string[] {
  const found = [];
  if (scale.unit === 'px') {
    found.push('Lengths are in pixels of the images: engine particles --um-per-px gives micrometres.');
  }
  const cut = sets.filter(({ images }) => images.length > maxImages);
  if (cut.length > 0) {
    const which = cut.map(({ images, name }) => `${grouped(images.length)}${sets.length > 1 ? ` of ${name}` : ''}`);
    found.push(
      `Images shown: the first ${maxImages} of ${which.join(' and of ')} (--report-images); figures, distributions and ` +
        'the table are of all.',
    );
  }
  return found;
}

const MEAN_FIGURES = ['aspect_ratio', 'circularity', 'solidity'];

function figures(set: ShownSet, summary: ParticleSummary, { sets, scale }: ParticlesReport): string {
  const index = (name: string): number => SUMMARISED_MEASURES.findIndex((measure) => measure.name === name);
  const diameter = summary.measures[index('equivalent_diameter')];
  const unit = writtenUnit(SUMMARISED_MEASURES[index('equivalent_diameter')], scale);
  const items: [string, string][] = [
    ['particles', grouped(summary.count)],
    ...(['d10', 'd50', 'd90'] as const).map((key): [string, string] => [
      `${key.toUpperCase()} by number`,
      `${shown(diameter.byNumber[key])} ${unit}`,
    ]),
    ['D50 by volume', `${shown(diameter.byVolume.d50)} ${unit}`],
    ...MEAN_FIGURES.map((name): [string, string] => {
      const { mean, standardDeviation } = summary.measures[index(name)];
      return [`mean ${name.replaceAll('_', ' ')}`, `${shown(mean, 3)} ± ${shown(standardDeviation, 2)}`];
    }),
  ];
  return `${sets.length > 1 ? `<h3>${escapeHtml(set.name)}</h3>` : ''}<dl class="figures">${items
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join('')}</dl>`;
}

function comparisonCard(comparison: readonly MeasureComparison[], { sets, scale }: ParticlesReport): string {
  const [first, second] = sets.map(({ name }) => escapeHtml(name));
  const rows = comparison.map(({ means, medians, test }, index) => {
    const measure = SUMMARISED_MEASURES[index];
    const cells = [
      shown(means.first),
      shown(means.second),
      percent(means.ratio),
      shown(medians.first),
      shown(medians.second),
      percent(medians.ratio),
      shown(test?.ksDistance ?? null, 3),
      test === null ? '–' : test.ksPValue < 0.001 ? '< 0.001' : test.ksPValue.toFixed(3),
    ];
    return (
      `<tr><th scope="row"><button type="button" data-measure="${index}">${escapeHtml(measure.title)}</button></th>` +
      `<td>${writtenUnit(measure, scale)}</td>${cells.map((cell) => `<td class="number">${cell}</td>`).join('')}` +
      `<td>${deltaBar(test?.cliffsDelta ?? null)}</td></tr>`
    );
  });
  return `<section class="card">
<h2>${second} against ${first}</h2>
<div class="plain-table"><table>
<thead><tr><th rowspan="2" scope="col">measure</th><th rowspan="2" scope="col">unit</th><th colspan="3" scope="colgroup">mean</th><th colspan="3" scope="colgroup">median</th><th colspan="2" scope="colgroup">Kolmogorov-Smirnov</th><th rowspan="2" scope="col">Cliff’s delta</th></tr>
<tr>${[first, second, 'change', first, second, 'change', 'distance', 'p'].map((head) => `<th scope="col" class="number">${head}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<p class="muted small">Cliff’s delta: the share of pairs in which the particle of ${second} has the larger value, less the share in which it has the smaller one: −1 to 1, 0 for no shift. p: two-sided, asymptotic. With thousands of particles small differences are significant too: look at their size.</p>
</section>`;
}

/** A bar from the middle to the left or right, and the number. */
function deltaBar(delta: number | null): string {
  if (delta === null) {
    return '–';
  }
  const width = Math.abs(delta) * 50;
  const left = delta < 0 ? 50 - width : 50;
  return (
    `<span class="delta"><span class="delta-track"><span style="left:${left.toFixed(1)}%;width:${width.toFixed(1)}%" ` +
    `class="${delta < 0 ? 'less' : 'more'}"></span></span><span class="number">${signed(delta.toFixed(2))}</span></span>`
  );
}

function statisticsCard(set: ShownSet, { measures }: ParticleSummary, { sets, scale }: ParticlesReport): string {
  const heads = ['mean', 'SD', 'min', 'D10', 'D50', 'D90', 'max', 'D10', 'D50', 'D90'];
  const rows = measures.map(({ mean, standardDeviation, min, max, byNumber, byVolume }, index) => {
    const measure = SUMMARISED_MEASURES[index];
    const values = [mean, standardDeviation, min, byNumber.d10, byNumber.d50, byNumber.d90, max];
    const all = [...values, byVolume.d10, byVolume.d50, byVolume.d90].map((value) => shown(value));
    return (
      `<tr><th scope="row">${escapeHtml(measure.title)}</th><td>${writtenUnit(measure, scale)}</td>` +
      `${all.map((value) => `<td class="number">${value}</td>`).join('')}</tr>`
    );
  });
  return `<section class="card">
<h2>Statistics${sets.length > 1 ? ` of ${escapeHtml(set.name)}` : ''}</h2>
<div class="plain-table"><table>
<thead><tr><th rowspan="2" scope="col">measure</th><th rowspan="2" scope="col">unit</th><th colspan="7" scope="colgroup">by number</th><th colspan="3" scope="colgroup">by volume</th></tr>
<tr>${heads.map((head) => `<th scope="col" class="number">${head}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
</section>`;
}

/** How each figure is made, for readers who have only the page. */
function definitions(): string {
  const terms = [
    ['equivalent circle diameter', 'of the circle of the same area'],
    ['perimeter', 'Crofton formula with 8 directions; edges of holes count'],
    ['Feret diameters', 'longest and least distance of parallel lines that touch the particle from both sides'],
    ['axes of the fitted ellipse', 'of the ellipse with the same second moments; aspect ratio: major / minor axis'],
    ['eccentricity', 'of that ellipse: 0 for a circle, towards 1 for a line'],
    ['circularity', '4π area / perimeter²: 1 for a circle; small particles of few pixels may come out above 1'],
    ['roundness', '4 area / (π maximum Feret diameter²)'],
    ['solidity', 'area / area of the convex hull'],
    ['convexity', 'perimeter of the convex hull / perimeter; small particles may come out a little above 1'],
    ['D10, D50, D90', 'a tenth, half and nine tenths of the particles (or of their volume) have a smaller value'],
    ['by volume', 'particles count with the volume of the sphere of their equivalent circle diameter'],
  ];
  return `<section class="card"><details><summary>How the measures are defined</summary><dl class="definitions">${terms
    .map(([term, text]) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(text)}</dd>`)
    .join('')}</dl></details></section>`;
}

function shown(value: number | null, digits = 4): string {
  if (value === null) {
    return '–';
  }
  return Math.abs(value) >= 10 ** digits ? grouped(Math.round(value)) : String(Number(value.toPrecision(digits)));
}

/** A ratio as a change: "+12.3 %". */
function percent(ratio: number | null): string {
  return ratio === null ? '–' : `${signed(((ratio - 1) * 100).toFixed(1))} %`;
}

function signed(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : `+${text}`;
}

function plural(count: number, name: string): string {
  return `${grouped(count)} ${name}${count === 1 ? '' : 's'}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}
