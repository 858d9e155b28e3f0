import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors';
import { packageRoot } from '../../node/package-root';
import { onnxRuntime } from './onnxruntime';
import type { Peer, PeerId, PeerSetting } from './peer';
import { tfjsWebgpu } from './tfjs';
import { torchvision } from './torchvision';

const PEERS: Readonly<Record<PeerId, (setting: PeerSetting) => Peer>> = {
  'onnxruntime-webgpu': (setting) => onnxRuntime('webgpu', setting),
  'onnxruntime-cpu': (setting) => onnxRuntime('cpu', setting),
  'tfjs-webgpu': tfjsWebgpu,
  torchvision,
};

/** @throws InputError where this is no clone of the repository */
export function peersOf(ids: readonly PeerId[], tell: (text: string) => void, root = packageRoot()): Peer[] {
  if (!existsSync(join(root, 'bench', 'peers'))) {
    throw new InputError('--peers needs a clone of the repository: the peers are no part of the installed package');
  }
  return ids.map((id) => PEERS[id]({ root, tell }));
}
