import type { AugmentSettings } from '../../config/augment_schema';
import type { ColourChange } from '../../kernels/augment/colour_settings';
import type { Draws } from './draws';

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
