import type { Rle } from '../../eval/rle';
import { bubbleLayer } from './bubble';
import { addGlare, expose } from './camera';
import { flakeLayer } from './flake_texture';
import { addSpecks, fluid, uneven } from './illumination';
import type { Layer } from './layer';
import { compose, defocus } from './layer';
import { blurReach, coverage } from './patch';
import { RandomStream } from './random';
import type { Bubble } from './bubble';
import type { Flake, SceneName, SceneOptions } from './scene';
import { layOut, PURPOSE } from './scene';
import { drawRim } from './vessel_rim';

export interface Particle {
  /** The visible part by its true outline, before any blur. */
  readonly mask: Rle;
  /** Deviation of the blur that it is seen with, in pixels. */
  readonly blur: number;
}

export interface RenderedScene {
  readonly width: number;
  readonly height: number;
  /** Grey, row-major, 8 bits. */
  readonly pixels: Uint8Array;
  /** From the nearest to the farthest; their masks are disjoint and none is empty. */
  readonly particles: readonly Particle[];
}

/** The optics and lamp of one scene. */
interface Optics {
  readonly lightFrom: number;
  /** Depth that is in focus. */
  readonly focus: number;
  /** Deviation of the blur in focus, and at a depth difference of 1, in pixels. */
  readonly sharpest: number;
  readonly defocus: number;
  readonly fluid: number;
}

/**
 * Draws a scene of particles in a dark fluid under a microscope, and knows the exact mask of each. The same scene and
 * options give the same pixels on every machine: all randomness is counter-based, and all arithmetic is that of
 * IEEE 754.
 *
 * @throws InputError where the picture has no room for the least number of particles
 */
export function renderScene(name: SceneName, options: SceneOptions): RenderedScene {
  const { width, height, distractors } = options;
  const stream = (purpose: keyof typeof PURPOSE, item = 0): RandomStream =>
    new RandomStream({ ...name, item }, PURPOSE[purpose]);
  const scene = layOut(name, options);
  const illumination = uneven(stream('illumination'), width, height);
  const { level, picture } = fluid(stream('fluid'), illumination, width, height);
  const camera = stream('camera');
  const optics: Optics = {
    lightFrom: camera.uniform(),
    focus: camera.uniform(0.25, 0.65),
    sharpest: camera.uniform(0.55, 0.85),
    defocus: camera.uniform(3, 8),
    fluid: level,
  };
  if (distractors) {
    addSpecks(stream('specks'), picture, illumination);
  }
  if (scene.rim !== null) {
    drawRim(stream('rim'), scene.rim, picture, illumination);
  }
  const blurs = scene.flakes.map(({ depth, diameter }) => blurAt(optics, depth, diameter));
  const things = [
    ...scene.flakes.map((flake, i) => ({
      depth: flake.depth,
      layer: () => drawFlake(stream('texture', flake.item), flake, blurs[i], optics),
    })),
    ...scene.bubbles.map((bubble) => ({
      depth: bubble.depth,
      layer: () => drawBubble(stream('bubble', bubble.item), bubble, optics),
    })),
  ].sort((a, b) => b.depth - a.depth);
  for (const { layer } of things) {
    compose(picture, illumination, layer());
  }
  addGlare(picture, camera.uniform(0.02, 0.1));
  return {
    width,
    height,
    pixels: expose(camera, picture),
    particles: scene.masks.map((mask, i) => ({ mask, blur: blurs[i] })),
  };
}

/** Small things are blurred less, or nothing of them would be left to see. */
function blurAt({ focus, sharpest, defocus: perDepth }: Optics, depth: number, diameter: number): number {
  const away = Math.max(0, Math.abs(depth - focus) - 0.08);
  return sharpest + Math.min(perDepth * away, 0.11 * diameter);
}

function drawFlake(
  random: RandomStream,
  { outline, diameter, depth }: Flake,
  deviation: number,
  optics: Optics,
): Layer {
  const body = coverage(outline, blurReach(deviation) + 1);
  // The farther, the more of its light the fluid takes.
  const brightness = Math.max(3.2 * optics.fluid, random.logNormal(0.26, 0.5, 0.09, 0.9) * (1 - 0.45 * depth));
  return defocus(flakeLayer(random, body, { diameter, brightness, lightFrom: optics.lightFrom }), deviation);
}

function drawBubble(random: RandomStream, bubble: Bubble, optics: Optics): Layer {
  const deviation = blurAt(optics, bubble.depth, bubble.radius);
  const margin = blurReach(deviation);
  return defocus(bubbleLayer(random, bubble, { fluid: optics.fluid, lightFrom: optics.lightFrom, margin }), deviation);
}
