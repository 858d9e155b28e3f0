/**
 * Runs `work`, which is told of Ctrl-C and ends in its own time; a second Ctrl-C ends the process at once. A terminal that
 * is closed is as one Ctrl-C, unless nothing is written to it: Node undoes what `nohup` sets. That nobody reads the output any
 * more ends nothing, elsewhere the end of a command (main.ts): `| tee` dies at the Ctrl-C that is to save, and `| head` is no
 * wish to lose hours of work.
 */
export async function withInterrupts<T>(work: (isStopping: () => boolean) => Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const before = signals.map((signal) => process.listeners(signal));
  const outputs = [process.stdout, process.stderr].map((stream) => ({ stream, onError: stream.listeners('error') }));
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP') {
      stopping ||= process.stdout.isTTY || process.stderr.isTTY;
      return;
    }
    if (stopping) {
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    stopping = true;
    console.error('\nengine: finishing the step, then saving; once more ends at once, without saving');
  };
  const ignore = (): void => undefined;
  outputs.forEach(({ stream }) => stream.removeAllListeners('error').on('error', ignore));
  signals.forEach((signal) => {
    process.removeAllListeners(signal);
    process.on(signal, stop);
  });
  try {
    return await work(() => stopping);
  } finally {
    outputs.forEach(({ stream, onError }) => {
      stream.removeListener('error', ignore);
      onError.forEach((listener) => stream.on('error', listener as (error: Error) => void));
    });
    signals.forEach((signal, i) => {
      process.removeListener(signal, stop);
      before[i].forEach((listener) => process.on(signal, listener));
    });
  }
}
