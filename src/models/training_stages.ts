/** Parts of Mask R-CNN whose activations are worth computing twice; blocks of the body one by one. */
const STAGES = [
  /^backbone\.body\.layer\d+\.\d+/,
  /^backbone\.fpn/,
  /^rpn\.level\d+\.rpn\.head/,
  /^roi_heads\.box_(roi_pool|head)/,
  /^roi_heads\.mask_(roi_pool|head|predictor)/,
];

/**
 * The stage of a node of Mask R-CNN's training graph that `checkpointing` computes again in the backward pass
 * (recomputeStages() in src/graph/recompute.ts), by the node's scope; null for what is kept.
 */
export function trainingStage(scope: string): string | null {
  for (const stage of STAGES) {
    const found = stage.exec(scope);
    if (found !== null) {
      return found[0];
    }
  }
  return null;
}
