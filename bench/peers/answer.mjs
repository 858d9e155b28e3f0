/**
 * Answers the messages of the process that started this one, until it goes: `{ value }`, or `{ error }` as text.
 *
 * @template {{ kind: 'load' }} Load
 * @param {(message: Load) => Promise<unknown>} load
 * @param {() => Promise<unknown>} run
 */
export function answerMessages(load, run) {
  process.on('message', (/** @type {Load | { kind: 'run' }} */ message) => {
    const answer = message.kind === 'load' ? load(message) : run();
    answer.then(
      (value) => process.send?.({ value }),
      (/** @type {unknown} */ error) => process.send?.({ error: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
