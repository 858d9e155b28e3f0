import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  asDataset,
  asResults,
  readCocoFile,
  readGroundTruth,
  withPolygons,
  withRunLengths,
  writeCocoFile,
} from '../../../src/data/convert/coco_files';
import { Warnings } from '../../../src/data/warnings';
import { temporaryFolder } from '../temporary_folder';

const at = temporaryFolder();

// The 2 x 2 square with its corner at (1, 1) in an image 4 wide and 3 high, in each of COCO's forms; the string is
// pycocotools' (mask.encode).
const POLYGON = [[1, 1, 3, 1, 3, 3, 1, 3]];
const COUNTS = { size: [3, 4], counts: [4, 2, 1, 2, 3] };
const STRING = { size: [3, 4], counts: '42102' };

interface Written {
  annotations: { segmentation?: unknown }[];
}

const head = { image_id: 2, category_id: 6, bbox: [1, 1, 2, 2] };
const dataset = {
  info: { year: 2026, note: 'ä' },
  licenses: [],
  images: [{ id: 2, file_name: 'a.png', width: 4, height: 3, sample: 'S1' }],
  annotations: [
    { id: 5, ...head, area: 4, iscrowd: 0, segmentation: POLYGON, grade: { by: 'me' } },
    { id: 4, ...head, area: 3.5, iscrowd: 0, segmentation: STRING },
    { id: 9, ...head, area: 4, iscrowd: 1, segmentation: COUNTS },
    { id: 1, ...head, area: 4, iscrowd: 0 },
  ],
  categories: [{ id: 6, name: 'nut', supercategory: 'food' }],
  extra: null,
};

function file(name: string, content: unknown): string {
  writeFileSync(at(name), JSON.stringify(content));
  return at(name);
}

const read = (content: unknown, warnings = new Warnings()) => readCocoFile(file('in.json', content), true, warnings);

async function written(data: Awaited<ReturnType<typeof read>>): Promise<unknown> {
  await writeCocoFile(at('out.json'), data);
  return JSON.parse(readFileSync(at('out.json'), 'utf8')) as unknown;
}

/** The dataset with other segmentations, those that are given. */
function expected(...segmentations: unknown[]): unknown {
  const annotations = dataset.annotations.map((annotation, i) => {
    return segmentations[i] === undefined ? annotation : { ...annotation, segmentation: segmentations[i] };
  });
  return { ...dataset, annotations };
}

describe('an annotation file', () => {
  it('becomes run lengths, and keeps all else in its order', async () => {
    const warnings = new Warnings();
    const data = withRunLengths(await read(dataset), warnings);
    expect(await written(data)).toEqual(expected(STRING, STRING, STRING));
    expect(warnings.lines()).toEqual(['objects without a segmentation, kept as they are: 1 (annotations[3])']);
    const { annotations, ...rest } = dataset;
    const text = readFileSync(at('out.json'), 'utf8');
    expect(Object.keys(JSON.parse(text) as object)).toEqual([...Object.keys(rest), 'annotations']);
    expect(text.split('\n')).toHaveLength(6 + 1 + 1 + 2 + annotations.length + 2);
  });

  it('becomes polygons, crowds aside, and own polygons stay', async () => {
    const square = [3, 1, 3, 3, 1, 3, 1, 1];
    const drawn = [[1.2, 1.1, 3, 1, 3, 3, 1, 3]];
    const own = { ...dataset, annotations: [...dataset.annotations] };
    own.annotations[0] = { ...own.annotations[0], segmentation: drawn };
    const result = (await written(withPolygons(await read(own), 0, new Warnings()))) as Written;
    const segmentations = result.annotations.map(({ segmentation }) => segmentation);
    expect(segmentations[0]).toEqual(drawn);
    expect(cyclic((segmentations[1] as number[][])[0])).toEqual(cyclic(square));
    expect(segmentations.slice(2)).toEqual([COUNTS, undefined]);
    // with a tolerance the polygons are made anew
    const simplified = (await written(withPolygons(await read(own), 0.5, new Warnings()))) as Written;
    expect((simplified.annotations[0].segmentation as number[][])[0].every(Number.isInteger)).toBe(true);
  });

  it('counts empty masks', async () => {
    const empty = {
      ...dataset,
      annotations: [{ ...dataset.annotations[1], segmentation: { size: [3, 4], counts: [12] } }],
    };
    const warnings = new Warnings();
    const data = withPolygons(await read(empty), 0, warnings);
    expect(data.objects[0].fields.segmentation).toEqual([]);
    expect(warnings.lines()).toEqual(['empty masks, written as an empty list of polygons: 1 (annotations[0])']);
  });

  it('becomes a results list', async () => {
    const results = (await written(asResults(await read(dataset)))) as unknown[];
    expect(results[1]).toEqual({ ...head, segmentation: STRING, score: 1 });
    expect(results[3]).toEqual({ ...head, score: 1 });
  });
});

describe('a results list', () => {
  const results = [
    { ...head, score: 0.5, segmentation: STRING, model: 'm' },
    { image_id: 2, category_id: 6, segmentation: COUNTS, score: 0.25 },
  ];

  it('stays one, and keeps its fields', async () => {
    const data = withRunLengths(await read(results), new Warnings());
    expect(await written(data)).toEqual([results[0], { ...results[1], segmentation: STRING }]);
  });

  it('becomes an annotation file with the images and categories of its ground truth', async () => {
    const truth = await readGroundTruth(file('gt.json', dataset), new Warnings());
    const data = await readCocoFile(file('in.json', results), true, new Warnings(), truth);
    const { annotations, ...header } = dataset;
    expect(annotations).toHaveLength(4);
    expect(await written(asDataset(data))).toEqual({
      ...header,
      annotations: [
        { ...results[0], id: 1, area: 4, iscrowd: 0 },
        { ...results[1], id: 2, bbox: [1, 1, 2, 2], area: 4, iscrowd: 0 },
      ],
    });
    const alone = await read(results);
    expect(() => asDataset(alone)).toThrow(/give their annotation file as --gt/);
  });

  it('may be empty', async () => {
    expect(await written(await read([]))).toEqual([]);
  });
});

/** A ring from its smallest point on. */
function cyclic(ring: readonly number[]): string {
  const points = Array.from({ length: ring.length / 2 }, (_, i) => `${ring[2 * i]},${ring[2 * i + 1]}`);
  const first = points.indexOf([...points].sort()[0]);
  return [...points.slice(first), ...points.slice(0, first)].join(' ');
}
