import type { ConvProblem } from '../conv2d';
import { ShapeError, type Lowering } from '../op';

export function prefersWinograd(_context: Lowering, _conv: ConvProblem): boolean {
  return false;
}

export function dispatchWinograd(_context: Lowering, _conv: ConvProblem): void {
  throw new ShapeError('conv2d: variant winograd needs a 3 x 3 kernel with stride 1');
}
