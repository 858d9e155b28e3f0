import { join } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config/load';
import { suggestConfig, suggestionLines, type Suggestion } from '../data/config_suggestion';
import { readDataset } from '../data/dataset_file';
import { datasetStats, objectValues, type DatasetStats, type Distribution } from '../data/dataset_stats';
import { Warnings } from '../data/warnings';
import { writeFile } from '../data/write_file';
import type { Dataset } from '../eval/dataset';
import { histogram } from '../report/chart';
import { textTable } from '../text_table';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';

interface StatsOptions {
  readonly json?: string;
  readonly svgDir?: string;
  readonly base: string;
}

const SIZES_SHOWN = 5;

/** `engine data stats`: what an annotation file holds, and the settings that follow from it. */
export function registerDataStats(data: Command): void {
  data
    .command('stats')
    .description('objects per image, sizes, shapes, and the lines of a configuration that follow from them')
    .argument('<annotations>', 'annotation file (COCO)')
    .option('--base <name or file>', 'the configuration that the suggested lines build on', 'mask_rcnn_r50_fpn')
    .option('--json <file>', 'write all figures')
    .option('--svg-dir <folder>', 'write histograms')
    .action(stats);
}

async function stats(path: string, { json, svgDir, base }: StatsOptions): Promise<void> {
  await requireOtherFile(json, [path], '--json');
  const { model } = loadConfig(base);
  const warnings = new Warnings();
  const dataset = await readDataset(path, warnings);
  const figures = datasetStats(dataset);
  const suggestion = suggestConfig(dataset, model);
  if (json !== undefined) {
    await writeFile(json, `${JSON.stringify({ ...figures, suggestion }, null, 1)}\n`);
  }
  if (svgDir !== undefined) {
    for (const [name, svg] of charts(dataset)) {
      await writeFile(join(svgDir, `${name}.svg`), svg);
    }
  }
  printWarnings(warnings);
  const lines = [
    ...describe(figures),
    '',
    ...(suggestion === null
      ? ['no objects in images of known size: no settings follow']
      : describeSuggestion(suggestion, base, path)),
  ];
  console.log(lines.join('\n'));
}

function describe(figures: DatasetStats): string[] {
  const { images, objects, crowds, imagesWithoutObjects, categories, imageSizes, sizeShares, density } = figures;
  const sizes = imageSizes.slice(0, SIZES_SHOWN).map((size) => `${size.width}x${size.height} (${size.images})`);
  const more = imageSizes.length > SIZES_SHOWN ? ` and ${imageSizes.length - SIZES_SHOWN} more sizes` : '';
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const rows: [string, Distribution | null][] = [
    ['objects per image', figures.objectsPerImage],
    ['size, root of area (px)', figures.size],
    ['box width (px)', figures.boxWidth],
    ['box height (px)', figures.boxHeight],
    ['box height / width', figures.aspectRatio],
  ];
  return [
    `images: ${images} (${imagesWithoutObjects} without objects)`,
    `image sizes: ${sizes.length === 0 ? 'unknown' : sizes.join(', ')}${more}`,
    `objects: ${objects}${crowds > 0 ? `, and ${crowds} crowds, left out below` : ''}`,
    `categories: ${categories.map((category) => `${category.name} (${category.objects})`).join(', ')}`,
    ...(sizeShares === null
      ? []
      : [
          `small (below 32x32): ${percent(sizeShares.small)}, medium: ${percent(sizeShares.medium)}, ` +
            `large (from 96x96): ${percent(sizeShares.large)}`,
        ]),
    ...(density === null
      ? []
      : [`density: ${density.perMegapixel.toFixed(1)} objects per megapixel, ${percent(density.covered)} covered`]),
    '',
    ...textTable(
      ['', 'min', '5 %', '25 %', 'median', '75 %', '95 %', 'max', 'mean'],
      rows.flatMap(([name, found]) => (found === null ? [] : [[name, ...distributionCells(found)]])),
    ),
  ];
}

function distributionCells(found: Distribution): string[] {
  return [found.min, found.p5, found.p25, found.median, found.p75, found.p95, found.max, found.mean].map((value) =>
    String(Number(value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 3))),
  );
}

function describeSuggestion(suggestion: Suggestion, base: string, path: string): string[] {
  const { fit, baseFit, detections, isOverfull } = suggestion;
  return [
    `# what follows from ${path.replace(/[\r\n]/g, ' ')}, for a configuration file`,
    '# anchors: a geometric sequence from the 5 % to the 95 % quantile of the boxes in the resized image; a box and the',
    `# anchor nearest in shape have a mean IoU of ${fit.toFixed(3)} (with the settings of ${base}: ${baseFit.toFixed(3)})`,
    ...(isOverfull
      ? [`# an image has more objects than the ${detections} detections that are possible: cut it into tiles`]
      : []),
    ...suggestionLines(suggestion, base),
    `# for the evaluation: engine eval --max-dets 1,10,${detections}`,
  ];
}

function charts(dataset: Dataset): [name: string, svg: string][] {
  const values = objectValues(dataset);
  return [
    [
      'objects_per_image',
      histogram({
        title: 'Objects per image',
        x: { label: 'objects' },
        y: { label: 'images' },
        series: [{ name: 'images', values: values.objectsPerImage }],
      }),
    ],
    [
      'object_size',
      histogram({
        title: 'Size of the objects',
        x: { label: 'square root of the area (px)', log: true },
        y: { label: 'objects' },
        series: [{ name: 'objects', values: values.size }],
      }),
    ],
    [
      'box_sides',
      histogram({
        title: 'Sides of the boxes',
        // whole numbers would leave gaps on a logarithmic axis
        x: { label: 'length (px)' },
        y: { label: 'objects' },
        series: [
          { name: 'width', values: values.boxWidth },
          { name: 'height', values: values.boxHeight },
        ],
      }),
    ],
    [
      'aspect_ratio',
      histogram({
        title: 'Aspect ratio of the boxes',
        x: { label: 'height / width', log: true },
        y: { label: 'objects' },
        series: [{ name: 'objects', values: values.aspectRatio }],
      }),
    ],
  ];
}
