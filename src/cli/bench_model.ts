import { Option, type Command } from 'commander';
import { coldStart, now } from '../bench/cold_start';
import { thisMachine } from '../bench/machine';
import type { BenchModel } from '../bench/model';
import { BENCH_MODELS } from '../bench/models';
import { PEER_IDS, type PeerId } from '../bench/peers/peer';
import { peersOf } from '../bench/peers/peers';
import { reportAsJson, reportAsText, type BenchReport, type ModelReport } from '../bench/report';
import { runModel, type BenchRunSettings } from '../bench/run_model';
import { AtomicFile } from '../data/atomic';
import { InputError } from '../errors';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { nodeHost } from '../node/webgpu';
import { adapterOption } from './adapter-option';
import { wholeNumber } from './number-option';
import { benchTuneOption, TuningSession, type BenchTuneMode } from './tuning';

interface BenchOptions {
  readonly adapter: AdapterChoice;
  readonly runs: number;
  readonly peerRuns: number;
  readonly tune?: BenchTuneMode;
  readonly peers?: true | readonly PeerId[];
  readonly json?: string;
  readonly only?: readonly string[];
  readonly firstResult?: boolean;
}

const MODEL_IDS = BENCH_MODELS.map(({ id }) => id);

/** `engine bench model`: how long whole models take on this machine, ours and others'. */
export function registerBenchModel(bench: Command): void {
  bench
    .command('model', { isDefault: true })
    .description('time whole models: an image from its upload to its results, a step of training on a batch')
    .option(
      '--only <models>',
      `time these only, with commas between them: ${MODEL_IDS.join(', ')}`,
      list('--only', MODEL_IDS),
    )
    .option('--runs <n>', 'timed runs of ours, after warming up', wholeNumber('--runs', 1, 1000), 5)
    .option(
      '--peers [names]',
      `time others by turns with ours (in a clone only), all or some: ${PEER_IDS.join(', ')}`,
      list('--peers', PEER_IDS),
    )
    .option('--peer-runs <n>', 'timed runs of each peer', wholeNumber('--peer-runs', 1, 1000), 3)
    .option('--json <file>', 'write the figures to a JSON file')
    .addOption(benchTuneOption())
    .addOption(adapterOption())
    // for the process that a cold start is timed by, see coldStart
    .addOption(new Option('--first-result').hideHelp())
    .action(async (options: BenchOptions) => {
      const models = BENCH_MODELS.filter(({ id }) => options.only?.includes(id) ?? true);
      if (options.firstResult === true) {
        console.log(await firstResult(models[0], options));
        return;
      }
      // before the minutes of work: a path that cannot be written should be known at once
      const file = options.json === undefined ? undefined : await AtomicFile.create(options.json);
      try {
        const report = await benchModels(models, options);
        console.log(reportAsText(report));
        await file?.write(reportAsJson(report));
        await file?.commit();
      } catch (error) {
        await file?.abort();
        throw error;
      }
    });
}

/** For names with commas between them. @throws InputError, listing what there is, for an unknown one */
function list<Name extends string>(option: string, names: readonly Name[]): (text: string) => Name[] {
  return (text) =>
    text.split(',').map((part) => {
      const name = names.find((known) => known === part.trim());
      if (name === undefined) {
        throw new InputError(`${option}: there is no ${part.trim() || 'empty name'}; choose from ${names.join(', ')}`);
      }
      return name;
    });
}

async function benchModels(models: readonly BenchModel[], options: BenchOptions): Promise<BenchReport> {
  const tell = (text: string): void => {
    console.error(text);
  };
  const { peers: wanted } = options;
  const peers = wanted === undefined ? [] : peersOf(wanted === true ? PEER_IDS : wanted, tell);
  const gpu = await GpuDevice.open(nodeHost, options.adapter);
  // before the work: its load is none that others make
  const machine = thisMachine(gpu);
  try {
    const session = await TuningSession.open(gpu, options.tune);
    const { tuner, mode } = session;
    const settings: BenchRunSettings = {
      ...options,
      tuner,
      coldStart: (model) => coldStart(model, options.adapter, mode === 'off' ? 'off' : 'on'),
      tell,
    };
    const reports: ModelReport[] = [];
    for (const model of models) {
      reports.push(await runModel(model, gpu, peers, settings));
    }
    session.report();
    return { ...machine, models: reports };
  } finally {
    gpu.close();
  }
}

/** @returns when a model gave its first result in this process, as coldStart counts */
async function firstResult(model: BenchModel, { adapter, tune }: BenchOptions): Promise<number> {
  const gpu = await GpuDevice.open(nodeHost, adapter);
  const { tuner } = await TuningSession.open(gpu, tune);
  const contestant = await model.load(gpu, tuner);
  await contestant.run();
  const moment = now();
  await contestant.release();
  gpu.close();
  return moment;
}
