//! Uploaded bytes to Wasm bytes (SYS-200).

use std::borrow::Cow;
use std::io::Read;

use super::InvalidModule;

/// The largest module, unpacked (LIM-040).
pub const MODULE_BYTES: usize = 100 << 20;

/// The Wasm module in `uploaded`, which is one already or compressed by gzip (SYS-200).
///
/// # Errors
/// If it is neither, or unpacks to more than [`MODULE_BYTES`]. Unpacking stops at that point.
pub fn decode(uploaded: &[u8]) -> Result<Cow<'_, [u8]>, InvalidModule> {
    let module = if uploaded.starts_with(b"\0asm") {
        Cow::Borrowed(uploaded)
    } else if uploaded.starts_with(&[0x1f, 0x8b, 0x08]) {
        Cow::Owned(unpack(uploaded)?)
    } else {
        return Err(InvalidModule::UnknownFormat);
    };
    if module.len() > MODULE_BYTES {
        return Err(InvalidModule::TooLarge {
            limit: MODULE_BYTES,
        });
    }
    Ok(module)
}

fn unpack(uploaded: &[u8]) -> Result<Vec<u8>, InvalidModule> {
    let limit = u64::try_from(MODULE_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut module = Vec::new();
    flate2::read::MultiGzDecoder::new(uploaded)
        .take(limit)
        .read_to_end(&mut module)
        .map_err(|_| InvalidModule::Gzip)?;
    Ok(module)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn takes_wasm_and_gzip_and_nothing_else() {
        // SYS-200
        let module = b"\0asm\x01\0\0\0";
        assert_eq!(decode(module).unwrap().as_ref(), module);
        assert_eq!(decode(&pack(module)).unwrap().as_ref(), module);
        assert_eq!(decode(b"wasm"), Err(InvalidModule::UnknownFormat));
        assert_eq!(decode(b""), Err(InvalidModule::UnknownFormat));
        let packed = pack(module);
        assert_eq!(
            decode(&packed[..packed.len() - 1]),
            Err(InvalidModule::Gzip)
        );
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        // LIM-040: 101 MiB of zeros in about 100 KiB
        let bomb = pack(&vec![0; MODULE_BYTES + (1 << 20)]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(
            decode(&bomb),
            Err(InvalidModule::TooLarge {
                limit: MODULE_BYTES
            })
        );
    }
}
