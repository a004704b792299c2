/// RFC 9380 `expand_message_xmd` with SHA-256: `N` bytes that depend on the message and the domain separation tag.
///
/// A tag of more than 255 bytes is hashed first, as section 5.3.3 of the RFC says.
///
/// # Panics
/// Never for `N` up to 8160, the RFC's limit; more does not compile.
pub fn expand_message<const N: usize>(message: &[u8], tag: &[u8]) -> [u8; N] {
    const { assert!(N <= 255 * 32, "RFC 9380 allows 255 blocks of SHA-256") };
    let mut out = [0; N];
    // SAFETY: each pointer comes with the length of the slice behind it, the function reads the two inputs and writes
    // exactly `N` bytes, which the assertion above keeps within what it supports.
    unsafe {
        blst::blst_expand_message_xmd(
            out.as_mut_ptr(),
            N,
            message.as_ptr(),
            message.len(),
            tag.as_ptr(),
            tag.len(),
        );
    }
    out
}
