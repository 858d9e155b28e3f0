import { IMAGES_IN_FLIGHT, type Detector, type ImageDetections } from '../models/detector';
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
 * Detects the objects of images, and gives them in their order. While the caller waits for one, the next is on the device
 * as well and the one after it is being decoded; further ones are not begun.
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
  const detect = async (image: Image, pixels: RgbImage): Promise<DetectedImage<Image>> => {
    return { image, pixels, found: await detector.detect(pixels, profile) };
  };
  const inFlight: Promise<DetectedImage<Image>>[] = [];
  let next = decode(0);
  let failure: { readonly error: unknown } | undefined;
  try {
    for (const [i, image] of images.entries()) {
      try {
        inFlight.push(quietly(detect(image, (await next)!)));
      } catch (error) {
        failure = { error };
        break;
      }
      next = decode(i + 1);
      if (inFlight.length === IMAGES_IN_FLIGHT) {
        yield await inFlight.shift()!;
      }
    }
    while (inFlight.length > 0) {
      yield await inFlight.shift()!;
    }
  } finally {
    // the caller may release the detector next
    await Promise.allSettled(inFlight);
  }
  if (failure !== undefined) {
    throw failure.error;
  }
}
