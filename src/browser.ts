/** What programs in a browser import: the core, and the browser's side of it. */
import { InputError } from './errors';
import type { GpuHost } from './gpu/host';
import type { RgbPixels } from './models/detector';

export * from './core';

/** What the core needs from a browser. Reading `gpu` throws an InputError where the browser has no WebGPU. */
export const browserHost: GpuHost = {
  get gpu(): GPU {
    const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
    if (navigator?.gpu === undefined) {
      throw new InputError('This browser, or this page (it must come over https or from localhost), has no WebGPU.');
    }
    return navigator.gpu;
  },
  wait: (promise) => promise,
};

interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface Context2d {
  drawImage(image: Bitmap, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
}

/** What is used of a browser's image functions; the declarations of a whole browser would hide mistakes in the core. */
interface BrowserImages {
  readonly createImageBitmap: (image: Blob, options: Record<string, string>) => Promise<Bitmap>;
  readonly OffscreenCanvas: new (
    width: number,
    height: number,
  ) => { getContext(kind: '2d', options: Record<string, unknown>): Context2d | null };
}

/**
 * Decodes an image file, in a page or a worker, to the pixels that `Detector.detect` takes: 8-bit RGB, row-major, three
 * bytes a pixel. The browser decodes it, so its rules hold, not those of the decoder for Node: EXIF orientation is
 * applied, 16 bit is rounded to 8, and colours under an alpha below 255 are off by rounding, or black where it is 0.
 * Alpha itself is dropped, and embedded colour profiles are ignored.
 *
 * @param image the bytes of the file: a `File` from an input, or `await (await fetch(url)).blob()`
 * @param name of the image, for messages
 * @throws InputError where the browser cannot decode it (PNG, JPEG and WebP are safe; TIFF mostly is not)
 */
export async function decodeImage(image: Blob, name = 'the image'): Promise<RgbPixels> {
  const { createImageBitmap, OffscreenCanvas } = globalThis as unknown as BrowserImages;
  const bitmap = await createImageBitmap(image, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' }).catch(
    (error: unknown) => {
      throw new InputError(
        `${name}: this browser cannot decode it (${error instanceof Error ? error.message : String(error)}); ` +
          'give a PNG, JPEG or WebP file.',
      );
    },
  );
  const { width, height } = bitmap;
  try {
    // on the CPU, since the pixels are read back
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (context === null) {
      throw new InputError(`${name}: this browser has no canvas of ${width} x ${height} pixels; give a smaller image.`);
    }
    context.drawImage(bitmap, 0, 0);
    const rgba = context.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
      data[to] = rgba[from];
      data[to + 1] = rgba[from + 1];
      data[to + 2] = rgba[from + 2];
    }
    return { width, height, data };
  } finally {
    bitmap.close();
  }
}
