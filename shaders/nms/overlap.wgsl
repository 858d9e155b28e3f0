// Does a box suppress another? Intersection over union above the threshold, in the f32 operations and the order of
// torchvision's nms_kernel on the processor. Needs boxes/area.wgsl.

// Without an intersection the quotient would be 0, or NaN where both boxes are empty: neither is above a threshold.
fn overlap(a: vec4f, area_a: f32, b: vec4f, area_b: f32) -> bool {
  let size = min(a.zw, b.zw) - max(a.xy, b.xy);
  let intersection = rounded(size.x * size.y);
  let intersects = min(size.x, size.y) > 0.0;
  let union_area = area_a + area_b - intersection;
  let quotient = intersection / union_area;
//#if EXACT_DIVISION
  // no branch: the loop over 32 boxes is unrolled, and SwiftShader's compile time explodes with nested control flow
  return intersects & (quotient > params.threshold);
//#else
  if (!intersects || abs(quotient - params.threshold) > params.threshold * 1e-6) {
    return intersects && quotient > params.threshold;
  }
  return rounds_above(intersection, union_area);
//#end
}
//#if !EXACT_DIVISION

// Drivers may divide with an error of 2.5 units in the last place. Near the threshold t whole numbers decide: the rounded
// quotient is above t where the shared area is above the union times m, the middle of t and the next f32; or equal to that
// where the mantissa of t is odd.
fn rounds_above(intersection: f32, union_area: f32) -> bool {
  let c = bitcast<u32>(intersection);
  let w = bitcast<u32>(union_area);
  let t = bitcast<u32>(params.threshold);
  let shift = 1 + i32(c >> 23u) - i32(t >> 23u) - i32(w >> 23u) + 150;
  if (shift < 1 || shift > 31) {
    return intersection / union_area > params.threshold;
  }
  let left = mantissa(c);
  let product = multiply(2u * mantissa(t) + 1u, mantissa(w));
  let high = left >> (32u - u32(shift));
  let low = left << u32(shift);
  if (high != product.x) {
    return high > product.x;
  }
  return low > product.y || (low == product.y && (t & 1u) != 0u);
}

fn mantissa(bits: u32) -> u32 {
  return (bits & 0x7fffffu) | 0x800000u;
}

// The product in 64 bits: high word, low word.
fn multiply(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (a & 0xffffu) * (b >> 16u);
  let sum = low + (middle << 16u);
  return vec2u((a >> 16u) * (b >> 16u) + (middle >> 16u) + u32(sum < low), sum);
}
//#end
