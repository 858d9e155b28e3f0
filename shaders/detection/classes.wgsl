// The object and the class of each sample.
fn item(i: u32) {
  var object = 0u;
  var label = 0u;
  if (i < min(count[0], params.length)) {
    let found = matches[samples[i]];
    if (found >= 0) {
      object = u32(found);
      label = object_labels[object];
    }
  }
  objects[i] = object;
  labels[i] = label;
}
