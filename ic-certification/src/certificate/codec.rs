//! The wire form of a certificate (CERT-060, CERT-064).

use ic_types::SubnetId;
use ic_types::codec::{DecodeError, Reader, Wire, Writer};

use super::{Certificate, SubnetDelegation};
use crate::HashTree;

impl Wire for Certificate {
    fn encode(&self) -> Vec<u8> {
        let delegation = self.delegation.as_ref();
        let mut writer = Writer::self_described(512);
        writer
            .map(if delegation.is_some() { 3 } else { 2 })
            .text("tree");
        self.tree.write(&mut writer);
        writer.text("signature").bytes(&self.signature);
        if let Some(delegation) = delegation {
            writer.text("delegation").map(2);
            writer.text("subnet_id").bytes(delegation.subnet.as_slice());
            writer.text("certificate").bytes(&delegation.certificate);
        }
        writer.into_vec()
    }

    /// The tag 55799 may be missing, and the delegation may be null instead of missing; fields with other names are
    /// skipped (CERT-064).
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.self_described()?;
        let (mut tree, mut signature, mut delegation) = (None, None, None);
        reader.fields_among_others(&["tree", "signature", "delegation"], |name, reader| {
            match name {
                "tree" => tree = Some(HashTree::read(reader)?),
                "signature" => signature = Some(reader.byte_array("a signature")?),
                _ => delegation = reader.nullable(read_delegation)?,
            }
            Ok(())
        })?;
        reader.finish()?;
        Ok(Self {
            tree: tree.ok_or(DecodeError::MissingField { field: "tree" })?,
            signature: signature.ok_or(DecodeError::MissingField { field: "signature" })?,
            delegation,
        })
    }
}

fn read_delegation(reader: &mut Reader<'_>) -> Result<SubnetDelegation, DecodeError> {
    let (mut subnet, mut certificate) = (None, None);
    reader.fields_among_others(&["subnet_id", "certificate"], |name, reader| {
        match name {
            "subnet_id" => subnet = Some(SubnetId::new(reader.principal()?)),
            _ => certificate = Some(reader.bytes()?.to_vec()),
        }
        Ok(())
    })?;
    Ok(SubnetDelegation {
        subnet: subnet.ok_or(DecodeError::MissingField { field: "subnet_id" })?,
        certificate: certificate.ok_or(DecodeError::MissingField {
            field: "certificate",
        })?,
    })
}
