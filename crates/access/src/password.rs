//! Passwords: Argon2id with 19 MiB, two passes and one lane (OWASP's Password Storage Cheat Sheet), a salt of its own each.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

/// How many characters a password has: long rather than strange (NIST SP 800-63B), and short enough to be hashed at once.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short or too long.
    #[error("a password has {} to {} characters", LENGTH.start(), LENGTH.end())]
    Length,
    /// It is the name of its account.
    #[error("a password is not the account's name")]
    Name,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
}

/// The hash of a password for an account of this name, as text that says how it was made. It takes 19 MiB and some hundredths of a second.
///
/// # Errors
/// [`PasswordError`].
pub fn hash(name: &str, password: &str) -> Result<String, PasswordError> {
    if !LENGTH.contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    if peony_store::account_name(name) == peony_store::account_name(password) {
        return Err(PasswordError::Name);
    }
    // The lengths are within what Argon2 takes: what is left is the salt.
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::NoRandom)
}

/// Looks at passwords, as long for a name that nobody has as for others.
pub(crate) struct Passwords {
    /// Of a password that nobody has.
    nobodys: String,
}

impl Passwords {
    pub fn new() -> Result<Self, PasswordError> {
        Ok(Self { nobodys: hash("", crate::secret::Secret::session()?.text())? })
    }

    /// Whether this is the password of which `kept` is the hash; `None` and an empty one are nobody's.
    pub fn fits(&self, password: &str, kept: Option<&str>) -> bool {
        let known = kept.filter(|kept| !kept.is_empty());
        let Ok(hash) = PasswordHash::new(known.unwrap_or(&self.nobodys)) else { return false };
        let fits = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        fits && known.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_how_it_was_made_and_fits_its_password_alone() {
        let password = "correct horse 电池";
        let kept = hash("li", password).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("li", password).unwrap(), "each has a salt of its own");
        let passwords = Passwords::new().unwrap();
        for (tried, of, expected) in [
            (password, Some(kept.as_str()), true),
            ("correct horse", Some(kept.as_str()), false),
            (password, None, false),
            (password, Some(""), false),
            (password, Some("no hash"), false),
        ] {
            assert_eq!(passwords.fits(tried, of), expected, "{tried} {of:?}");
        }
    }

    #[test]
    fn short_and_endless_passwords_and_the_name_are_refused() {
        assert_eq!(hash("li", "short"), Err(PasswordError::Length));
        assert_eq!(hash("li", &"x".repeat(257)), Err(PasswordError::Length));
        assert_eq!(hash("wang.xiaodong", "Wang.XiaoDong"), Err(PasswordError::Name));
        assert!(hash("li", "电池电池电池电池电池电池").is_ok(), "characters are counted, not bytes");
    }
}
