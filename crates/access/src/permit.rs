//! What each role may do: one table.

use peony_store::Role;
use peony_store::Role::{Administrator, Coordinator, Radiologist, Researcher, Sonographer, Teacher};

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permit {
    /// Examine: begin an examination, watch and steer it live, capture for it, say what is found.
    Scan,
    /// Sign a report.
    Sign,
    /// Read examinations and studies, with whose they are.
    Read,
    /// Bring objects into the store.
    Store,
    /// Have objects sent to other nodes; search those, and have objects fetched from them.
    Send,
    /// Say what shall be examined.
    Order,
    /// Say which patients are one, and what becomes of contradictions about who was examined and of objects that were kept aside.
    Merge,
    /// Keep accounts and sites.
    Administer,
    /// Read what is de-identified, for research and teaching.
    ReadDeidentified,
}

impl Permit {
    /// Its word, as pages are told.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Sign => "sign",
            Self::Read => "read",
            Self::Store => "store",
            Self::Send => "send",
            Self::Order => "order",
            Self::Merge => "merge",
            Self::Administer => "administer",
            Self::ReadDeidentified => "read_deidentified",
        }
    }

    /// Whether one of these roles may.
    #[must_use]
    pub fn is_of(self, roles: &[Role]) -> bool {
        PERMITS.iter().any(|(permit, of)| *permit == self && of.iter().any(|role| roles.contains(role)))
    }
}

/// Who may do what. Research and teaching see no patient; keeping accounts is no licence to examine or to sign. What is
/// de-identified nobody can ask for yet: it has no door.
#[rustfmt::skip] // Read as a table.
pub const PERMITS: &[(Permit, &[Role])] = &[
    (Permit::Scan,             &[Sonographer, Radiologist]),
    (Permit::Sign,             &[Sonographer, Radiologist]),
    (Permit::Read,             &[Sonographer, Radiologist, Coordinator, Administrator]),
    (Permit::Store,            &[Sonographer, Radiologist, Coordinator, Administrator]),
    (Permit::Send,             &[Sonographer, Radiologist, Coordinator, Administrator]),
    (Permit::Order,            &[Sonographer, Coordinator, Administrator]),
    (Permit::Merge,            &[Radiologist, Coordinator, Administrator]),
    (Permit::Administer,       &[Administrator]),
    (Permit::ReadDeidentified, &[Researcher, Teacher]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The table once more, by role, so that nobody gains anything by a slip.
    #[test]
    fn each_role_may_what_it_may_and_nothing_else() {
        for (role, expected) in [
            (Sonographer, "scan sign read store send order"),
            (Radiologist, "scan sign read store send merge"),
            (Coordinator, "read store send order merge"),
            (Researcher, "read_deidentified"),
            (Teacher, "read_deidentified"),
            (Administrator, "read store send order merge administer"),
        ] {
            let may: Vec<&str> = PERMITS
                .iter()
                .filter(|(permit, _)| permit.is_of(&[role]))
                .map(|(permit, _)| permit.word())
                .collect();
            assert_eq!(may.join(" "), expected, "{role}");
        }
        assert!(PERMITS.iter().all(|(permit, _)| !permit.is_of(&[])), "nobody may anything without a role");
        assert!(Permit::Sign.is_of(&[Administrator, Sonographer]), "roles add up");
    }
}
