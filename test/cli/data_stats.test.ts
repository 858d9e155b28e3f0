import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';

const inFolder = temporaryFolder();
const NUCLEI = '../shared/data/nuclei/annotations/val_rle.json';
const hasShared = existsSync(NUCLEI);
if (!hasShared) {
  console.warn('engine data stats: tests with real files are skipped, ../shared is not beside the repository');
}

function write(name: string, content: unknown): string {
  const path = inFolder(name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Boxes of two classes, one with a name that YAML would take for something else. */
function dataset(objects: number): unknown {
  return {
    images: [{ id: 1, file_name: 'a.png', width: 640, height: 480 }],
    categories: [
      { id: 4, name: 'yes: "#1" \n' },
      { id: 9, name: '12' },
    ],
    annotations: Array.from({ length: objects }, (_, i) => {
      return { id: i, image_id: 1, category_id: i % 2 === 0 ? 4 : 9, bbox: [i, i, 20 + i, 30], area: 500 };
    }),
  };
}

/** The lines from `_base_` to the last key, as a file. */
function configOf(stdout: string, name: string): string {
  const lines = stdout.split('\n');
  return write(name, `${lines.slice(lines.findIndex((line) => line.startsWith('# what follows'))).join('\n')}\n`);
}

describe('engine data stats', () => {
  test.each(['mask_rcnn_r50_fpn', 'mask_rcnn_slim'])(
    'the printed lines load as a configuration on %s',
    async (base) => {
      const { code, stdout, stderr } = await runCommand('data', 'stats', write('a.json', dataset(200)), '--base', base);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const { model, classNames, categoryIds } = loadConfig(configOf(stdout, 'suggested.yaml'));
      const { model: baseModel } = loadConfig(base);
      expect(classNames).toEqual(['yes: "#1" \n', '12']);
      expect(categoryIds).toEqual([4, 9]);
      expect(model.classes).toBe(3);
      expect(model.backbone).toEqual(baseModel.backbone);
      expect(model.anchors.sizes).toHaveLength(baseModel.anchors.sizes.length);
      expect(model.anchors.sizes).not.toEqual(baseModel.anchors.sizes);
      expect(model.image).toMatchObject({ minSize: 480, maxSize: 640 });
      expect(model.box.detectionsPerImage).toBe(300);
      expect(stdout).toContain('engine eval --max-dets 1,10,300');
    },
  );

  test('figures, JSON and histograms', async () => {
    const [json, svg] = [inFolder('stats.json'), inFolder('svg')];
    const { stdout } = await runCommand('data', 'stats', write('b.json', dataset(3)), '--json', json, '--svg-dir', svg);
    expect(stdout).toContain('images: 1 (0 without objects)\nimage sizes: 640x480 (1)\nobjects: 3\n');
    expect(stdout).toContain('small (below 32x32): 100.0 %, medium: 0.0 %, large (from 96x96): 0.0 %');
    expect(stdout).toMatch(/box width \(px\) +20 +20 +20\.3 +21 +21\.8 +22 +22 +21\n/);
    const written = JSON.parse(readFileSync(json, 'utf8'));
    expect(written).toMatchObject({ images: 1, objects: 3, boxHeight: { median: 30 }, suggestion: { minSize: 480 } });
    expect(readdirSync(svg).sort()).toEqual(['aspect_ratio.svg', 'box_sides.svg', 'object_size.svg', 'objects_per_image.svg']); // prettier-ignore
    for (const name of readdirSync(svg)) {
      expect(XMLValidator.validate(readFileSync(inFolder('svg', name), 'utf8'))).toBe(true);
    }
  });

  test('no objects: no settings, exit code 0', async () => {
    const { code, stdout } = await runCommand('data', 'stats', write('c.json', dataset(0)));
    expect(code).toBe(0);
    expect(stdout).toContain('images: 1 (1 without objects)');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('no objects in images of known size: no settings follow');
  });

  test.each<[string, unknown, string[], RegExp]>([
    ['a results list', [{ image_id: 1, category_id: 1, score: 1 }], [], /results list/],
    ['an unknown base', dataset(1), ['--base', 'mask_rcnn_r51'], /no such configuration/],
    ['no JSON', '{', [], /x\.json/],
  ])('%s: exit code 2, nothing written', async (_, content, options, message) => {
    const json = inFolder('none.json');
    const { code, stdout, stderr } = await runCommand(
      'data',
      'stats',
      write('x.json', content),
      '--json',
      json,
      ...options,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(existsSync(json)).toBe(false);
  });

  // numpy's percentile(method="hazen") and mean of the same file
  test.skipIf(!hasShared)('the nuclei as numpy has them', async () => {
    const json = inFolder('nuclei.json');
    const { stdout } = await runCommand('data', 'stats', NUCLEI, '--json', json, '--base', 'mask_rcnn_slim');
    const { size, aspectRatio, objectsPerImage, sizeShares, density } = JSON.parse(readFileSync(json, 'utf8'));
    const expected = { min: 4.58257569495584, p5: 6.4031242374328485, p25: 10.198039027185569, median: 16.23267577474939, p75: 24.484686964436307, p95: 42.56278411659502, max: 66.17401302626281, mean: 18.683307031845647 }; // prettier-ignore
    for (const [name, value] of Object.entries(expected)) {
      expect(size[name]).toBeCloseTo(value, 9);
    }
    expect(aspectRatio.p5).toBeCloseTo(0.5463343108504399, 9);
    expect(aspectRatio.mean).toBeCloseTo(1.0733632493908052, 9);
    expect(objectsPerImage).toMatchObject({ min: 4, p25: 14, median: 24, p75: 42.75, max: 260 });
    expect(objectsPerImage.mean).toBeCloseTo(37.3968253968254, 9);
    expect(sizeShares.small).toBeCloseTo(0.900679117147708, 12);
    expect(density.perMegapixel).toBeCloseTo(315.47261976176196, 9);
    expect(density.covered).toBeCloseTo(0.14673065386922615, 12);
    expect(loadConfig(configOf(stdout, 'nuclei.yaml')).model.box.detectionsPerImage).toBe(400);
  });
});
