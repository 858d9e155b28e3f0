fn item(i: u32) {
  if (segment_rows_in_use(0u) >= 2u) {
    batches[i] += 1.0;
  }
}
