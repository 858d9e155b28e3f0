export { pasteToRle, rleEncode } from './rle_encode';
