// The scores of a segment: `slots` places in memory, `slotStride` apart. Of each `period` places the first `used` hold
// scores, the others are channel padding. Each lane of each workgroup owns `chunk` consecutive slots, so that what it
// finds is in the order of the scores. Pairs with scoreWalk() in src/kernels/top_k.ts.
struct Walk { at: u32, end: u32, address: u32, channel: u32, index: u32 }

fn walk(segment: u32, chunk_index: u32) -> Walk {
//#if HAS_COUNT
  let limit = count[0] * params.itemSlots;
  let before = min(limit, segment * params.segmentSlots);
  let slots = min(params.slots, limit - before);
//#else
  let slots = params.slots;
//#end
  let first = min(chunk_index * params.chunk, slots);
  let channel = first % params.period;
  let index = first / params.period * params.used + min(channel, params.used);
  let address = params.firstSlot + segment * params.segmentStride + first * params.slotStride;
  return Walk(first, min(first + params.chunk, slots), address, channel, index);
}

// The key of the score that the walk stands at; 0 where it is padding or not above the limit.
fn valid_key(place: Walk) -> u32 {
  let key = ordered_key(scores[place.address]);
  return select(0u, key, place.channel < params.used && key > params.aboveKey);
}

fn advance(place: ptr<function, Walk>) {
  (*place).at++;
  (*place).address += params.slotStride;
  (*place).index += u32((*place).channel < params.used);
  let next = (*place).channel + 1u;
  (*place).channel = select(next, 0u, next == params.period);
}
