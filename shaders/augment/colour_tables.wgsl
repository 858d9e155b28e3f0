// The table of each channel: brightness, contrast, autocontrast and equalize one after the other, a lane to a channel. What a
// step does to the values changes the histogram that the next one sees.
const TABLE = 1u;
const PRODUCTS = 257u;
const ROUNDING = 513u;
var<workgroup> chain: array<u32, 768>;
var<workgroup> changed: array<u32, 768>;
var<workgroup> original: array<u32, 1024>;

// The mean grey value, rounded: the largest k of k * pixels <= sum of the values + pixels / 2, in two words of 16 bits.
fn mean_grey() -> u32 {
  let pixels = geometry[0] * geometry[1];
  var high = 0u;
  var low = 0u;
  for (var i = 0u; i < 256u; i++) {
    high += i * (original[768u + i] >> 16u);
    low += i * (original[768u + i] & 0xffffu);
  }
  let half = pixels / 2u;
  high += (half >> 16u) + (low >> 16u);
  low = (low & 0xffffu) + (half & 0xffffu);
  high += low >> 16u;
  low &= 0xffffu;
  var mean = 0u;
  for (var k = 1u; k < 256u; k++) {
    let product = k * (pixels & 0xffffu);
    let product_high = k * (pixels >> 16u) + (product >> 16u);
    let product_low = product & 0xffffu;
    if (product_high < high || (product_high == high && product_low <= low)) {
      mean = k;
    }
  }
  return mean;
}

// Pillow's Image.blend of a value with the mean.
fn contrasted(value: u32, mean: u32) -> u32 {
  let product = bitcast<f32>(colour[PRODUCTS + max(value, mean) - min(value, mean)]);
  let blended = f32(mean) + select(product, -product, value < mean);
  return u32(clamp(blended, 0.0, 255.0));
}

// The histogram of what the chain makes of the original values.
fn recount(channel: u32) {
  for (var i = 0u; i < 256u; i++) {
    changed[channel + i] = 0u;
  }
  for (var i = 0u; i < 256u; i++) {
    changed[channel + chain[channel + i]] += original[channel + i];
  }
}

fn common_divisor(a: u32, b: u32) -> u32 {
  var x = a;
  var y = b;
  while (y > 0u) {
    let rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}

fn stretched(value: u32, low: u32, high: u32) -> u32 {
  if (value <= low) {
    return 0u;
  }
  let range = high - low;
  let product = (min(value, high) - low) * 255u;
  let result = product / range;
  if (result * range != product) {
    return result;
  }
  let wholes = common_divisor(range, 255u);
  let k = (min(value, high) - low) / (range / wholes);
  let bit = colour[ROUNDING + range - 1u] + low * (wholes + 1u) + k;
  return result - ((colour[ROUNDING + 255u + bit / 32u] >> (bit % 32u)) & 1u);
}

fn autocontrast(channel: u32) {
  recount(channel);
  var low = 0u;
  while (low < 255u && changed[channel + low] == 0u) {
    low++;
  }
  var high = 255u;
  while (high > 0u && changed[channel + high] == 0u) {
    high--;
  }
  if (high <= low) {
    return;
  }
  for (var i = 0u; i < 256u; i++) {
    chain[channel + i] = stretched(chain[channel + i], low, high);
  }
}

fn equalize(channel: u32) {
  recount(channel);
  var sum = 0u;
  var last = 0u;
  for (var i = 0u; i < 256u; i++) {
    let count = changed[channel + i];
    sum += count;
    last = select(last, count, count > 0u);
  }
  let step = (sum - last) / 255u;
  if (step == 0u) {
    return;
  }
  // from here on, what the value i becomes instead of how often it is there
  var n = step / 2u;
  for (var i = 0u; i < 256u; i++) {
    let count = changed[channel + i];
    changed[channel + i] = min(n / step, 255u);
    n += count;
  }
  for (var i = 0u; i < 256u; i++) {
    chain[channel + i] = changed[channel + chain[channel + i]];
  }
}

@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < 1024u; i += ${LANES}u) {
    original[i] = histogram[i];
  }
  workgroupBarrier();
  if (lane < 3u) {
    let channel = lane * 256u;
    let mean = mean_grey();
    for (var i = 0u; i < 256u; i++) {
      chain[channel + i] = contrasted(colour[TABLE + i], mean);
    }
    if ((colour[0] & 1u) != 0u) {
      autocontrast(channel);
    }
    if ((colour[0] & 2u) != 0u) {
      equalize(channel);
    }
  }
  workgroupBarrier();
  for (var i = lane; i < 768u; i += ${LANES}u) {
    table[i] = chain[i];
  }
}
