import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { coverage } from '../../../src/data/synth/patch';
import { MaskMap } from '../../../src/data/synth/mask_map';
import { flakeOutline } from '../../../src/data/synth/flake_outline';
import { RandomStream } from '../../../src/data/synth/random';
import { renderScene, type RenderedScene } from '../../../src/data/synth/render';
import { layOut, MIN_VISIBLE_AREA, type Scene, type SceneOptions } from '../../../src/data/synth/scene';
import { rleArea, rleDecode, rleEncode, rleToBbox } from '../../../src/eval/rle';

const options: SceneOptions = {
  width: 320,
  height: 240,
  particles: [12, 20],
  diameters: [8, 40],
  distractors: true,
};
const scenes = [0, 1, 2, 3, 4, 5].map((scene) => renderScene({ seed: 11, scene }, options));

describe('renderScene', () => {
  it('gives the same pixels and masks for the same scene, and others for others', () => {
    expect(renderScene({ seed: 11, scene: 2 }, options)).toEqual(scenes[2]);
    expect(new Set([...scenes, renderScene({ seed: 12, scene: 2 }, options)].map(digest)).size).toBe(7);
  });

  it('gives these very bytes on every machine, until the generator is changed on purpose', () => {
    expect(digest(scenes[0])).toBe('4d7c6c8b96d87dbde531d69d41a7d577');
  });

  it('keeps to the options', () => {
    for (const { particles, pixels } of scenes) {
      expect(pixels).toHaveLength(320 * 240);
      expect(particles.length).toBeGreaterThanOrEqual(12);
      expect(particles.length).toBeLessThanOrEqual(20);
      for (const { mask } of particles) {
        expect(rleArea(mask)).toBeGreaterThanOrEqual(MIN_VISIBLE_AREA);
        // The circle of the largest diameter, and what rounding an outline to pixels may add.
        expect(rleArea(mask)).toBeLessThanOrEqual((Math.PI * 40 * 40) / 4 + 40);
      }
    }
    expect(new Set(scenes.map(({ particles }) => particles.length)).size).toBeGreaterThan(1);
  });

  it('has masks of the picture’s size that do not overlap', () => {
    for (const { particles } of scenes) {
      const owners = new Uint8Array(320 * 240);
      for (const { mask } of particles) {
        expect([mask.width, mask.height]).toEqual([320, 240]);
        rleDecode(mask).forEach((inside, i) => (owners[i] += inside));
      }
      expect(Math.max(...owners)).toBe(1);
    }
  });

  it('shows particles brighter than what is around them', () => {
    const contrasts = scenes.flatMap((scene) =>
      scene.particles.map(({ mask, blur }) => {
        const { inside, ring } = brightness(scene, mask);
        return { blur, ratio: inside / ring };
      }),
    );
    const sharp = contrasts.filter(({ blur }) => blur < 1);
    expect(sharp.length).toBeGreaterThan(15);
    expect(sharp.filter(({ ratio }) => ratio > 1.3).length / sharp.length).toBeGreaterThan(0.9);
    expect(contrasts.filter(({ ratio }) => ratio > 1.1).length / contrasts.length).toBeGreaterThan(0.85);
  });

  it('has bubbles and rims, or leaves them and specks out on demand', () => {
    const layouts = (distractors: boolean): Scene[] =>
      scenes.map((_, scene) => layOut({ seed: 11, scene }, { ...options, distractors }));
    const [with_, without] = [layouts(true), layouts(false)];
    expect(with_.some(({ bubbles }) => bubbles.length > 0) && with_.some(({ rim }) => rim !== null)).toBe(true);
    expect(without.every(({ bubbles, rim }) => bubbles.length === 0 && rim === null)).toBe(true);
    const plain = with_.findIndex(({ bubbles, rim }) => bubbles.length === 0 && rim === null);
    expect(without[plain]).toEqual(with_[plain]);
    const withoutSpecks = renderScene({ seed: 11, scene: plain }, { ...options, distractors: false });
    expect(digest(withoutSpecks)).not.toBe(digest(scenes[plain]));
  });

  it('says where there is no room', () => {
    const crowded = { ...options, width: 64, height: 64, particles: [90, 90] as const };
    expect(() => renderScene({ seed: 1, scene: 0 }, crowded)).toThrow(
      /^a picture of 64x64 has room for only \d+ of 90 /,
    );
  });
});

describe('coverage', () => {
  it('of a rectangle is exact along rows', () => {
    const patch = coverage(Float64Array.of(1.25, 2, 3.5, 2, 3.5, 4, 1.25, 4), 1);
    expect([patch.left, patch.top, patch.width, patch.height]).toEqual([0, 1, 5, 4]);
    const row = [0, 0.75, 1, 0.5, 0];
    expect([...patch.data]).toEqual([0, 0, 0, 0, 0, ...row, ...row, 0, 0, 0, 0, 0]);
  });

  it('of a flake sums up to the area of the circle with its diameter', () => {
    for (let item = 0; item < 50; item++) {
      const random = new RandomStream({ seed: 5, scene: 0, item }, 0);
      const diameter = random.uniform(10, 90);
      const { data } = coverage(flakeOutline(random, { diameter, angle: 0.1, x: 100.5, y: 90 }), 0);
      const sum = data.reduce((a, b) => a + b, 0);
      expect(Math.abs(sum / ((Math.PI * diameter * diameter) / 4) - 1)).toBeLessThan(0.02);
      expect(Math.max(...data)).toBeLessThan(1 + 1e-6);
    }
  });
});

describe('MaskMap', () => {
  const full = (left: number, top: number, width: number, height: number) => {
    return { left, top, width, height, data: new Float32Array(width * height).fill(1) };
  };

  it('gives the nearer object what both cover, and refuses what is hardly seen', () => {
    const map = new MaskMap(6, 5);
    expect(map.claim(full(-2, -2, 5, 9), 15)).toBe(true);
    expect(map.claim(full(1, 1, 3, 3), 4)).toBe(false);
    expect(map.claim(full(1, 1, 4, 9), 4)).toBe(true);
    map.hide({ x: 6, y: 0, radius: 1.1 });
    expect(map.claim(full(5, 0, 1, 5), 4)).toBe(true);
    const columns = (...text: string[]) => rleEncode(Array.from(text.join(''), Number), 5, 6);
    expect(map.masks()).toEqual([
      columns('11111', '11111', '11111', '00000', '00000', '00000'),
      columns('00000', '00000', '00000', '01111', '01111', '00000'),
      columns('00000', '00000', '00000', '00000', '00000', '01111'),
    ]);
  });
});

function digest({ pixels, particles }: RenderedScene): string {
  const hash = createHash('sha256').update(pixels);
  particles.forEach(({ mask }) => hash.update(mask.counts.join()));
  return hash.digest('hex').slice(0, 32);
}

/** Mean grey values inside a mask, and at the pixels 3 to 6 away from its box that belong to no particle. */
function brightness(
  scene: RenderedScene,
  mask: RenderedScene['particles'][0]['mask'],
): { inside: number; ring: number } {
  const { width, height, pixels, particles } = scene;
  const taken = new Uint8Array(width * height);
  particles.forEach((particle) => {
    rleDecode(particle.mask).forEach((inside, i) => (taken[i] |= inside));
  });
  const own = rleDecode(mask);
  const [x, y, w, h] = rleToBbox(mask);
  const [inside, ring] = [
    [0, 0],
    [0, 0],
  ];
  for (let column = Math.max(0, x - 6); column < Math.min(width, x + w + 6); column++) {
    for (let row = Math.max(0, y - 6); row < Math.min(height, y + h + 6); row++) {
      const i = column * height + row;
      const near = column >= x - 3 && column < x + w + 3 && row >= y - 3 && row < y + h + 3;
      const into = own[i] === 1 ? inside : near || taken[i] === 1 ? null : ring;
      if (into !== null) {
        into[0] += pixels[row * width + column];
        into[1]++;
      }
    }
  }
  return { inside: inside[0] / inside[1], ring: ring[0] / ring[1] };
}
