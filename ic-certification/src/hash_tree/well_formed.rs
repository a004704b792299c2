//! Whether a tree is one that the system could have made (CERT-040 to CERT-042).

use super::HashTree;

impl HashTree {
    /// Whether labels strictly increase at each level and no leaf stands among them.
    ///
    /// # Errors
    /// If not: then what the tree says about paths means nothing.
    pub fn well_formed(&self) -> Result<(), NotWellFormed> {
        for level in self.index.levels() {
            if !level.increasing {
                return Err(NotWellFormed::Labels);
            }
            if level.stray_leaf {
                return Err(NotWellFormed::StrayLeaf);
            }
        }
        Ok(())
    }
}

/// Why a tree is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotWellFormed {
    /// Two labels of one level are equal or in the wrong order.
    #[error("labels do not increase")]
    Labels,
    /// A leaf is not alone under its label.
    #[error("a leaf is beside something else")]
    StrayLeaf,
}
