export { rleArea, rleBoundingBox, rleDecode, rleIou, type MaskSize } from './rle_decode';
export { pasteToRle, rleEncode } from './rle_encode';
