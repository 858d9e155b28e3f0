import { Command, CommanderError } from 'commander';
import { errorText } from '../data/file_error';
import { InputError } from '../errors';
import { GpuError } from '../gpu/errors';
import { packageVersion } from '../node/package-root';
import { deviceSentence } from './device-advice';
import { ExitCode } from './exit-code';
import type { Register } from './register';

/** By the command's name, in the order of the help: what a command imports is loaded when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  train: async () => (await import('./train')).registerTrain,
  infer: async () => (await import('./infer')).registerInfer,
  eval: async () => (await import('./eval')).registerEval,
  score: async () => (await import('./score')).registerScore,
  submit: async () => (await import('./submit')).registerSubmit,
  particles: async () => (await import('./particles')).registerParticles,
  report: async () => (await import('./report')).registerReport,
  data: async () => (await import('./data')).registerData,
  synth: async () => (await import('./synth')).registerSynth,
  bench: async () => (await import('./bench')).registerBench,
  doctor: async () => (await import('./doctor')).registerDoctor,
};

/** The command that the arguments begin with; all of them where that is none, for the help and for suggestions. */
async function commandsFor([name = '']: readonly string[]): Promise<Register[]> {
  const asked = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
  return Promise.all(asked.map((load) => load()));
}

function createProgram(commands: readonly Register[]): Command {
  const program = new Command('engine')
    .description('Mask R-CNN on any GPU, through WebGPU: finds and outlines the objects of an image')
    .version(packageVersion())
    .showHelpAfterError('(engine --help, or engine COMMAND --help, lists the options)')
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'engine: '));
      },
    })
    .exitOverride();
  for (const register of commands) {
    register(program);
  }
  program.commands.forEach((command) => {
    showUsageAfterErrors(command, 'engine');
  });
  return program;
}

/** One line below what is wrong with a command line: how the command is called. */
function showUsageAfterErrors(command: Command, parent: string): void {
  const name = `${parent} ${command.name()}`;
  const [usage, lists] = command.commands.length > 0 ? ['COMMAND', 'commands'] : [command.usage(), 'options'];
  command.showHelpAfterError(`(${name} ${usage}; ${name} --help lists the ${lists})`);
  command.commands.forEach((inner) => {
    showUsageAfterErrors(inner, name);
  });
}

/**
 * Runs a command line (without the names of Node and the script) and tells errors to the user: bad input, and
 * what the device refuses or loses, by a sentence, exit code 2; anything unforeseen by one line, exit code 1, with the stack only if ENGINE_DEBUG is 1.
 *
 * @param commands default: those of `engine`
 * @returns the exit code
 */
export async function runCommandLine(args: readonly string[], commands?: readonly Register[]): Promise<number> {
  try {
    await createProgram(commands ?? (await commandsFor(args))).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof ExitCode) {
    return error.code;
  }
  if (error instanceof CommanderError) {
    // Commander has printed the help, the version or what is wrong with the command line.
    return error.exitCode === 0 ? 0 : 2;
  }
  const debug = process.env.ENGINE_DEBUG === '1';
  if (error instanceof InputError || error instanceof GpuError) {
    const sentence = error instanceof InputError ? error.message : deviceSentence(error);
    console.error(debug ? (error.stack ?? '') : `engine: ${sentence}`);
    return 2;
  }
  console.error(`engine: internal error: ${errorText(error)}${debug ? '' : ' (ENGINE_DEBUG=1 shows where)'}`);
  if (debug) {
    console.error(error);
  }
  return 1;
}
