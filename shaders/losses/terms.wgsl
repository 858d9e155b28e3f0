// Terms of losses and their derivatives. What is not finite makes a term NaN, by its bits: max() may hide a NaN, and a
// compiler may reckon that there are none.
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn not_a_number(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// ln(1 + x) for x >= 0, with all of its digits where x is small
fn log1p(x: f32) -> f32 {
  let series = x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * 0.2))));
  return select(log(1.0 + x), series, x < 0.03);
}

// Binary cross entropy of a probability's logit and a target from 0 to 1.
fn binary_cross_entropy(logit: f32, wanted: f32) -> f32 {
  if (!is_finite(logit)) {
    return not_a_number(logit);
  }
  return max(logit, 0.0) - logit * wanted + log1p(exp(-abs(logit)));
}

fn binary_cross_entropy_derivative(logit: f32, wanted: f32) -> f32 {
  if (!is_finite(logit)) {
    return not_a_number(logit);
  }
  let e = exp(-abs(logit));
  return select(e, 1.0, logit >= 0.0) / (1.0 + e) - wanted;
}

// A square below BETA, linear beyond (Girshick, "Fast R-CNN", 2015, equation 3, with torch's beta).
const BETA = 1.0 / 9.0;

fn smooth_l1(difference: f32) -> f32 {
  if (!is_finite(difference)) {
    return not_a_number(difference);
  }
  let size = abs(difference);
  return select(size - 0.5 * BETA, 0.5 * size * size / BETA, size < BETA);
}

fn smooth_l1_derivative(difference: f32) -> f32 {
  if (!is_finite(difference)) {
    return not_a_number(difference);
  }
  return clamp(difference / BETA, -1.0, 1.0);
}
