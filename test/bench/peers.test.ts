import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BENCH_MODELS } from '../../src/bench/models';
import { PeerChild } from '../../src/bench/peers/child';
import { requirePackage } from '../../src/bench/peers/packages';
import { PEER_IDS } from '../../src/bench/peers/peer';
import { peersOf } from '../../src/bench/peers/peers';
import { findPython } from '../../src/bench/peers/python';
import { InputError } from '../../src/errors';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-peers-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function script(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('a peer in a process of its own', () => {
  it('answers one request after the other, typed arrays as they are, and can fail in one', async () => {
    const file = script(
      'answers.mjs',
      `process.stderr.write('Using "Some GPU (X 1)" with driver: "libvulkan.so"\\n');
       process.on('message', ({ data }) => {
         process.send(data === undefined ? { error: 'no data' } : { value: data.map((x) => 2 * x) });
       });`,
    );
    const child = PeerChild.node(file, 'the peer');
    expect(await child.ask({ data: Float32Array.of(1, 2) })).toEqual(Float32Array.of(2, 4));
    await expect(child.ask({})).rejects.toThrow('the peer: no data');
    expect(await child.ask({ data: Float32Array.of(3) })).toEqual(Float32Array.of(6));
    expect(child.vulkanDevice).toBe('Some GPU (X 1)');
    await child.end();
    await expect(child.ask({})).rejects.toThrow('the peer ended with SIGTERM');
  });

  it('speaks lines of JSON to other interpreters', async () => {
    const file = script(
      'lines.mjs',
      `import { createInterface } from 'node:readline';
       createInterface({ input: process.stdin }).on('line', (line) => {
         console.log(line.includes('odd') ? 'Segmentation' : JSON.stringify({ value: JSON.parse(line).n + 1 }));
       });`,
    );
    const child = PeerChild.lines(process.execPath, file, 'the peer');
    expect(await child.ask({ n: 1 })).toBe(2);
    await expect(child.ask({ odd: true })).rejects.toThrow('the peer: says "Segmentation"');
    await child.end();
  });

  it('tells what a process said before it ended, and of a program that is not there', async () => {
    const file = script('ends.mjs', "console.error('first\\nout of memory'); process.exit(3);");
    for (const child of [PeerChild.node(file, 'the peer'), PeerChild.lines(process.execPath, file, 'the peer')]) {
      await expect(child.ask({})).rejects.toThrow('the peer ended with 3: out of memory');
      await child.end();
    }
    const missing = PeerChild.lines(join(folder, 'no-such-program'), file, 'the peer');
    await expect(missing.ask({})).rejects.toThrow(/the peer: .*ENOENT/);
    await missing.end();
  });
});

describe('what the peers need', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is named where it is missing, with how to install it', () => {
    vi.stubEnv('PYTHON', 'no-such-python');
    expect(findPython).toThrow(/^no-such-python has no torch and torchvision: install them .*set PYTHON to an interp/);
    const ours = join(folder, 'peer.mjs');
    expect(() => requirePackage(ours, 'no-such-package')).toThrow(/no-such-package is not installed: run `npm ci/);
    expect(() => peersOf(PEER_IDS, () => undefined, folder)).toThrow(InputError);
    expect(() => peersOf(PEER_IDS, () => undefined, folder)).toThrow('--peers needs a clone of the repository');
  });

  it('leaves out what a peer has not got', () => {
    const able = peersOf(PEER_IDS, () => undefined).map((peer) => [
      peer.id,
      BENCH_MODELS.filter((model) => peer.lacks(model) === null).map(({ id }) => id),
    ]);
    const detectors = ['mask_rcnn', 'mask_rcnn_800', 'slim'];
    expect(Object.fromEntries(able)).toEqual({
      'onnxruntime-webgpu': ['conv3x3', 'resnet50', ...detectors],
      'onnxruntime-cpu': ['conv3x3', 'resnet50', ...detectors],
      'tfjs-webgpu': ['resnet50'],
      torchvision: ['conv3x3', 'resnet50', ...detectors, 'train_slim', 'train_r50'],
    });
  });
});
