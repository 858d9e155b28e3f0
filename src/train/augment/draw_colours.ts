import type { AugmentSettings } from '../../config/augment_schema';
import type { ColourChange } from '../../kernels/augment/colour_settings';
import type { Effects } from '../../kernels/augment/effects';
import type { DrawKey, Draws } from './draws';

/** Whether a configuration may change colours: TrainingInputShape.colours. */
export function changesColours(settings: AugmentSettings): boolean {
  const { brightness, contrast, autocontrast, equalize, blur, noise } = settings;
  return [brightness, contrast, autocontrast, equalize, blur, noise].some(({ probability }) => probability > 0);
}

export function drawColours(settings: AugmentSettings, drawn: Draws): ColourChange {
  const factor = (change: 'brightness' | 'contrast'): number => {
    const random = drawn(change);
    return random.chance(settings[change].probability) ? random.uniform(...settings[change].factor) : 1;
  };
  const happens = (change: 'autocontrast' | 'equalize'): boolean => drawn(change).chance(settings[change].probability);
  return {
    brightness: factor('brightness'),
    contrast: factor('contrast'),
    autocontrast: happens('autocontrast'),
    equalize: happens('equalize'),
  };
}

export function drawEffects({ blur, noise }: AugmentSettings, drawn: Draws, { seed, step, index }: DrawKey): Effects {
  const [blurring, disturbing] = [drawn('blur'), drawn('noise')];
  const sigma = blurring.chance(blur.probability) ? blurring.uniform(...blur.sigma) : 0;
  const deviation = disturbing.chance(noise.probability) ? disturbing.uniform(...noise.deviation) : 0;
  return { sigma, deviation, seed, step, index };
}
