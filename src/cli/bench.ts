import type { Command } from 'commander';
import { InputError } from '../errors';
import { registerBenchKernels } from './bench_kernels';
import { registerBenchModel } from './bench_model';

/** `engine bench`: how fast this machine is at what the engine does; `engine bench` alone is `engine bench model`. */
export function registerBench(program: Command): void {
  const bench = program.command('bench').description('how fast this machine is at what the engine does');
  registerBenchModel(bench);
  registerBenchKernels(bench);
  // what is no command would go to the default one, which takes no arguments
  bench.hook('preSubcommand', () => {
    const names = bench.commands.map((command) => command.name());
    const [first = '-'] = bench.args;
    if (!first.startsWith('-') && !names.includes(first)) {
      throw new InputError(`engine bench has no ${first}: there is ${names.join(' and ')}`);
    }
  });
}
