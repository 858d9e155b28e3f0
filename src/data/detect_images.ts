import type { Detector, ImageDetections } from '../models/detector';
import { decodeImageOfSize } from './dataset_image';
import type { RgbImage } from './image';
import { quietly } from './quietly';

/** The file of an image, and the size that an annotation file states, else 0. */
export interface ImageFile {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

export interface DetectedImage<Image extends ImageFile> {
  readonly image: Image;
  readonly pixels: RgbImage;
  readonly found: ImageDetections;
}

/**
 * Detects the objects of images, one after the other in their order; the next one is decoded beside the GPU's work on this
 * one.
 * @param profile as `Detector.detect` has it
 * @throws InputError for an image that cannot be read, or is not of its size, when it is its turn
 */
export async function* detectImages<Image extends ImageFile>(
  detector: Pick<Detector, 'detect'>,
  images: readonly Image[],
  profile = false,
): AsyncGenerator<DetectedImage<Image>, void> {
  const decode = (index: number): Promise<RgbImage> | null =>
    index < images.length ? quietly(decodeImageOfSize(images[index].path, images[index])) : null;
  let next = decode(0);
  for (const [i, image] of images.entries()) {
    const pixels = (await next)!;
    const detecting = detector.detect(pixels, profile);
    next = decode(i + 1);
    yield { image, pixels, found: await detecting };
  }
}
