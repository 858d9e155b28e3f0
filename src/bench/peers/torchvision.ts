import { join } from 'node:path';
import type { Contestant, ModelRun } from '../measure';
import type { BenchModel } from '../model';
import { PeerChild } from './child';
import { writeInputs } from './exchange';
import type { Peer, PeerSetting } from './peer';
import { findPython } from './python';

const SCRIPT = 'bench/peers/torchvision_peer.py';

/** torchvision in eager mode: on all cores of the CPU, and on CUDA where PyTorch has it. */
export function torchvision({ root }: PeerSetting): Peer {
  return {
    id: 'torchvision',
    lacks: () => null,
    async start(model) {
      const { command, cuda } = findPython();
      const inputs = writeInputs(model, root);
      const contestants: Contestant[] = [];
      try {
        for (const device of cuda ? ['cpu', 'cuda'] : ['cpu']) {
          contestants.push(await load(command, join(root, SCRIPT), model, { device, inputs }));
        }
      } catch (error) {
        await Promise.all(contestants.map((contestant) => contestant.release()));
        throw error;
      }
      return contestants;
    },
  };
}

async function load(
  python: string,
  script: string,
  { id, weights }: BenchModel,
  where: { readonly device: string; readonly inputs: string },
): Promise<Contestant> {
  const child = PeerChild.lines(python, script, `torchvision (${where.device})`);
  const request = { model: id, weights, ...where };
  const { version, device } = await child.load<{ version: string; device: string }>(request);
  return {
    name: `torchvision ${version}, ${device}`,
    adapter: null,
    run: () => child.ask<ModelRun>({}),
    release: () => child.end(),
  };
}
