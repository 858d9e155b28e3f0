import { runCommandLine } from './program';

const INTERRUPTED = 130;
const TERMINATED = 143;

process.on('SIGINT', () => process.exit(INTERRUPTED));
process.on('SIGTERM', () => process.exit(TERMINATED));
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe (head, less) has gone: nothing is wrong.
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** Resolves when everything that was written has left this process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}

const code = await runCommandLine(process.argv.slice(2));
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// Dawn keeps the event loop alive for ever.
process.exit(code);
