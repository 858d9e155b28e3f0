import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../errors';
import type { DatasetImage } from '../../eval/dataset';
import { polygonsFromRle } from '../../eval/polygonise';
import { rleFromPolygon, type Rle } from '../../eval/rle';
import { readError } from '../file_error';
import { decodeLabelImage, encodeGreyPng, readImageSize } from '../image';
import type { OutputFolder } from '../output_folder';
import { overlayNames } from '../overlay_names';
import type { Warnings } from '../warnings';
import { imageFields, objectOfMask, type Convertible, type ConvertibleObject } from './convertible';
import { ImageIndex, isImageName, stemOf } from './image_index';
import { drawLabels, looksLikePhotograph, maskOfForeground, masksOfLabels } from './label_masks';

const naturalOrder = new Intl.Collator('en', { numeric: true });
/** What tools put behind an image's name for its mask, e.g. a_mask.png, a_cp_masks.png (Cellpose). */
const MASK_SUFFIX = /[-_ .](?:cp[-_])?(?:masks?|labels?|seg|instances?)$/i;
const DECODED_AT_ONCE = 8;
const LARGEST_LABEL = 65535;

export interface MaskFolderReading {
  /** The folder of the images: gives file names, and sizes are held against it. */
  readonly images?: string;
  /** The name of the one class; default "object". */
  readonly category?: string;
  /** Take every 4-connected part of a mask as an object of its own; default false. */
  readonly split?: boolean;
  /** Told after each image. */
  readonly onImage?: (done: number, total: number, name: string) => void;
}

/** One image's masks: a file for each object, or one file with a label for each object. */
interface MaskedImage {
  readonly stem: string;
  readonly masks: readonly string[];
  readonly isLabels: boolean;
  /** The image itself, where the folder holds it: relative to the folder, and its path. */
  readonly image?: { readonly fileName: string; readonly path: string };
}

/**
 * Reads a folder of masks (PNG or TIFF) as a COCO dataset of one class, with compressed run lengths. Two layouts:
 * - a folder for each image that holds one file for each object (all that is not black), directly or in `masks/`,
 *   perhaps beside `images/` with the image, as in the 2018 Data Science Bowl;
 * - one file for each image whose pixels name the object: grey (8 or 16 bit) or colours; black is background. Either
 *   directly in the folder, or in `masks/` beside `images/`.
 *
 * Images and objects are numbered from 1, images in natural order of their names, objects in that of their files or
 * labels. File names are relative to `images` where it is given, else to the folder.
 *
 * @param warnings counts empty masks, which are left out, label images of a single label, and what may be no masks
 * @throws InputError for a folder of another form, files that cannot be read, sizes that differ within one image
 */
export async function readMaskFolder(
  folder: string,
  options: MaskFolderReading,
  warnings: Warnings,
): Promise<Convertible> {
  const listed = await listMasks(folder);
  const index = options.images === undefined ? null : await ImageIndex.of(options.images);
  const [images, objects]: [DatasetImage[], ConvertibleObject[]] = [[], []];
  for (const masked of listed) {
    const id = images.length + 1;
    const whole = masked.isLabels ? await readLabels(masked, options, warnings) : await readObjects(masked, warnings);
    const masks = options.split === true ? whole.flatMap(partsOf) : whole;
    const image = imageOf(masked, index, warnings);
    const size = await sizeOf(masked, masks, image.path);
    images.push({ id, fileName: image.fileName, ...size });
    for (const mask of masks) {
      objects.push(objectOfMask(objects.length + 1, id, 1, mask));
    }
    options.onImage?.(id, listed.length, image.fileName);
  }
  const categories = [{ id: 1, name: options.category ?? 'object' }];
  return { kind: 'dataset', header: { images: images.map(imageFields), categories }, images, categories, objects };
}

async function listMasks(folder: string): Promise<MaskedImage[]> {
  const entries = await list(folder);
  const files = imagesAmong(entries);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  if (files.length > 0) {
    return files.map((name) => ({ stem: stemOf(name), masks: [join(folder, name)], isLabels: true }));
  }
  if (folders.includes('masks')) {
    return listBeside(folder, folders.includes('images'));
  }
  const listed = await Promise.all(folders.sort(compare).map((name) => listObjects(folder, name)));
  const found = listed.filter((image) => image !== undefined);
  if (found.length === 0) {
    throw new InputError(
      `${folder} holds no masks: a PNG with labels for each image, or a folder of PNGs for each image, is needed`,
    );
  }
  return found;
}

/** `masks/` and `images/` side by side, with the same names. */
async function listBeside(folder: string, hasImages: boolean): Promise<MaskedImage[]> {
  const masks = imagesAmong(await list(join(folder, 'masks')));
  const index = hasImages ? await ImageIndex.of(join(folder, 'images')) : null;
  const found = masks.map((name): MaskedImage => {
    const image = index === null ? undefined : findImage(index, stemOf(name));
    const path = index === null || image === undefined ? undefined : index.path(image);
    return {
      stem: stemOf(name),
      masks: [join(folder, 'masks', name)],
      isLabels: true,
      ...(path === undefined ? {} : { image: { fileName: `images/${image}`, path } }),
    };
  });
  if (masks.length === 0 || (hasImages && found.every(({ image }) => image === undefined))) {
    throw new InputError(
      `${folder} holds masks/ and images/ without a common name: is it the folder of one image? Name the one above it`,
    );
  }
  return found;
}

/** One image's folder with a file for each object; undefined where it holds none. */
async function listObjects(folder: string, name: string): Promise<MaskedImage | undefined> {
  const entries = await list(join(folder, name));
  const has = (inner: string) => entries.some((entry) => entry.isDirectory() && entry.name === inner);
  const at = has('masks') ? join(folder, name, 'masks') : join(folder, name);
  const masks = imagesAmong(has('masks') ? await list(at) : entries).map((mask) => join(at, mask));
  const images = has('images') ? imagesAmong(await list(join(folder, name, 'images'))) : [];
  if (masks.length === 0 && images.length !== 1) {
    return undefined;
  }
  return {
    stem: name,
    masks,
    isLabels: false,
    ...(images.length === 1
      ? { image: { fileName: `${name}/images/${images[0]}`, path: join(folder, name, 'images', images[0]) } }
      : {}),
  };
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw readError(error, 'mask folder', folder);
  }
}

function imagesAmong(entries: readonly Dirent[]): string[] {
  const names = entries.filter((entry) => !entry.isDirectory() && isImageName(entry.name)).map(({ name }) => name);
  return names.sort(compare);
}

function compare(a: string, b: string): number {
  return naturalOrder.compare(a, b) || (a < b ? -1 : 1);
}

async function readLabels(
  { masks: [path] }: MaskedImage,
  { split }: MaskFolderReading,
  warnings: Warnings,
): Promise<Rle[]> {
  const image = await decodeLabelImage(path);
  if (looksLikePhotograph(image)) {
    warnings.add('masks that look like photographs (are masks and images swapped?)', path);
  }
  const masks = masksOfLabels(image);
  if (masks.length === 0) {
    warnings.add('masks without an object', path);
  } else if (masks.length === 1 && split !== true) {
    warnings.add('masks with one label only, taken as one object each (--split makes each part an object)', path);
  }
  return masks;
}

async function readObjects({ masks: paths, stem }: MaskedImage, warnings: Warnings): Promise<Rle[]> {
  const masks: Rle[] = [];
  for (let i = 0; i < paths.length; i += DECODED_AT_ONCE) {
    const some = paths.slice(i, i + DECODED_AT_ONCE);
    const decoded = await Promise.all(some.map(async (path) => readObject(path)));
    decoded.forEach(({ mask, width, height }, k) => {
      if (mask === undefined) {
        warnings.add('empty masks, left out', some[k]);
        return;
      }
      const first = masks.at(0) ?? mask;
      if (first.width !== width || first.height !== height) {
        throw new InputError(
          `mask ${some[k]} is ${width}x${height}, others of ${stem} are ${first.width}x${first.height}: ` +
            'masks of one image have its size',
        );
      }
      masks.push(mask);
    });
  }
  return masks;
}

async function readObject(path: string): Promise<{ mask: Rle | undefined; width: number; height: number }> {
  const labels = await decodeLabelImage(path);
  return { mask: maskOfForeground(labels), width: labels.width, height: labels.height };
}

/** The 4-connected parts: what `polygonsFromRle` gives a polygon each. */
function partsOf(mask: Rle): Rle[] {
  return polygonsFromRle(mask).map((polygon) => rleFromPolygon(polygon, mask.height, mask.width));
}

function findImage(index: ImageIndex, stem: string): string | undefined {
  return index.find(stem) ?? index.find(stem.replace(MASK_SUFFIX, ''));
}

function imageOf(
  masked: MaskedImage,
  index: ImageIndex | null,
  warnings: Warnings,
): { fileName: string; path?: string } {
  if (index === null) {
    return masked.image ?? { fileName: `${masked.stem}.png` };
  }
  const found = findImage(index, masked.stem);
  if (found === undefined) {
    warnings.add(`masks without an image of their name in ${index.folder}, named .png`, masked.stem);
    return { fileName: `${masked.stem}.png` };
  }
  return { fileName: found, path: index.path(found) };
}

async function sizeOf(
  { masks: [path], stem }: MaskedImage,
  [mask]: readonly Rle[],
  imagePath: string | undefined,
): Promise<{ width: number; height: number }> {
  const size = imagePath === undefined ? undefined : await readImageSize(imagePath);
  const own = mask ?? size ?? (path === undefined ? undefined : await readImageSize(path));
  if (own === undefined) {
    throw new InputError(`the size of image ${stem} is not known: give the folder of the images as --images`);
  }
  if (size !== undefined && (size.width !== own.width || size.height !== own.height)) {
    throw new InputError(
      `masks of ${stem} are ${own.width}x${own.height}, but ${imagePath} has ${size.width}x${size.height} pixels: ` +
        'masks have the size of their image',
    );
  }
  return { width: own.width, height: own.height };
}

/**
 * Writes NAME.png for each image: grey, 0 is background, n the n-th object of the image in the order of the file; 8 bit,
 * or 16 where an image has more than 255 objects. Where objects overlap the later one is seen.
 * @param warnings counts images with overlaps, objects of which nothing is seen, crowds, which are left out
 * @throws InputError for an object without a mask, an image of unknown size, and more than 65,535 objects in an image
 */
export async function writeLabelImages(
  folder: OutputFolder,
  data: Convertible,
  warnings: Warnings,
  onImage?: MaskFolderReading['onImage'],
): Promise<void> {
  const masks = masksByImage(data, warnings);
  const names = overlayNames(data.images.map(({ id, fileName }) => ({ id, fileName: fileName || `${id}.png` })));
  for (const [i, { id, width, height }] of data.images.entries()) {
    const name = names.get(id) ?? `${id}.png`;
    const own = masks.get(id) ?? [];
    if (width === 0 || height === 0) {
      throw new InputError(`image ${id} (${name}) has no width and height: add them to "images"`);
    }
    if (own.length > LARGEST_LABEL) {
      throw new InputError(`image ${id} (${name}) has ${own.length} objects: 16 bit hold ${LARGEST_LABEL}`);
    }
    const { labels, overlap, hidden } = drawLabels(own, width, height);
    if (overlap) {
      warnings.add('images whose objects overlap, where the later one is written', name);
    }
    hidden.forEach((m) => {
      warnings.add('objects without a pixel of their own, lost', `object ${m + 1} of ${name}`);
    });
    await folder.add(name, await encodeGreyPng(labels, width, height));
    onImage?.(i + 1, data.images.length, name);
  }
}

function masksByImage(data: Convertible, warnings: Warnings): Map<number, Rle[]> {
  const masks = new Map<number, Rle[]>(data.images.map(({ id }) => [id, []]));
  data.objects.forEach(({ imageId, isCrowd, mask }, i) => {
    if (isCrowd) {
      warnings.add('crowds, which are no single objects, left out', `annotations[${i}]`);
    } else if (mask === undefined) {
      throw new InputError(`annotations[${i}] has a box only: masks need a segmentation of every object`);
    } else {
      masks.get(imageId)?.push(mask);
    }
  });
  return masks;
}
