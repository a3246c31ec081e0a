//! Where a model comes from: a folder, or bytes in the program.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::{Card, LoadError};

/// A card is a page of text.
const MAX_CARD_BYTES: u64 = 1 << 20;
/// Above any network this program runs, below what would exhaust a small PC.
const MAX_WEIGHTS_BYTES: u64 = 1 << 30;

/// The files of a model, as read; nothing of them is checked yet.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// The text of `card.toml`.
    pub card_toml: Cow<'static, str>,
    /// The bytes of the file that the card names.
    pub weights: Cow<'static, [u8]>,
    /// The bytes of the twin in 8-bit integers, where the card names one.
    pub int8: Option<Cow<'static, [u8]>>,
}

impl ModelFiles {
    /// A model that the program carries inside (`include_str!`, `include_bytes!`).
    #[must_use]
    pub fn embedded(card_toml: &'static str, weights: &'static [u8]) -> Self {
        Self { card_toml: Cow::Borrowed(card_toml), weights: Cow::Borrowed(weights), int8: None }
    }

    /// With the twin in 8-bit integers, which the program carries too.
    #[must_use]
    pub fn with_int8(self, weights: &'static [u8]) -> Self {
        Self { int8: Some(Cow::Borrowed(weights)), ..self }
    }

    /// Read `card.toml` in `dir`, and every file of weights it names beside it.
    ///
    /// # Errors
    /// A file that is missing, unreadable or too large, and a card that is wrong: the name of the weights' file
    /// is taken from a valid card only, and cannot leave the folder.
    pub fn from_dir(dir: &Path) -> Result<Self, LoadError> {
        let card_path = dir.join("card.toml");
        let text = read(&card_path, MAX_CARD_BYTES)?;
        let text = String::from_utf8(text).map_err(|error| LoadError::File {
            path: card_path,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()),
        })?;
        let card = Card::parse(&text)?;
        let weights = read(&dir.join(&card.file), MAX_WEIGHTS_BYTES)?;
        let twin =
            card.int8.as_ref().map(|twin| read(&dir.join(&twin.file), MAX_WEIGHTS_BYTES)).transpose()?;
        Ok(Self { card_toml: Cow::Owned(text), weights: Cow::Owned(weights), int8: twin.map(Cow::Owned) })
    }
}

/// The whole file, or an error before more than `limit` bytes are held (a device or pipe has no length to ask for).
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::File { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let claimed = file.metadata().map_err(failed)?.len();
    if claimed > limit {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: claimed, limit });
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: bytes.len() as u64, limit });
    }
    Ok(bytes)
}
