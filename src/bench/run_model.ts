import type { AdapterChoice, GpuDevice } from '../gpu/device';
import { coldStart } from './cold_start';
import { measure, type Contestant, type Failure } from './measure';
import type { BenchModel } from './model';
import type { Peer } from './peers/peer';
import type { ModelReport } from './report';
import type { Work } from './work';

export interface BenchRunSettings {
  /** Timed runs of ours, and of each peer. */
  readonly runs: number;
  readonly peerRuns: number;
  /** What `gpu` was opened with. */
  readonly adapter: AdapterChoice;
  /** Is told how far it is. */
  readonly tell: (text: string) => void;
}

/**
 * Times a model, ours and the peers' by turns. A peer that is not there, or fails, is named in the report, and the others
 * go on.
 * @throws what ours throws
 */
export async function runModel(
  model: BenchModel,
  gpu: GpuDevice,
  peers: readonly Peer[],
  { runs, peerRuns, adapter, tell }: BenchRunSettings,
): Promise<ModelReport> {
  tell(model.title);
  const say = (text: string): void => {
    tell(`  ${text}`);
  };
  const ours = await model.load(gpu);
  const contestants = [ours];
  try {
    const absent: Failure[] = [];
    for (const peer of peers) {
      const { started, reason } = await start(peer, model);
      contestants.push(...started);
      if (reason !== null) {
        say(`${peer.id}: ${reason}`);
        absent.push({ name: peer.id, reason });
      }
    }
    const { timings, failures } = await measure(
      contestants,
      contestants.map((contestant) => (contestant === ours ? runs : peerRuns)),
      say,
    );
    const { id, title, task } = model;
    return {
      id,
      title,
      task,
      timings,
      agreement: timings.map(({ result }, i) => (i === 0 ? null : model.compare(timings[0].result, result))),
      absent: [...absent, ...failures],
      work: await profile(ours),
      coldStartMs: task === 'inference' ? coldStart(id, adapter) : null,
    };
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.release()));
  }
}

async function start(peer: Peer, model: BenchModel): Promise<{ started: Contestant[]; reason: string | null }> {
  const lacks = peer.lacks(model);
  if (lacks !== null) {
    return { started: [], reason: lacks };
  }
  try {
    return { started: await peer.start(model), reason: null };
  } catch (error) {
    return { started: [], reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Of the faster of two runs: the first one makes the queries. */
async function profile(contestant: Contestant): Promise<Work | null> {
  if (contestant.profile === undefined) {
    return null;
  }
  const runs = [await contestant.profile(), await contestant.profile()];
  const wall = ({ gpuMs, hostMs }: Work): number => (gpuMs ?? 0) + (hostMs ?? 0);
  return runs.reduce((best, run) => (wall(run) < wall(best) ? run : best));
}
