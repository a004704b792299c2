//! The group elements inside the encodings of dealings, transcripts and keys: CBOR byte strings.

use ic_types::codec::{DecodeError, Reader, Writer};

use crate::bls::arithmetic::{G1Affine, G2Affine, Scalar};

pub(super) fn read_g1(reader: &mut Reader<'_>) -> Result<G1Affine, DecodeError> {
    let position = reader.position();
    let expected = "a point of G1";
    let bytes = reader.byte_array(expected)?;
    G1Affine::from_compressed(&bytes).map_err(|_| DecodeError::Value { position, expected })
}

pub(super) fn read_g2(reader: &mut Reader<'_>) -> Result<G2Affine, DecodeError> {
    let position = reader.position();
    let expected = "a point of G2";
    let bytes = reader.byte_array(expected)?;
    G2Affine::from_compressed(&bytes).map_err(|_| DecodeError::Value { position, expected })
}

pub(super) fn read_scalar(reader: &mut Reader<'_>) -> Result<Scalar, DecodeError> {
    let position = reader.position();
    let expected = "a scalar";
    let bytes = reader.byte_array(expected)?;
    Scalar::from_be_bytes(&bytes).map_err(|_| DecodeError::Value { position, expected })
}

/// Reads exactly as many elements as the array has.
pub(super) fn read_array<T, const N: usize>(
    reader: &mut Reader<'_>,
    what: &'static str,
    read: impl FnMut(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<[T; N], DecodeError> {
    let position = reader.position();
    let elements = reader.list(what, N, read)?;
    let found = elements.len();
    elements.try_into().map_err(|_| DecodeError::Length {
        position,
        what,
        expected: N,
        found,
    })
}

pub(super) fn write_g1s(writer: &mut Writer, points: &[G1Affine]) {
    writer.array(points.len());
    for point in points {
        writer.bytes(&point.to_compressed());
    }
}

pub(super) fn write_g2s(writer: &mut Writer, points: &[G2Affine]) {
    writer.array(points.len());
    for point in points {
        writer.bytes(&point.to_compressed());
    }
}

pub(super) fn write_scalars(writer: &mut Writer, scalars: &[Scalar]) {
    writer.array(scalars.len());
    for scalar in scalars {
        writer.bytes(&scalar.to_be_bytes());
    }
}

/// A field that every map of its kind has.
pub(super) fn required<T>(field: &'static str, value: Option<T>) -> Result<T, DecodeError> {
    value.ok_or(DecodeError::MissingField { field })
}
