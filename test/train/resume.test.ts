import { expect, test } from 'vitest';
import type { TrainingEntry } from '../../src/data/training/dataset';
import { datasetIdentity } from '../../src/data/training/identity';
import type { ResumableCheckpoint } from '../../src/train/checkpoint';
import { requireSameDataset } from '../../src/train/resume';

const entry = { id: 1, path: 'a.png', fileName: 'a.png', width: 30, height: 20, objects: 4 } as TrainingEntry;
const same = datasetIdentity({ images: [entry, { ...entry, id: 2 }] });

/** A checkpoint whose `extra` is this. */
function checkpoint(extra: Record<string, unknown>): ResumableCheckpoint {
  return {
    path: 'last.safetensors',
    tensors: new Map(),
    state: { step: 1, epoch: 0, seed: 1, best: null, extra },
    configYaml: '',
  };
}

test.each<[string, Partial<TrainingEntry>]>([
  ['id', { id: 3 }],
  ['width', { width: 31 }],
  ['height', { height: 21 }],
  ['number of objects', { objects: 5 }],
])('a dataset with another %s of an image is another one', (_, change) => {
  const other = datasetIdentity({ images: [entry, { ...entry, id: 2, ...change }] });
  expect(() => {
    requireSameDataset(checkpoint({ ...same }), other, 'b.json');
  }).toThrow(
    `last.safetensors: the run was trained on 2 images with 8 objects (digest ${same.digest}), and b.json has 2 images ` +
      `with ${other.objects} objects (digest ${other.digest}): resume with the data`,
  );
});

test('where the files lie does not matter', () => {
  const moved = { ...entry, path: 'elsewhere/a.png', fileName: 'b.png' };
  requireSameDataset(checkpoint({ ...same }), datasetIdentity({ images: [moved, { ...moved, id: 2 }] }), 'b.json');
});

test('older checkpoints know the number of images, or nothing', () => {
  const other = datasetIdentity({ images: [entry, entry] });
  expect(other.digest).not.toBe(same.digest);
  requireSameDataset(checkpoint({}), other, 'b.json');
  requireSameDataset(checkpoint({ images: 2 }), other, 'b.json');
  expect(() => {
    requireSameDataset(checkpoint({ images: 3 }), other, 'b.json');
  }).toThrow('the run was trained on 3 images, and b.json has 2 images with 8 objects');
});
