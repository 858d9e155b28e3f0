fn item(i: u32) {
  y[i] = params.value;
}
