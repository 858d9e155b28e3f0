import { isObject, type JsonObject } from './json_fields';

/** A kind of JSON file that people have in this field. */
export interface FileKind {
  readonly kind: 'results' | 'dataset' | 'other';
  /** In words, with an article, e.g. "a results list (predictions)". */
  readonly name: string;
}

const OTHER_OBJECTS: readonly [is: (file: JsonObject) => boolean, name: string][] = [
  [(file) => Array.isArray(file.shapes), 'a LabelMe file (one image with "shapes")'],
  [(file) => isObject(file._via_img_metadata), 'a VGG Image Annotator project ("_via_img_metadata")'],
  [
    (file) => isObject(firstValue(file)) && 'regions' in (firstValue(file) as JsonObject),
    'a VGG Image Annotator export',
  ],
  [(file) => file.type === 'FeatureCollection', 'a GeoJSON file (QuPath?)'],
  [(file) => 'items' in file && 'dm_format_version' in file, 'a Datumaro file'],
];

/** Says what a JSON file is, from its content alone. */
export function fileKind(value: unknown): FileKind {
  if (Array.isArray(value)) {
    return listKind(value);
  }
  if (!isObject(value)) {
    return { kind: 'other', name: 'a single value' };
  }
  if ('annotations' in value) {
    return { kind: 'dataset', name: 'a COCO object' };
  }
  const known = OTHER_OBJECTS.find(([is]) => is(value));
  if (known !== undefined) {
    return { kind: 'other', name: known[1] };
  }
  if ('images' in value) {
    return { kind: 'other', name: 'a COCO object that lists images only (no "annotations")' };
  }
  const fields = Object.keys(value)
    .slice(0, 3)
    .map((field) => JSON.stringify(field.slice(0, 40)));
  return { kind: 'other', name: fields.length === 0 ? 'an empty object' : `an object with ${fields.join(', ')}` };
}

function listKind(list: readonly unknown[]): FileKind {
  const first = list[0];
  if (first === undefined) {
    return { kind: 'results', name: 'an empty list (results without a prediction)' };
  }
  if (!isObject(first)) {
    return { kind: 'other', name: 'a list of values' };
  }
  if ('image_id' in first) {
    return { kind: 'results', name: 'a results list (predictions)' };
  }
  if (Array.isArray(first.annotations)) {
    return { kind: 'other', name: 'a CreateML file' };
  }
  if ('file_name' in first) {
    return { kind: 'other', name: 'a list of images (images.json of `engine infer`)' };
  }
  return { kind: 'other', name: 'a list of objects without "image_id"' };
}

function firstValue(file: JsonObject): unknown {
  return Object.values(file)[0];
}
