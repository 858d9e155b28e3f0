import type { Contestant } from '../measure';
import type { BenchModel } from '../model';

/** The peers by the names that `--peers` takes. */
export const PEER_IDS = ['onnxruntime-webgpu', 'onnxruntime-cpu', 'tfjs-webgpu', 'torchvision'] as const;
export type PeerId = (typeof PEER_IDS)[number];

/** Another implementation. It runs in processes of its own: two instances of Dawn in one would be in each other's way. */
export interface Peer {
  readonly id: PeerId;
  /** Why it takes no part in a model, in a few words; null where it does. */
  lacks(model: BenchModel): string | null;
  /**
   * The model on each device that the peer is timed on.
   * @throws InputError, naming what to install, where something is missing
   */
  start(model: BenchModel): Promise<Contestant[]>;
}

/** Of a clone: where the peers' programs are, and what they are told besides. */
export interface PeerSetting {
  readonly root: string;
  readonly tell: (text: string) => void;
}
