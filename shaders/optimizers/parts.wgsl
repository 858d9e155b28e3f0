// Sums over a chunk of an arena, or its largest magnitude: one for each item, of every stride-th vec4 from its own on.
fn item(i: u32) {
  var part = vec4f();
  for (var at = i; at < params.units; at += params.stride) {
    let v = a[at];
//#if FUNCTION == 'squares'
    part += v * v;
//#elif FUNCTION == 'products'
    part += v * b[at];
//#elif FUNCTION == 'magnitudes'
    part += abs(v);
//#else
    part = max(part, abs(v));
//#end
  }
//#if FUNCTION == 'largest'
  parts[params.first_part + i] = max(max(part.x, part.y), max(part.z, part.w));
//#else
  parts[params.first_part + i] = (part.x + part.y) + (part.z + part.w);
//#end
}
