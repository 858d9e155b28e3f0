/** What other kind of model the names of a checkpoint tell of, as an end of the sentence "these are …"; or null. */
export function recogniseOtherModel(names: Iterable<string>): string | null {
  const all = [...names];
  const some = (pattern: RegExp): boolean => all.some((name) => pattern.test(name));
  if (some(/^backbone\.bottom_up\.|^proposal_generator\./)) {
    return "the weights of a Detectron2 model, whose names are not torchvision's";
  }
  if (some(/^rpn_head\.rpn_|^roi_head\.|^bbox_head\.|^neck\./)) {
    return "the weights of an MMDetection model, whose names are not torchvision's";
  }
  if (some(/^head\.(classification_head|regression_head)\./)) {
    return 'the weights of a single-stage detector (RetinaNet, FCOS or SSD), not of Mask R-CNN';
  }
  if (some(/^roi_heads\.keypoint_/)) {
    return 'the weights of a Keypoint R-CNN, not of Mask R-CNN';
  }
  if (some(/^backbone\.fpn\.(inner|layer)_blocks\.\d+\.1\./) || some(/^roi_heads\.box_head\.\d+\.\d+\./)) {
    return "the weights of torchvision's v2 form of Mask R-CNN (normalised FPN and heads), which is not built here";
  }
  const detector = some(/^rpn\./) || some(/^roi_heads\./);
  if (!detector && some(/^(module\.)?(backbone\.body\.)?layer1\.0\.conv1\.weight$/)) {
    return some(/^fc\.weight$/)
      ? 'the weights of a ResNet classifier (fc.weight, no rpn or roi_heads), not of a detector'
      : 'the weights of a bare ResNet (no rpn or roi_heads), not of a detector';
  }
  if (!detector && some(/^(blocks|encoder|transformer|features|classifier|model)\./)) {
    return 'the weights of a model without rpn and roi_heads, not of a detector of this family';
  }
  return null;
}
