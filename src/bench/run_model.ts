import { errorText } from '../data/file_error';
import type { GpuDevice } from '../gpu/device';
import type { VariantChooser } from '../graph/tuning';
import { measure, type Contestant, type Failure } from './measure';
import type { BenchModel } from './model';
import type { Peer } from './peers/peer';
import type { ModelReport } from './report';
import type { Work } from './work';

export interface BenchRunSettings {
  /** Timed runs of ours, and of each peer. */
  readonly runs: number;
  readonly peerRuns: number;
  /** Left out: ops choose their variants for themselves. */
  readonly tuner?: VariantChooser;
  /** Milliseconds from the start of a new process to the first result of the model of this id; see coldStart. */
  readonly coldStart: (model: string) => number;
  /** Is told how far it is. */
  readonly tell: (text: string) => void;
}

/**
 * Times a model, ours and the peers' by turns. A peer that is not there, or fails, is named in the report, and the others
 * go on; so it does without a cold start that fails.
 * @throws what ours throws
 */
export async function runModel(
  model: BenchModel,
  gpu: GpuDevice,
  peers: readonly Peer[],
  { runs, peerRuns, tuner, coldStart, tell }: BenchRunSettings,
): Promise<ModelReport> {
  tell(model.title);
  const say = (text: string): void => {
    tell(`  ${text}`);
  };
  const ours = await model.load(gpu, tuner);
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
      ...coldStartOf(model, coldStart, say),
    };
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.release()));
  }
}

function coldStartOf(
  { id, task }: BenchModel,
  coldStart: BenchRunSettings['coldStart'],
  say: (text: string) => void,
): Pick<ModelReport, 'coldStartMs' | 'coldStartFailure'> {
  if (task === 'training') {
    return { coldStartMs: null, coldStartFailure: null };
  }
  try {
    return { coldStartMs: coldStart(id), coldStartFailure: null };
  } catch (error) {
    const coldStartFailure = errorText(error);
    say(coldStartFailure);
    return { coldStartMs: null, coldStartFailure };
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
    return { started: [], reason: errorText(error) };
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
