/**
 * The exponential moving average of TensorBoard's charts: before the end of its memory the first values count in full, not as if
 * zeros had been before them.
 * @param weight of the average until now against the next value, 0 to below 1
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let [average, ofFirst] = [0, 1];
  return values.map((value) => {
    average = average * weight + value * (1 - weight);
    ofFirst *= weight;
    return average / (1 - ofFirst);
  });
}
