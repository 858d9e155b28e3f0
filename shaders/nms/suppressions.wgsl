// Bit c of suppressions[segment][word][row]: box `row` suppresses box 32 * word + c, which comes after it. Only rows up to
// the word's last box are written. Each workgroup holds the 32 boxes of a word and runs through rows.
//#if !PRIVATE_BOXES
var<workgroup> columns: array<vec4f, 32>;
var<workgroup> areas: array<f32, 32>;
//#if LABELS
var<workgroup> column_labels: array<u32, 32>;
//#end
//#end

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = workgroup.z * params.capacity;
  let n = min(counts[workgroup.z], params.capacity);
  let first_row = workgroup.y * params.rowsEach;
//#if PRIVATE_BOXES
  // indexed by constants in the unrolled loop, these are registers or memory operands
  var columns: array<vec4f, 32>;
  var areas: array<f32, 32>;
//#if LABELS
  var column_labels: array<u32, 32>;
//#end
//#end
  for (var word = workgroup.x; word * 32u < n; word += params.wordStep) {
    let first = word * 32u;
    let width = min(32u, n - first);
//#if PRIVATE_BOXES
    for (var c = 0u; c < width; c++) {
      let box = boxes[base + first + c];
      columns[c] = box;
      areas[c] = area(box);
//#if LABELS
      column_labels[c] = labels[base + first + c];
//#end
    }
//#else
    workgroupBarrier();
    if (lane < width) {
      let box = boxes[base + first + lane];
      columns[lane] = box;
      areas[lane] = area(box);
//#if LABELS
      column_labels[lane] = labels[base + first + lane];
//#end
    }
    workgroupBarrier();
//#end
    let end = min(first + width, first_row + params.rowsEach);
    for (var row = first_row + lane; row < end; row += ${LANES}u) {
      let box = boxes[base + row];
      let own = area(box);
//#if LABELS
      let label = labels[base + row];
//#end
      var bits = 0u;
//#if PRIVATE_BOXES
      var suppressed = false;
//#for C 0 32
      suppressed = overlap(box, own, columns[${C}], areas[${C}]);
//#if LABELS
      suppressed &= label == column_labels[${C}];
//#end
      bits |= u32(suppressed) << ${C}u;
//#end
//#else
      for (var c = 0u; c < width; c++) {
        var suppressed = overlap(box, own, columns[c], areas[c]);
//#if LABELS
        suppressed = suppressed && label == column_labels[c];
//#end
        bits |= u32(suppressed) << c;
      }
//#end
      if (row >= first) {
        bits &= ~((2u << (row - first)) - 1u);
      }
      suppressions[(workgroup.z * params.words + word) * params.rows + row] = bits;
    }
  }
}
