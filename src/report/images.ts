import sharp from 'sharp';
import type { RgbImage } from '../data/image';

/** An image as a page holds it. */
export interface EmbeddedImage {
  /** JPEG, as a data URI. */
  readonly uri: string;
  /** Pixels of the embedded image. */
  readonly width: number;
  readonly height: number;
  /** Embedded pixels per pixel of the original, at most 1. Outlines stay in pixels of the original. */
  readonly scale: number;
}

const JPEG_QUALITY = 85;

/**
 * Scales an image down until its longer side has at most `longestSide` pixels (never up) and encodes it as JPEG.
 * Pixels are averaged over the area they come from (libvips: box filter by whole factors, Lanczos for the rest).
 */
export async function embedImage({ width, height, data }: RgbImage, longestSide: number): Promise<EmbeddedImage> {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ ...size, fit: 'fill' })
    .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return { uri: `data:image/jpeg;base64,${jpeg.toString('base64')}`, ...size, scale };
}
