import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../../errors';
import type { Category, DatasetImage } from '../../eval/dataset';
import type { XywhBox } from '../../eval/rle';
import { readError } from '../file_error';
import { readImageSize } from '../image';
import type { JsonObject } from '../json_fields';
import type { OutputFolder } from '../output_folder';
import { overlayNames } from '../overlay_names';
import type { Warnings } from '../warnings';
import { imageFields, objectOfBox, pixels, type Convertible, type ConvertibleObject } from './convertible';
import { ImageIndex } from './image_index';
import { formatVocXml, parseVocXml, type VocImage, type VocObject } from './voc_xml';

const naturalOrder = new Intl.Collator('en', { numeric: true });
/** No annotation of one image is larger. */
const MAX_XML_BYTES = 2 ** 26;

export interface VocReading {
  /** Only the images that ImageSets/Main/SET.txt lists; default: all annotations. */
  readonly set?: string;
  /** The folder of the images; default: JPEGImages beside the annotations, where there is one. */
  readonly images?: string;
}

/** Where a VOC tree's annotations lie: FOLDER/Annotations, or FOLDER itself; undefined where it holds no XML. */
export async function findVocAnnotations(folder: string): Promise<string | undefined> {
  const inner = join(folder, 'Annotations');
  for (const candidate of [inner, folder]) {
    const names = await readdir(candidate).catch(() => []);
    if (names.some(isXml)) {
      return candidate;
    }
  }
  return undefined;
}

/**
 * Reads a PASCAL VOC tree (Annotations/*.xml; ImageSets and JPEGImages where they are) as a COCO dataset of boxes.
 *
 * VOC's corners are indices of pixels, counted from 1, both included; COCO's x, y is the corner of the first pixel,
 * counted from 0: x = xmin - 1, width = xmax - xmin + 1. `writeVoc` goes the same way back, so nothing is lost. Images
 * and objects are numbered from 1, images in natural order of their files, classes in alphabetical order over the whole
 * tree, so that all sets of one tree have the same ids. `pose`, `truncated`, `difficult` and `occluded` become fields of
 * the annotation, `depth` and `segmented` of the image.
 *
 * @param warnings counts boxes that begin at 0, file names with a wrong extension, files that are missing
 * @throws InputError for a folder without XML, files that are not VOC annotations, and a set that is not there
 */
export async function readVoc(folder: string, options: VocReading, warnings: Warnings): Promise<Convertible> {
  const annotations = await findVocAnnotations(folder);
  if (annotations === undefined) {
    throw new InputError(`${folder} holds no PASCAL VOC annotations: name the folder that has Annotations/*.xml in it`);
  }
  const names = (await readdir(annotations))
    .filter(isXml)
    .sort((a, b) => naturalOrder.compare(a, b) || (a < b ? -1 : 1));
  const index = await imageIndex(join(annotations, '..', 'JPEGImages'), options.images);
  const chosen = options.set === undefined ? null : await readSet(join(annotations, '..'), options.set);
  const [images, entries]: [DatasetImage[], JsonObject[]] = [[], []];
  const found: { imageId: number; object: VocObject; place: string }[] = [];
  const classes = new Set<string>();
  for (const name of names) {
    const path = join(annotations, name);
    const voc = parseVocXml(await readXml(path), path);
    voc.objects.forEach((object) => classes.add(object.name));
    const stem = name.slice(0, -'.xml'.length);
    if (chosen !== null && !chosen.delete(stem)) {
      continue;
    }
    const image = await readImage(images.length + 1, stem, voc, index, warnings);
    images.push(image);
    const { depth, segmented } = voc;
    entries.push({
      ...imageFields(image),
      ...(depth === undefined ? {} : { depth }),
      ...(segmented === undefined ? {} : { segmented }),
    });
    found.push(...voc.objects.map((object, i) => ({ imageId: image.id, object, place: `object ${i + 1} of ${name}` })));
  }
  chosen?.forEach((stem) => {
    warnings.add(`images of the set ${options.set} without an annotation, left out`, stem);
  });
  const categories = [...classes].sort().map((name, i): Category => ({ id: i + 1, name }));
  const categoryIds = new Map(categories.map(({ id, name }) => [name, id]));
  const objects = found.map(({ imageId, object, place }, i): ConvertibleObject => {
    warnAbout(object, place, warnings);
    const ids = { id: i + 1, imageId, categoryId: categoryIds.get(object.name)! };
    return objectOfBox(ids, boxOfVoc(object), object.flags);
  });
  return { kind: 'dataset', header: { images: entries, categories }, images, categories, objects };
}

function boxOfVoc({ xmin, ymin, xmax, ymax }: VocObject): XywhBox {
  return [xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1].map(pixels) as [number, number, number, number];
}

function warnAbout({ xmin, ymin, parts }: VocObject, place: string, warnings: Warnings): void {
  if (xmin < 1 || ymin < 1) {
    warnings.add("boxes that begin before pixel 1, VOC's first, and so before 0 in COCO; kept as they are", place);
  }
  if (parts > 0) {
    warnings.add('objects with parts, whose boxes are left out', place);
  }
}

async function imageIndex(standard: string, named: string | undefined): Promise<ImageIndex | null> {
  if (named !== undefined) {
    return ImageIndex.of(named);
  }
  const isThere = await stat(standard)
    .then((info) => info.isDirectory())
    .catch(() => false);
  return isThere ? ImageIndex.of(standard) : null;
}

async function readImage(
  id: number,
  stem: string,
  { fileName: stated, width, height }: VocImage,
  index: ImageIndex | null,
  warnings: Warnings,
): Promise<DatasetImage> {
  const own = stated === '' ? stem : stated;
  const file = index === null ? own : (index.find(own) ?? index.find(stem));
  if (file === undefined) {
    warnings.add(`images that are not in ${index?.folder}, kept by the name that their annotation has`, own);
  } else if (file !== stated) {
    warnings.add(
      'file names that the annotation lacks or has otherwise (another extension), taken from the folder',
      stated === '' ? stem : `${stated}: ${file}`,
    );
  }
  const fileName = file ?? own;
  if (width > 0 && height > 0) {
    return { id, fileName, width, height };
  }
  if (index !== null && file !== undefined) {
    return { id, fileName, ...(await readImageSize(index.path(file))) };
  }
  warnings.add('images of unknown size, written without width and height', fileName);
  return { id, fileName, width: 0, height: 0 };
}

async function readXml(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MAX_XML_BYTES) {
      throw new InputError(`VOC annotation ${path} is larger than ${MAX_XML_BYTES / 2 ** 20} MiB: is it another file?`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    throw readError(error, 'VOC annotation', path);
  }
}

/** The names in ImageSets/Main/SET.txt: the first word of each line. */
async function readSet(root: string, set: string): Promise<Set<string>> {
  const folder = join(root, 'ImageSets', 'Main');
  const path = join(folder, `${set}.txt`);
  const text = await readFile(path, 'utf8').catch(async (error: unknown) => {
    const sets = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.txt'));
    const list = sets.map((name) => name.slice(0, -'.txt'.length)).join(', ');
    if (list !== '' && !sets.includes(`${set}.txt`)) {
      throw new InputError(`${path} does not exist: the sets of this tree are ${list}`);
    }
    throw readError(error, 'image set', path);
  });
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[0])
      .filter((name) => name !== ''),
  );
}

function isXml(name: string): boolean {
  return name.toLowerCase().endsWith('.xml') && !name.startsWith('.');
}

/**
 * Writes a PASCAL VOC tree: Annotations/NAME.xml for each image and ImageSets/Main/SET.txt with all names. Corners as
 * `readVoc` has them; where they are no whole numbers, the box is widened to whole pixels and counted. Masks are left
 * out, crowds become difficult, since VOC's evaluation ignores those.
 * @throws InputError where the size of an image is not known
 */
export async function writeVoc(
  folder: OutputFolder,
  data: Convertible,
  set: string,
  warnings: Warnings,
): Promise<void> {
  const classNames = new Map(data.categories.map(({ id, name }) => [id, name]));
  const objects = new Map<number, VocObject[]>(data.images.map(({ id }) => [id, []]));
  data.objects.forEach((object, i) => {
    objects.get(object.imageId)?.push({
      name: classNames.get(object.categoryId) ?? String(object.categoryId),
      ...vocCorners(object.box, `annotations[${i}]`, warnings),
      flags: flagsOf(object, `annotations[${i}]`, warnings),
      parts: 0,
    });
  });
  const entries = (Array.isArray(data.header.images) ? data.header.images : []) as JsonObject[];
  const stems: string[] = [];
  const names = overlayNames(data.images.map(({ id, fileName }) => ({ id, fileName: fileName || `${id}.png` })));
  for (const [i, image] of data.images.entries()) {
    if (image.width === 0 || image.height === 0) {
      throw new InputError(
        `image ${image.id} has no width and height, which PASCAL VOC needs: add them to its annotation file`,
      );
    }
    const stem = (names.get(image.id) ?? '').replace(/\.png$/, '');
    stems.push(stem);
    const { depth, segmented } = entries[i] ?? {};
    const voc: VocImage = {
      fileName: basename(image.fileName || `${stem}.png`),
      width: image.width,
      height: image.height,
      ...(typeof depth === 'number' ? { depth } : {}),
      ...(typeof segmented === 'number' ? { segmented } : {}),
      objects: objects.get(image.id) ?? [],
    };
    await folder.add(`Annotations/${stem}.xml`, formatVocXml(voc, basename(folder.path)));
  }
  await folder.add(`ImageSets/Main/${set}.txt`, stems.map((stem) => `${stem}\n`).join(''));
}

type Corners = Pick<VocObject, 'xmin' | 'ymin' | 'xmax' | 'ymax'>;

function vocCorners([x, y, width, height]: XywhBox, place: string, warnings: Warnings): Corners {
  const [xmin, ymin] = [Math.floor(pixels(x)) + 1, Math.floor(pixels(y)) + 1];
  const [right, bottom] = [Math.ceil(pixels(x + width)), Math.ceil(pixels(y + height))];
  if (width === 0 || height === 0) {
    warnings.add('boxes without an extent, written as one pixel wide or high', place);
  } else if (![x, y, width, height].every(Number.isInteger)) {
    warnings.add('boxes with fractions of pixels, widened to whole pixels', place);
  }
  return { xmin, ymin, xmax: Math.max(right, xmin), ymax: Math.max(bottom, ymin) };
}

function flagsOf({ fields, isCrowd }: ConvertibleObject, place: string, warnings: Warnings): JsonObject {
  const known = ['pose', 'truncated', 'difficult', 'occluded'].filter((flag) => {
    return typeof fields[flag] === 'string' || typeof fields[flag] === 'number';
  });
  const flags = Object.fromEntries(known.map((flag) => [flag, fields[flag]]));
  if (isCrowd) {
    warnings.add('crowds, written as difficult objects', place);
    return { ...flags, difficult: 1 };
  }
  return flags;
}
