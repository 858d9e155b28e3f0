const wrapperPrefixes = ['module.', '_orig_mod.'];

/** Takes off the prefixes that DataParallel (`module.`) and torch.compile (`_orig_mod.`) put before every name. */
export function stripWrapperPrefix<T>(tensors: Map<string, T>): Map<string, T> {
  for (const prefix of wrapperPrefixes) {
    const names = [...tensors.keys()];
    if (names.length > 0 && names.every((name) => name.startsWith(prefix))) {
      const stripped = new Map<string, T>();
      for (const [name, value] of tensors) {
        stripped.set(name.slice(prefix.length), value);
      }
      return stripWrapperPrefix(stripped);
    }
  }
  return tensors;
}

/**
 * A parameter's name as torchvision 0.13 and later write it. Older files lack the indices of Conv2dNormActivation
 * (`_load_from_state_dict` of FeaturePyramidNetwork, RPNHead and MaskRCNNHeads):
 *
 * - `backbone.fpn.inner_blocks.N.weight` becomes `backbone.fpn.inner_blocks.N.0.weight`, `layer_blocks` likewise
 * - `rpn.head.conv.weight` becomes `rpn.head.conv.0.0.weight`
 * - `roi_heads.mask_head.mask_fcn1.weight` becomes `roi_heads.mask_head.0.0.weight`, counting from 0
 */
export function canonicalName(name: string): string {
  return name
    .replace(/^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$/, '$1.0.$2')
    .replace(/^(rpn\.head\.conv)\.(weight|bias)$/, '$1.0.0.$2')
    .replace(
      /^(roi_heads\.mask_head)\.mask_fcn(\d{1,4})\.(weight|bias)$/,
      (_, head: string, n: string, end: string) => {
        return `${head}.${Number(n) - 1}.0.${end}`;
      },
    );
}

/** Before the name of a parameter: its moving average over training. It is what inference uses where it is there. */
export const AVERAGE_PREFIX = 'ema/';
/** Before SLOT/PARAMETER: what an optimizer remembers. */
export const OPTIMIZER_PREFIX = 'optimizer/';

/** True for what PyTorch, or a checkpoint of ours, keeps beside the parameters and inference never reads. */
export function isBookkeeping(name: string): boolean {
  return name.endsWith('.num_batches_tracked') || name.startsWith(OPTIMIZER_PREFIX) || name.startsWith(AVERAGE_PREFIX);
}
