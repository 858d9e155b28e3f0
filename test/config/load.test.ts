import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig, overrideConfig, shippedConfigs } from '../../src/config/load';
import { InputError } from '../../src/errors';
import { temporaryFolder } from '../data/temporary_folder';

const inFolder = temporaryFolder();

function write(name: string, content: string | Uint8Array): string {
  const path = inFolder(name);
  writeFileSync(path, content);
  return path;
}

/** The sentence that a file or name is refused with. */
function refusal(nameOrPath: string): string {
  try {
    loadConfig(nameOrPath);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).toMatch(/^[^\n]+[^.][.?]$/);
    return message.replaceAll(inFolder('/'), '');
  }
  throw new Error(`${nameOrPath} was not refused`);
}

const refusalOf = (content: string | Uint8Array): string => refusal(write('c.yaml', content));

describe('files that are no configuration', () => {
  it('missing: lists the shipped names and the nearest', () => {
    const shipped = shippedConfigs();
    const message = refusal('mask_rcnn_slimm');
    expect(message).toContain('"mask_rcnn_slimm": there is no such configuration');
    expect(message).toContain('(the nearest is mask_rcnn_slim)');
    shipped.forEach((name) => expect(message).toContain(name));
    expect(refusal(inFolder('nowhere.yaml'))).not.toContain('nearest');
    expect(refusal('')).toContain('give a path');
    expect(refusal('x'.repeat(5000)).length).toBeLessThan(400);
    expect(refusal('a\u0000b')).toContain('"a\\u0000b"');
  });

  it('a folder', () => {
    mkdirSync(inFolder('models.yaml'));
    expect(refusal(inFolder('models.yaml'))).toBe('models.yaml: this is a folder; name a YAML file for --config.');
  });

  it.runIf(process.platform !== 'win32')('a pipe, which is not waited for', () => {
    execFileSync('mkfifo', [inFolder('pipe')]);
    expect(refusal(inFolder('pipe'))).toContain('not an ordinary file');
  });

  it.each([
    ['nothing', ''],
    ['comments', '# a comment\n---\n'],
    ['null', 'null\n'],
  ])('empty: %s', (_, text) => {
    expect(refusalOf(text)).toContain('c.yaml: the configuration is empty');
  });

  it('huge', () => {
    expect(refusalOf(new Uint8Array(2 << 20))).toContain('at most 1 MiB, this file has 2.0 MiB');
  });

  it('not text', () => {
    expect(refusalOf(new Uint8Array([0x80, 0x02, 0xff]))).toContain('not text in UTF-8');
  });

  it.each([
    ['an open bracket', 'model: [\n', /line 2, column 1: this cannot be read as YAML/],
    ['a tab', 'model:\n\tbox: {}\n', /line 2, column 1: this cannot be read as YAML \(Tabs/],
    ['a repeated key', 'model:\n  classes: 2\n  classes: 3\n', /line 3, column 3: .*unique/],
    ['a tag', 'model:\n  classes: !secret 2\n', /line 2, column 12: .*!secret/],
    ['deep nesting', `model: ${'['.repeat(100000)}`, /nested too deeply/],
    ['a list', '- 1\n', /this file is a list/],
    ['a text', 'hello\n', /this file is a single value/],
    ['several documents', 'model: {}\n---\nmodel: {}\n', /line 2: a second YAML document/],
    ['an unknown alias', 'model: {box: *nothing}\n', /alias/],
    ['an alias within itself', 'model: &m\n  box: *m\n', /stands inside what it names/],
  ])('not one YAML mapping: %s', (_, text, expected) => {
    expect(refusalOf(text)).toMatch(expected);
  });

  it('a bomb of aliases', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);
    expect(refusalOf(['a0: &a0 [1]', ...lines, 'model: {}'].join('\n'))).toContain('aliases (*name) repeat too much');
  });
});

describe('keys and values', () => {
  it.each([
    ['model:\n  box:\n    score_treshold: 0.1\n', 3, 'not a key of model.box; the nearest one is score_threshold.'],
    ['modell:\n  box: {}\n', 1, 'not a key of a configuration; the nearest one is model (and 1 more to mend).'],
    ['model:\n  score_threshold: 0.1\n', 2, 'not a key of model; it belongs under model.box.'],
    ['model:\n  detections_per_img: 3\n', 2, 'the nearest one is detections_per_image, under model.box.'],
    ['model:\n  qqqqqq: 3\n', 2, 'not a key of model; known are type, classes, class_names,'],
    ['model:\n  __proto__: {classes: 2}\n', 2, '"__proto__" is not a key of model;'],
    ['model:\n  constructor: 2\n', 2, '"constructor" is not a key of model;'],
  ])('unknown key %j', (text, line, expected) => {
    const message = refusalOf(text);
    expect(message).toContain(`c.yaml, line ${line}: "`);
    expect(message).toContain(expected);
  });

  it.each([
    ['box: {score_threshold: 7}', 'box.score_threshold must be a number from 0 to 1, not 7'],
    ['box: {score_threshold: -0.1}', 'box.score_threshold must be a number from 0 to 1, not -0.1'],
    ['box: {score_threshold: "0.1"}', 'must be a number from 0 to 1, not the text "0.1"'],
    ['box: {nms_threshold: .nan}', 'must be a number from 0 to 1, not NaN'],
    ['box: {nms_threshold: .inf}', 'must be a number from 0 to 1, not Infinity'],
    ['box:', 'box must be a section with keys, not empty'],
    ['backbone: resnet18', 'backbone must be a section with keys, not the text "resnet18"'],
    ['backbone: {name: resnet152}', 'must be resnet18, resnet34, resnet50 or resnet101, not the text "resnet152"'],
    ['type: retinanet', 'type must be mask_rcnn, not the text "retinanet"'],
    ['classes: 1', 'classes must be a whole number from 2 to 4096, not 1'],
    ['classes: 2.5', 'classes must be a whole number from 2 to 4096, not 2.5'],
    ['classes: true', 'classes must be a whole number from 2 to 4096, not true'],
    ['rpn: {pre_nms_top_n: 5000}', 'must be a whole number from 1 to 4096, not 5000'],
    ['rpn: {post_nms_top_n: 0}', 'must be a whole number from 1 to 4096, not 0'],
    ['box: {detections_per_image: 5000}', 'must be a whole number from 1 to 4096, not 5000'],
    ['box: {hidden: [1024]}', 'hidden must be a list of the two widths of fc6 and fc7, not [1024]'],
    ['box: {hidden: [1, 2, 3]}', 'hidden must be a list of the two widths of fc6 and fc7, not [1,2,3]'],
    ['box: {coder_weights: [10, 10, 5, 0]}', 'coder_weights[3] must be a number above 0, not 0'],
    ['image: {mean: [0.5, 0.5]}', 'mean must be a list of 3 numbers, for red, green and blue, not [0.5,0.5]'],
    ['image: {std: [0, 1, 1]}', 'std[0] must be a number above 0, not 0'],
    ['image: {size_divisor: 48}', 'size_divisor must be a multiple of 32, not 48'],
    ['image: {min_size: 0}', 'min_size must be a whole number from 1 to 16384, not 0'],
    ['image: {min_size: 900, max_size: 800}', 'image.max_size is 800, less than min_size, 900'],
    ['backbone: {stages: [1, 3]}', 'stages must be stages in ascending order without a gap'],
    ['backbone: {stages: [2, 1]}', 'stages must be stages in ascending order without a gap'],
    ['backbone: {stages: [0, 1]}', 'stages[0] must be a whole number from 1 to 4, not 0'],
    ['backbone: {stages: []}', 'stages must be a list of 1 to 4 stages'],
    ['anchors: {sizes: [[8]]}', 'anchors.sizes has 1 list, one for each level is needed, and there are 5 levels: 4'],
    ['anchors: {sizes: [8, 16]}', 'sizes[0] must be a list of 1 to 32 numbers, not 8'],
    ['anchors: {sizes: [[8], [16], [32], [64], [-1]]}', 'sizes[4][0] must be a number of pixels above 0, not -1'],
    ['anchors: {sizes: [[8], [16], [32], [64], [1, 2]]}', 'give 3, 3, 3, 3, 6 anchors per location'],
    ['{classes: 3, class_names: [a]}', 'class_names has 1 entry instead of 2'],
    ['{classes: 2, class_names: [1]}', 'class_names[0] must be a name (in quotes where it looks like a number), not 1'],
    ['{classes: 3, category_ids: [4, 4]}', 'category_ids has 4 twice'],
    ['{classes: 3, category_ids: [4]}', 'category_ids has 1 entry instead of 2'],
  ])('%s', (text, expected) => {
    const message = refusalOf(`model:\n  ${text}\n`);
    expect(message).toMatch(/^c\.yaml, line 2: model\./);
    expect(message).toContain(expected);
  });

  it('levels that the default anchors do not fit', () => {
    const message = refusalOf('model:\n  backbone: {stages: [1, 2, 3]}\n');
    expect(message).toContain('c.yaml, line 1: model.anchors.sizes (the default) has 5 lists');
    expect(message).toContain('there are 4 levels: 3 stages (backbone.stages) and 1 more (fpn.extra_levels)');
  });

  it('a key that is not there', () => {
    expect(refusalOf('{}')).toBe('c.yaml: model is missing; it must be a section with keys.');
  });

  it('takes the bounds themselves', () => {
    const text = 'model:\n  box: {score_threshold: 0, nms_threshold: 1, detections_per_image: 4096}\n';
    expect(loadConfig(write('c.yaml', text)).model.box).toMatchObject({ scoreThreshold: 0, nmsThreshold: 1 });
  });

  it('takes aliases, JSON and a byte-order mark', () => {
    const aliases = 'model:\n  anchors:\n    aspect_ratios: [&r [1, 2, 3], *r, *r, *r, *r]\n';
    expect(loadConfig(write('c.yaml', aliases)).model.anchors.aspectRatios[4]).toEqual([1, 2, 3]);
    expect(loadConfig(write('c.json', '\ufeff{"model": {"classes": 5}}')).model.classes).toBe(5);
  });
});

describe('_base_', () => {
  it('merges sections, replaces lists, and takes shipped names', () => {
    write('base.yaml', '_base_: mask_rcnn_slim\nmodel:\n  box: {score_threshold: 0.3}\n  class_names: [grain]\n');
    const path = write('top.yaml', '_base_: base.yaml\nmodel:\n  box: {nms_threshold: 0.4}\n  category_ids: null\n');
    const slim = loadConfig('mask_rcnn_slim');
    expect(loadConfig(path)).toEqual({
      model: { ...slim.model, box: { ...slim.model.box, scoreThreshold: 0.3, nmsThreshold: 0.4 } },
      classNames: ['grain'],
      categoryIds: null,
    });
  });

  it('takes a list, the later before the earlier', () => {
    write('one.yaml', 'model: {classes: 3, image: {min_size: 100}}\n');
    write('two.yaml', 'model: {classes: 4}\n');
    const { model } = loadConfig(write('c.yaml', '_base_: [one.yaml, two.yaml]\n'));
    expect([model.classes, model.image.minSize]).toEqual([4, 100]);
  });

  it('names the file that has the wrong value', () => {
    write('wrong.yaml', 'model:\n  classes: 3\n  box:\n    score_threshold: 7\n');
    const path = write('c.yaml', '_base_: wrong.yaml\nmodel: {box: {min_size: 1}}\n');
    expect(refusal(path)).toContain('wrong.yaml, line 4: model.box.score_threshold must be');
  });

  it('refuses circles, other values and missing files', () => {
    write('b.yaml', '_base_: a.yaml\n');
    expect(refusal(write('a.yaml', 'model: {}\n_base_: b.yaml\n'))).toContain('(a.yaml → b.yaml → a.yaml)');
    expect(refusalOf('_base_: 3\n')).toContain('c.yaml, line 1: _base_ must be a file name or a list of them');
    expect(refusalOf('model: {}\n_base_: nope.yaml\n')).toContain('c.yaml, line 2: _base_ "nope.yaml": ');
  });
});

describe('overrideConfig', () => {
  const config = loadConfig('mask_rcnn_slim');

  it('sets what is given and leaves the rest', () => {
    expect(overrideConfig(config, {})).toEqual(config);
    const changed = overrideConfig(config, { scoreThreshold: 0, minSize: 400, maxSize: 600 });
    expect(changed.model.box).toEqual({ ...config.model.box, scoreThreshold: 0 });
    expect(changed.model.image).toEqual({ ...config.model.image, minSize: 400, maxSize: 600 });
    expect(overrideConfig(config, { maxSize: 100 }).model.image.maxSize).toBe(100);
  });

  it('refuses a size that is never reached', () => {
    expect(() => overrideConfig(config, { minSize: 513 })).toThrow(/--min-size 513 is more than .*max_size, 512/);
    expect(() => overrideConfig(config, { minSize: 400, maxSize: 300 })).toThrow(InputError);
  });
});
