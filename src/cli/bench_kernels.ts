import type { Command } from 'commander';
import { benchKernels } from '../bench/kernels/bench';
import { kernelReportAsJson, kernelReportAsText, type KernelReport } from '../bench/kernels/report';
import { roofline } from '../bench/kernels/roofline';
import { AtomicFile } from '../data/atomic';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { nodeHost } from '../node/webgpu';
import { adapterOption } from './adapter-option';
import { wholeNumber } from './number-option';
import { Progress } from './progress';
import { benchTuneOption, TuningSession, type BenchTuneMode } from './tuning';

interface KernelOptions {
  readonly adapter: AdapterChoice;
  readonly runs: number;
  readonly tune?: BenchTuneMode;
  readonly all?: boolean;
  readonly filter?: string;
  readonly json?: string;
  readonly plot?: string;
}

/** `engine bench kernels`: each op of the models at the shapes that they meet, held against what the device can do. */
export function registerBenchKernels(bench: Command): void {
  bench
    .command('kernels')
    .description('time each kernel over the shapes of Mask R-CNN R50-FPN and of the slim model, forward and backward')
    .option('--filter <text>', 'only those whose op, kernel or layer has this in its name, e.g. conv or rpn.head')
    .option('--all', 'show every row, not only those that make up 98 % of the time')
    .option('--json <file>', 'write all figures to a JSON file')
    .option('--plot <file>', 'write a roofline picture (SVG)')
    .option('--runs <n>', 'batches of at least 20 ms that each is timed in', wholeNumber('--runs', 1, 1000), 5)
    .addOption(benchTuneOption())
    .addOption(adapterOption())
    .action(async (options: KernelOptions) => {
      const files: AtomicFile[] = [];
      try {
        // before the minutes of work: a path that cannot be written should be known at once
        const json = await opened(files, options.json);
        const plot = await opened(files, options.plot);
        const report = await measured(options);
        console.log(kernelReportAsText(report, options.all === true));
        await json?.write(kernelReportAsJson(report));
        await plot?.write(rooflineOf(report));
        for (const file of files) {
          await file.commit();
        }
      } catch (error) {
        for (const file of files) {
          await file.abort();
        }
        throw error;
      }
    });
}

async function opened(files: AtomicFile[], path: string | undefined): Promise<AtomicFile | undefined> {
  if (path === undefined) {
    return undefined;
  }
  const file = await AtomicFile.create(path);
  files.push(file);
  return file;
}

async function measured({ adapter, runs, filter, tune }: KernelOptions): Promise<KernelReport> {
  const gpu = await GpuDevice.open(nodeHost, adapter);
  let progress: Progress | undefined;
  try {
    const session = await TuningSession.open(gpu, tune);
    const report = await benchKernels(gpu, {
      filter,
      batches: runs,
      tuner: session.tuner,
      tell: (total, what) => {
        progress ??= new Progress(total, 'kernels');
        progress.step(what);
      },
    });
    session.report();
    return report;
  } finally {
    progress?.end();
    gpu.close();
  }
}

function rooflineOf({ adapter, phases, ceilings }: KernelReport): string {
  const cases = new Set(phases.flatMap(({ rows }) => rows.map(({ figures }) => figures)));
  return roofline(`Kernels on ${adapter.name}`, [...cases], ceilings);
}
