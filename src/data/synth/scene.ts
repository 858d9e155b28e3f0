import type { Rle } from '../../eval/rle';
import { InputError } from '../../errors';
import type { Bubble } from './bubble';
import { cosTurns, sinTurns } from './exact_math';
import { flakeOutline } from './flake_outline';
import { MaskMap } from './mask_map';
import { coverage } from './patch';
import { RandomStream } from './random';
import type { VesselRim } from './vessel_rim';
import { insideRim, placeRim } from './vessel_rim';

/** A range of numbers, both ends included. */
export type Range = readonly [low: number, high: number];

export interface SceneOptions {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Particles in a scene. */
  readonly particles: Range;
  /** Diameters of circles with the particles' areas, in pixels. */
  readonly diameters: Range;
  /** Air bubbles, the vessel's rim and specks. */
  readonly distractors: boolean;
}

/** Numbers and sizes that make a picture of this size (in pixels) neither empty nor crowded. */
export function usualRanges(width: number, height: number): { particles: Range; diameters: Range } {
  const share = (width * height) / (1280 * 1024);
  return {
    particles: [Math.max(3, Math.round(60 * share)), Math.max(8, Math.round(150 * share))],
    diameters: [8, Math.min(90, Math.floor(0.3 * Math.min(width, height)))],
  };
}

/** Which scene: it depends on these two and the options alone. */
export interface SceneName {
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Whole number below 2^32. */
  readonly scene: number;
}

export interface Flake {
  readonly item: number;
  readonly outline: Float64Array;
  readonly diameter: number;
  /** 0 is next to the camera, 1 is the vessel's floor. */
  readonly depth: number;
}

/** What is where, before anything is drawn. */
export interface Scene {
  /** From the nearest to the farthest. */
  readonly flakes: readonly Flake[];
  /** The visible part of each flake, disjoint. */
  readonly masks: readonly Rle[];
  readonly bubbles: readonly Bubble[];
  readonly rim: VesselRim | null;
}

/** Particles of which less is to be seen are neither drawn nor annotated: pixels, and the share of the whole flake. */
export const MIN_VISIBLE_AREA = 20;
const MIN_VISIBLE_SHARE = 0.3;
/** So many places tried in vain for one particle, and the picture counts as full. */
const ATTEMPTS = 200;

/** What the streams of a scene are for. The numbers are part of what a seed means. */
export const PURPOSE = {
  layout: 1,
  outline: 2,
  texture: 3,
  bubble: 4,
  rim: 5,
  illumination: 6,
  fluid: 7,
  specks: 8,
  camera: 9,
  bubbleLayout: 10,
} as const;

/**
 * Places the things of a scene. Particles are placed from the nearest to the farthest, and one that the nearer ones
 * hide too much of is placed elsewhere: so all that is drawn is annotated.
 *
 * @throws InputError where the picture has no room for the least number of particles
 */
export function layOut(name: SceneName, options: SceneOptions): Scene {
  const { width, height, particles, distractors } = options;
  const random = new RandomStream({ ...name, item: 0 }, PURPOSE.layout);
  const count = random.whole(particles[0], particles[1]);
  const drift = random.uniform();
  const rim = placeRimSometimes(random, options);
  const bubbles = distractors
    ? placeBubbles(new RandomStream({ ...name, item: 0 }, PURPOSE.bubbleLayout), options)
    : [];
  const depths = Float64Array.from({ length: count }, () => random.uniform()).sort();
  const map = new MaskMap(width, height);
  const flakes: Flake[] = [];
  const centres: { x: number; y: number; diameter: number }[] = [];
  let item = 0;
  let nextBubble = 0;
  let inVain = 0;
  while (flakes.length < count && inVain < ATTEMPTS) {
    const depth = depths[flakes.length];
    for (; nextBubble < bubbles.length && bubbles[nextBubble].depth <= depth; nextBubble++) {
      map.hide(bubbles[nextBubble]);
    }
    item++;
    inVain++;
    const own = new RandomStream({ ...name, item }, PURPOSE.outline);
    const diameter = drawDiameter(own, options);
    const centre = drawCentre(own, options, centres, diameter);
    const angle = drift + 0.13 * own.normal();
    const outline = flakeOutline(own, { diameter, angle, ...centre });
    if (rim !== null && !liesWithin(rim, outline)) {
      continue;
    }
    const least = Math.max(MIN_VISIBLE_AREA, (MIN_VISIBLE_SHARE * Math.PI * diameter * diameter) / 4);
    if (map.claim(coverage(outline, 0), least)) {
      inVain = 0;
      flakes.push({ item, outline, diameter, depth });
      centres.push({ ...centre, diameter });
    }
  }
  if (flakes.length < particles[0]) {
    throw new InputError(
      `a picture of ${width}x${height} has room for only ${flakes.length} of ${particles[0]} particles: ` +
        'lower --particles or --particle-size, or raise --size',
    );
  }
  return { flakes, masks: map.masks(), bubbles, rim };
}

function placeRimSometimes(random: RandomStream, { width, height, distractors }: SceneOptions): VesselRim | null {
  // Drawn in any case, so that the rest of the scene does not depend on it.
  const rim = placeRim(random, width, height);
  return random.chance(0.35) && distractors ? rim : null;
}

/** Bubbles, from the nearest to the farthest. */
function placeBubbles(random: RandomStream, { width, height }: SceneOptions): Bubble[] {
  const most = Math.min(7, Math.max(1, Math.round((width * height) / 160_000)));
  const largest = Math.max(4, Math.min(55, 0.13 * Math.min(width, height)));
  const bubbles = Array.from({ length: random.whole(0, most) }, (_, item): Bubble => {
    return {
      item,
      x: random.uniform(0, width),
      y: random.uniform(0, height),
      radius: random.logNormal(0.35 * largest, 0.5, 3, largest),
      depth: random.uniform(),
    };
  });
  return bubbles.sort((a, b) => a.depth - b.depth);
}

function drawDiameter(random: RandomStream, { diameters: [low, high] }: SceneOptions): number {
  return random.logNormal(low + 0.17 * (high - low), 0.55, low, high);
}

/** Anywhere, also partly outside; now and then beside another particle, so that some touch and overlap. */
function drawCentre(
  random: RandomStream,
  { width, height }: SceneOptions,
  others: readonly { x: number; y: number; diameter: number }[],
  diameter: number,
): { x: number; y: number } {
  if (others.length > 0 && random.chance(0.22)) {
    const other = others[random.whole(0, others.length - 1)];
    const angle = random.uniform();
    const distance = (random.uniform(0.6, 1.3) * (other.diameter + diameter)) / 2;
    return { x: other.x + distance * cosTurns(angle), y: other.y + distance * sinTurns(angle) };
  }
  const beyond = diameter / 4;
  return { x: random.uniform(-beyond, width + beyond), y: random.uniform(-beyond, height + beyond) };
}

function liesWithin(rim: VesselRim, outline: Float64Array): boolean {
  for (let i = 0; i < outline.length; i += 2) {
    if (insideRim(rim, outline[i], outline[i + 1]) < 2) {
      return false;
    }
  }
  return true;
}
