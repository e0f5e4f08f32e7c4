/**
 * WGSL that knows NaN by its bits. A device's max, exp and log may make a number of it, and compilers may think that there is
 * none; but a run that diverges must be noticed. The kernel has a uniform `nan`, as WGSL has no such constant.
 */
export const NOT_A_NUMBER = `
fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn expOf(x: f32) -> f32 { return select(exp(x), u.nan, isNaN(x)); }`;
