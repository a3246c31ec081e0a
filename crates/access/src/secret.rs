//! Secrets of sessions and tokens: 256 random bits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peony_store::Digest;

use crate::password::PasswordError;

/// How a token begins, so that one that was left lying about is known for what it is.
const TOKEN: &str = "peony_";

/// A secret that was made and is known to nobody else. It has no debug form.
pub struct Secret(String);

impl Secret {
    /// A new one for a cookie.
    pub(crate) fn session() -> Result<Self, PasswordError> {
        Self::made("")
    }

    /// A new one for a program.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn token() -> Result<Self, PasswordError> {
        Self::made(TOKEN)
    }

    fn made(begins: &str) -> Result<Self, PasswordError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| PasswordError::NoRandom)?;
        Ok(Self(format!("{begins}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Its text, to be handed out once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest_of(&self.0)
    }
}

/// What is kept of a secret that somebody shows.
pub(crate) fn digest_of(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_never_the_same() {
        let [one, other] = [(); 2].map(|()| Secret::token().unwrap());
        assert!(one.text().starts_with("peony_") && one.text().len() == 6 + 43);
        assert!(one.text() != other.text() && one.digest() != other.digest());
        assert_eq!(one.digest(), digest_of(one.text()));
        assert!(!format!("{:?}", one.digest()).contains(one.text()));
    }
}
