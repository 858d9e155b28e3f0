import { cpus, loadavg } from 'node:os';
import { Option, type Command } from 'commander';
import { deviceName } from '../bench/device_name';
import { measure } from '../bench/measure';
import { BENCH_MODELS, type BenchModel } from '../bench/models';
import { Peers } from '../bench/peers';
import { reportAsJson, reportAsText, type BenchReport, type ModelReport } from '../bench/report';
import { AtomicFile } from '../data/atomic';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { packageVersion } from '../node/package-root';
import { nodeHost } from '../node/webgpu';
import { adapterOption } from './adapter-option';
import { wholeNumber } from './number-option';

interface BenchOptions {
  readonly adapter: AdapterChoice;
  readonly runs: number;
  readonly peerRuns: number;
  readonly peers?: boolean;
  readonly json?: string;
  readonly only?: string;
}

/** `engine bench model`: how long whole models take on this machine, ours and others'. */
export function registerBenchModel(bench: Command): void {
  bench
    .command('model', { isDefault: true })
    .description('time whole models, each from the upload of its input to the readback of its results')
    .option('--json <file>', 'write the figures to a JSON file')
    .option('--peers', 'time ONNX Runtime on the same adapter, and on the CPU, by turns with ours (in a clone only)')
    .addOption(new Option('--only <model>', 'time this model only').choices(BENCH_MODELS.map(({ id }) => id)))
    .option('--runs <n>', 'timed runs of ours, after warming up', wholeNumber('--runs', 1, 1000), 5)
    .option('--peer-runs <n>', 'timed runs of each peer', wholeNumber('--peer-runs', 1, 1000), 3)
    .addOption(adapterOption())
    .action(async (options: BenchOptions) => {
      // before the minutes of work: a path that cannot be written should be known at once
      const file = options.json === undefined ? undefined : await AtomicFile.create(options.json);
      try {
        const models = BENCH_MODELS.filter(({ id }) => options.only === undefined || options.only === id);
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

function tell(text: string): void {
  console.error(text);
}

async function benchModels(models: readonly BenchModel[], options: BenchOptions): Promise<BenchReport> {
  const [load] = loadavg();
  const peers = options.peers === true ? new Peers(models, tell) : undefined;
  const gpu = await GpuDevice.open(nodeHost, options.adapter);
  try {
    const reports: ModelReport[] = [];
    for (const model of models) {
      reports.push(await benchModel(model, gpu, peers, options));
    }
    const processors = cpus();
    return {
      engine: packageVersion(),
      node: process.versions.node,
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      load,
      adapter: {
        name: deviceName(gpu.adapter.info),
        driver: gpu.adapter.info.description,
        software: gpu.capabilities.software,
      },
      models: reports,
    };
  } finally {
    gpu.close();
  }
}

async function benchModel(
  model: BenchModel,
  gpu: GpuDevice,
  peers: Peers | undefined,
  { runs, peerRuns }: BenchOptions,
): Promise<ModelReport> {
  tell(model.title);
  const contestants = [await model.load(gpu)];
  try {
    if (peers !== undefined) {
      contestants.push(await peers.start(model, 'webgpu'));
      contestants.push(await peers.start(model, 'cpu'));
    }
    const allRuns = contestants.map((_, i) => (i === 0 ? runs : peerRuns));
    const timings = await measure(contestants, allRuns, (text) => {
      tell(`  ${text}`);
    });
    const agreement = timings.map(({ result }, i) => (i === 0 ? null : model.compare(timings[0].result, result)));
    return { id: model.id, title: model.title, timings, agreement };
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.release()));
  }
}
