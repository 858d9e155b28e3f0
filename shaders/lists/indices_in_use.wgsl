fn indices_in_use() -> u32 {
//#if LIMITED
  return min(limit[0], params.indices);
//#else
  return params.indices;
//#end
}
