export { formula } from '../../src/bench/formula';
