fn item(i: u32) {
  y[i] = Element(params.value);
}
