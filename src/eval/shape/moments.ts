import type { Crop } from './crop';
import { degrees } from './feret';

/** The ellipse with the same centroid and normalised second central moments as the mask; lengths in pixels. */
export interface FittedEllipse {
  /** In pixels of the image, pixel centres at +0.5. */
  readonly x: number;
  readonly y: number;
  readonly area: number;
  /** Full lengths of the axes. */
  readonly major: number;
  readonly minor: number;
  /** Of the major axis: degrees, 0 up to below 180, 0 along x, counter-clockwise as seen on the screen. */
  readonly orientation: number;
}

/**
 * Each pixel counts as a square of side 1, which adds 1/12 to the second moments (as in MATLAB's regionprops and in
 * scikit-image before 0.16). The ellipse's own area is not scaled to the mask's, as ImageJ does: only
 * the ratio of the axes is the same there. Where both axes are equal the orientation is 0.
 */
export function fittedEllipse({ left, top, width, height, data }: Crop): FittedEllipse {
  let [area, sumX, sumY, sumXx, sumXy, sumYy] = [0, 0, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 1) {
        area++;
        sumX += x;
        sumY += y;
        sumXx += x * x;
        sumXy += x * y;
        sumYy += y * y;
      }
    }
  }
  const [meanX, meanY] = [sumX / area, sumY / area];
  const xx = sumXx / area - meanX * meanX + 1 / 12;
  const yy = sumYy / area - meanY * meanY + 1 / 12;
  const xy = sumXy / area - meanX * meanY;
  const half = Math.hypot((xx - yy) / 2, xy);
  const mean = (xx + yy) / 2;
  // rounding must not tilt the axes of a shape whose moments are equal
  const isRound = half <= 1e-12 * mean;
  const angle = isRound ? 0 : Math.atan2(2 * xy, xx - yy) / 2;
  return {
    x: meanX + left + 0.5,
    y: meanY + top + 0.5,
    area,
    major: 4 * Math.sqrt(isRound ? mean : mean + half),
    minor: 4 * Math.sqrt(isRound ? mean : mean - half),
    orientation: degrees(Math.cos(angle), Math.sin(angle)),
  };
}
