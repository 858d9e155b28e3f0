import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors';
import { ConfusionMatrix, IGNORE_LABEL, type LabelScores } from '../eval/label_map';
import { decodeClassMap, LARGEST_CLASS } from './class_map';
import { ImageIndex, isImageName } from './convert/image_index';
import { readError } from './file_error';
import type { Warnings } from './warnings';

/**
 * Scores a folder of label maps (see `decodeClassMap`) against another: files of the same name, whatever their extension,
 * belong together.
 * @param warnings counts predicted maps without ground truth, which are left out
 * @param onImage told after each pair
 * @returns scores of the classes from 0 to the largest number in any map
 * @throws InputError for folders that cannot be read or hold no maps, ground truth without a prediction, pairs of
 * different sizes, and masks of black and white, whose white would count as pixels without a class
 */
export async function scoreClassMapFolders(
  groundTruth: string,
  prediction: string,
  warnings: Warnings,
  onImage?: (name: string, total: number) => void,
): Promise<LabelScores> {
  const names = await listMaps(groundTruth);
  const predicted = await ImageIndex.of(prediction);
  const pairs = names.map((name) => [name, predicted.find(name)] as const);
  const alone = pairs.filter(([, found]) => found === undefined).map(([name]) => name);
  if (alone.length > 0) {
    throw new InputError(
      `folder ${prediction} lacks ${alone.length} of the ${names.length} label maps of ${groundTruth} ` +
        `(${alone.slice(0, 3).join(', ')}${alone.length > 3 ? ', …' : ''}): name the predicted maps alike`,
    );
  }
  const used = new Set(pairs.map(([, found]) => found));
  for (const name of await listMaps(prediction)) {
    if (!used.has(name)) {
      warnings.add(`label maps without ground truth in ${groundTruth}, left out`, join(prediction, name));
    }
  }
  const sides = [groundTruth, prediction].map((folder) => ({ folder, hasClass: false, hasIgnored: false }));
  const matrix = new ConfusionMatrix(LARGEST_CLASS + 1);
  for (const [name, found = name] of pairs) {
    const paths = [join(groundTruth, name), join(prediction, found)] as const;
    const [truth, map] = await Promise.all(paths.map((path) => decodeClassMap(path)));
    if (truth.width !== map.width || truth.height !== map.height) {
      throw new InputError(
        `label map ${paths[1]} has ${map.width}x${map.height} pixels, ${paths[0]} ${truth.width}x${truth.height}: ` +
          'both must have the size of the image',
      );
    }
    matrix.add(truth.labels, map.labels);
    [truth, map].forEach(({ labels }, i) => {
      sides[i].hasClass ||= labels.some((label) => label !== 0 && label !== IGNORE_LABEL);
      sides[i].hasIgnored ||= labels.includes(IGNORE_LABEL);
    });
    onImage?.(name, names.length);
  }
  const blackAndWhite = sides.find(({ hasClass, hasIgnored }) => hasIgnored && !hasClass);
  if (blackAndWhite !== undefined) {
    throw new InputError(
      `the label maps of ${blackAndWhite.folder} hold 0 and ${IGNORE_LABEL} only, and ${IGNORE_LABEL} marks pixels ` +
        'without a class: save masks of one class with 0 and 1',
    );
  }
  const scores = matrix.scores();
  const classes = scores.perClass.findLastIndex(({ iou }) => iou !== null) + 1;
  return { ...scores, perClass: scores.perClass.slice(0, classes) };
}

async function listMaps(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter(isImageName).sort();
  } catch (error) {
    throw readError(error, 'folder of label maps', folder);
  }
  if (names.length === 0) {
    throw new InputError(`folder ${folder} holds no label maps: PNG or TIFF files of class numbers are needed`);
  }
  return names;
}
