// Adds one image's sum and count to the totals; the last image's call divides.
fn item(i: u32) {
//#if FIRST
  var sum = image_sum[0];
  var items = f32(image_count[0]);
//#else
  var sum = totals[0] + image_sum[0];
  var items = totals[1] + f32(image_count[0]);
//#end
//#if LAST
  let divisor = max(items * params.item_terms, 1.0);
  mean[0] = sum / divisor;
  divisors[0] = divisor;
//#else
  totals[0] = sum;
  totals[1] = items;
//#end
}
