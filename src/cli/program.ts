import { Command, CommanderError } from 'commander';
import { InputError } from '../errors';
import { packageVersion } from '../node/package-root';
import { registerBench } from './bench';
import { registerData } from './data';
import { registerDoctor } from './doctor';
import { registerEval } from './eval';
import { ExitCode } from './exit-code';
import { registerInfer } from './infer';
import { registerParticles } from './particles';
import { registerReport } from './report';
import { registerScore } from './score';
import { registerSubmit } from './submit';
import { registerSynth } from './synth';

/** Adds one command to the program. Each command is a file here that exports such a function. */
export type Register = (program: Command) => void;

const COMMANDS: readonly Register[] = [
  registerInfer,
  registerEval,
  registerScore,
  registerSubmit,
  registerParticles,
  registerReport,
  registerBench,
  registerDoctor,
  registerData,
  registerSynth,
];

export function createProgram(commands: readonly Register[] = COMMANDS): Command {
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
  return program;
}

/**
 * Runs a command line (without the names of Node and the script) and tells errors to the user: bad input by its
 * sentence, exit code 2; anything unforeseen by one line, exit code 1, with the stack only if ENGINE_DEBUG is 1.
 *
 * @returns the exit code
 */
export async function runCommandLine(args: readonly string[], commands = COMMANDS): Promise<number> {
  try {
    await createProgram(commands).parseAsync([...args], { from: 'user' });
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
  if (error instanceof InputError) {
    console.error(debug ? (error.stack ?? '') : `engine: ${error.message}`);
    return 2;
  }
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine] = message.split('\n');
  console.error(`engine: internal error: ${firstLine}${debug ? '' : ' (ENGINE_DEBUG=1 shows where)'}`);
  if (debug) {
    console.error(error);
  }
  return 1;
}
