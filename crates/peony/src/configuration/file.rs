//! The file, read key by key: whoever takes a key says what it must be, each fault has its line, and what nobody took is a fault as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Kind;

/// The text of a file, and where it is from.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    text: String,
}

/// What the file says at a key.
#[derive(Debug)]
pub struct Said {
    /// `FILE:LINE: KEY`, with which a fault of it begins.
    pub at: String,
    /// One text, or those of a list.
    pub texts: Vec<String>,
}

/// A table of the file, with the keys that nobody took yet.
#[derive(Debug)]
pub struct Section<'f> {
    file: &'f File,
    /// Where it stands itself.
    at: usize,
    /// Its name, with a dot after it; empty for the whole file.
    prefix: String,
    left: BTreeMap<String, (usize, Spanned<DeValue<'f>>)>,
}

impl File {
    /// Reads it.
    ///
    /// # Errors
    /// One line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// The whole file as a table; the faults of one that is no TOML are all in `faults`.
    pub fn parse(&self, faults: &mut Vec<String>) -> Option<Section<'_>> {
        let (table, wrong) = DeTable::parse_recoverable(&self.text);
        for error in &wrong {
            let at = error.span().map_or(0, |span| span.start);
            faults.push(format!("{}: {}", self.line(at), error.message().replace('\n', ", ")));
        }
        wrong.is_empty().then(|| Section::of(self, 0, String::new(), table.into_inner()))
    }

    /// A path that the file names: from the folder that the file is in.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.path.parent().map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }

    fn line(&self, offset: usize) -> String {
        let before = self.text.as_bytes().iter().take(offset);
        format!("{}:{}", self.path.display(), 1 + before.filter(|byte| **byte == b'\n').count())
    }
}

impl<'f> Section<'f> {
    fn of(file: &'f File, at: usize, prefix: String, table: DeTable<'f>) -> Self {
        let left = table.into_iter().map(|(key, value)| {
            let offset = key.span().start;
            (key.into_inner().into_owned(), (offset, value))
        });
        Self { file, at, prefix, left: left.collect() }
    }

    /// Where the table stands, with which a fault of the whole of it begins.
    pub fn at(&self) -> String {
        format!("{}: {}", self.file.line(self.at), self.prefix.trim_end_matches('.'))
    }

    /// Whether there is such a key that nobody took.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Takes what stands at a key, which must be of that kind.
    pub fn take(&mut self, name: &str, kind: Kind, faults: &mut Vec<String>) -> Option<Said> {
        let (offset, value) = self.left.remove(name)?;
        let at = format!("{}: {}{name}", self.file.line(offset), self.prefix);
        match texts(value.get_ref(), kind) {
            Ok(texts) => Some(Said { at, texts }),
            Err(wanted) => {
                faults.push(format!("{at}: it is {wanted}, not of type {}", value.get_ref().type_str()));
                None
            }
        }
    }

    /// Takes a table.
    pub fn take_section(&mut self, name: &str, faults: &mut Vec<String>) -> Option<Self> {
        let (offset, value) = self.left.remove(name)?;
        self.table(offset, name, value, faults)
    }

    /// Takes a list of tables.
    pub fn take_sections(&mut self, name: &str, faults: &mut Vec<String>) -> Vec<Self> {
        let Some((offset, value)) = self.left.remove(name) else { return Vec::new() };
        match value.into_inner() {
            DeValue::Array(items) => {
                let table = |item: Spanned<DeValue<'f>>| self.table(item.span().start, name, item, faults);
                items.into_iter().filter_map(table).collect()
            }
            other => {
                let at = self.file.line(offset);
                let (prefix, is) = (&self.prefix, other.type_str());
                faults.push(format!(
                    "{at}: {prefix}{name}: it is a list of tables, [[{prefix}{name}]], not of type {is}"
                ));
                Vec::new()
            }
        }
    }

    fn table(
        &self,
        offset: usize,
        name: &str,
        value: Spanned<DeValue<'f>>,
        faults: &mut Vec<String>,
    ) -> Option<Self> {
        match value.into_inner() {
            DeValue::Table(table) => {
                Some(Self::of(self.file, offset, format!("{}{name}.", self.prefix), table))
            }
            other => {
                let (at, is) = (self.file.line(offset), other.type_str());
                faults.push(format!("{at}: {}{name}: it is a table, not of type {is}", self.prefix));
                None
            }
        }
    }

    /// What nobody took is nothing that can be configured.
    pub fn finish(self, faults: &mut Vec<String>) {
        for (name, (offset, _)) in &self.left {
            let at = self.file.line(*offset);
            faults.push(format!(
                "{at}: {}{name}: there is no such key; `peony config` lists them",
                self.prefix
            ));
        }
    }
}

/// What a value says, as it would stand on a command line; else what it must be.
fn texts(value: &DeValue<'_>, kind: Kind) -> Result<Vec<String>, &'static str> {
    let text = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
    let whole = || {
        let whole = value.as_integer()?;
        Some(i64::from_str_radix(whole.as_str(), whole.radix()).ok()?.to_string())
    };
    let number = || Some(value.as_float()?.as_str().to_owned());
    let (said, wanted) = match kind {
        Kind::Text | Kind::Path | Kind::Source => (text(value).map(|text| vec![text]), "a string"),
        Kind::Texts | Kind::Paths => {
            let all = || value.as_array()?.iter().map(|item| text(item.get_ref())).collect();
            (all(), "a list of strings")
        }
        Kind::Whole => (whole().map(|whole| vec![whole]), "a whole number"),
        Kind::Number => (number().or_else(whole).map(|number| vec![number]), "a number"),
        Kind::Switch => (value.as_bool().map(|on| vec![on.to_string()]), "true or false"),
    };
    said.ok_or(wanted)
}
