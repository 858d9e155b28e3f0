import { describe, expect, it } from 'vitest';
import { lossComplaint, type CheckedStep } from '../../src/train/loss_check';

const NAMES = ['loss', 'objectness', 'mask'];
const STEP: CheckedStep = {
  step: 412,
  images: ['a.png', 'b c.tif'],
  learningRate: 0.02,
  clipNorm: null,
  checkpoint: { path: 'runs/a/last.safetensors', step: 400 },
};

/** f32 values from their bits: JavaScript may change those of a NaN on its way. */
function fromBits(...bits: number[]): Float32Array {
  return new Float32Array(Uint32Array.from(bits).buffer);
}

const ONE = 0x3f800000;

describe('lossComplaint', () => {
  it('has nothing to say on numbers, however large or small', () => {
    const values = fromBits(0x7f7fffff, 0xff7fffff, 0x80000001);
    expect(lossComplaint(NAMES, values, STEP)).toBeNull();
    expect(lossComplaint(NAMES, new Float32Array(3), STEP)).toBeNull();
    expect(lossComplaint([], new Float32Array(0), STEP)).toBeNull();
  });

  it('names step, images, loss, what to lower and the checkpoint', () => {
    expect(lossComplaint(NAMES, fromBits(0x7fc00000, ONE, 0x7fc00000), STEP)).toBe(
      'step 412 (images a.png, b c.tif): the mask loss is NaN: lower optimizer.learning_rate (now 0.02) or clip gradients with ' +
        'train.clip_norm (e.g. 35); the last checkpoint, of step 400, is runs/a/last.safetensors',
    );
  });

  it.each([
    ['quiet NaN', 0x7fc00000, 'NaN'],
    ['negative quiet NaN', 0xffc00000, 'NaN'],
    ['signalling NaN', 0x7f800001, 'NaN'],
    ['NaN of all bits', 0xffffffff, 'NaN'],
    ['infinity', 0x7f800000, 'infinite'],
    ['negative infinity', 0xff800000, 'infinite'],
  ])('tells %s', (_, bits, kind) => {
    expect(lossComplaint(NAMES, fromBits(ONE, bits, ONE), STEP)).toContain(`: the objectness loss is ${kind}: `);
  });

  it('reads the values that it is given, not the memory before them', () => {
    const whole = fromBits(0x7fc00000, ONE, ONE, 0x7fc00000);
    expect(lossComplaint(['loss', 'mask'], whole.subarray(1, 3), STEP)).toBeNull();
    expect(lossComplaint(['mask', 'rpnBox'], whole.subarray(2), STEP)).toContain(': the rpnBox loss is NaN: ');
  });

  it('names several losses, the sum alone where no part is wrong, and counts many images', () => {
    const all = fromBits(0x7fc00000, 0x7f800000, 0x7fc00000);
    expect(lossComplaint(NAMES, all, STEP)).toContain(': the objectness loss is infinite and the mask loss is NaN: ');
    const images = Array.from({ length: 10 }, (_, i) => `${i}.png`);
    const complaint = lossComplaint(NAMES, fromBits(0x7f800000, ONE, ONE), {
      step: 1,
      images,
      learningRate: 0.1 + 0.2,
      clipNorm: 10,
      checkpoint: null,
    });
    expect(complaint).toBe(
      'step 1 (images 0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png and 2 more): the sum of the losses is infinite: ' +
        'lower optimizer.learning_rate (now 0.3) or lower train.clip_norm (now 10); there is no checkpoint yet',
    );
    expect(lossComplaint(['loss', 'gradientNorm'], fromBits(ONE, 0x7f800000), STEP)).toContain(
      ": the gradients' norm is infinite: ",
    );
    expect(lossComplaint(NAMES, all, { ...STEP, images: ['a.png'] })).toContain('step 412 (image a.png): ');
  });
});
