import { runCommandLine } from './program';

const INTERRUPTED = 130;
const TERMINATED = 143;

let code = 0;

process.on('SIGINT', () => process.exit(INTERRUPTED));
process.on('SIGTERM', () => process.exit(TERMINATED));
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe (head, less) has gone: nothing is wrong, unless it was already.
  process.exit(error.code === 'EPIPE' ? code : 1);
});

/** Resolves when everything that was written has left this process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}

code = await runCommandLine(process.argv.slice(2));
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// Dawn keeps the event loop alive for ever.
process.exit(code);
