//! Media types: what a peer accepts and what it says that it sends (RFC 9110 §8.3, §12.5.1, PS3.18 §8.7).
//!
//! Tolerant where peers are sloppy: a value with a slash need not be in quotes.

/// Ranges beyond these are passed over.
const MOST_RANGES: usize = 64;

/// A media type or range with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaType {
    /// Type and subtype in small letters, such as `image/jpeg`, `image/*` or `*/*`.
    pub name: String,
    /// Names in small letters, and values without quotes.
    pub parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads one; `None` where the text is none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let mut pieces = split(text, ';');
        let name = pieces.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = name.split_once('/')?;
        let token = |text: &str| {
            (1..=127).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(&b))
        };
        if !token(kind) || !token(subtype) {
            return None;
        }
        let parameters = pieces.filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
        });
        Some(Self { parameters: parameters.collect(), name: name.clone() })
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it covers a media type without parameters.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.name == "*/*" || self.name == name || {
            let kind = self.name.strip_suffix('*').filter(|kind| kind.ends_with('/'));
            kind.is_some_and(|kind| name.starts_with(kind))
        }
    }
}

/// What a peer accepts, the dearest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept(pub Vec<Range>);

/// One media range of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// In one part (`Some(false)`), as `multipart/related` (`Some(true)`), or either.
    pub multipart: Option<bool>,
    /// Of the body, or of each part; its parameters are those of both.
    pub media: MediaType,
}

impl Range {
    /// The Transfer Syntax UID that it asks for, `*` for any.
    #[must_use]
    pub fn transfer_syntax(&self) -> Option<&str> {
        self.media.parameter("transfer-syntax")
    }

    /// Whether it covers a media type, alone or as a part.
    #[must_use]
    pub fn covers(&self, multipart: bool, name: &str) -> bool {
        self.multipart.is_none_or(|wanted| wanted == multipart) && self.media.covers(name)
    }
}

impl Accept {
    /// What header fields or a query parameter say, of which there may be several; nothing is anything.
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a str>) -> Self {
        let listed = fields.into_iter().flat_map(|field| split(field, ','));
        let media = listed.take(MOST_RANGES).filter_map(MediaType::of);
        let mut weighed: Vec<(f32, Range)> = media
            .map(|media| {
                let weight = media.parameter("q").and_then(|q| q.parse().ok()).unwrap_or(1.0_f32);
                (weight, range_of(media))
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        weighed.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut ranges: Vec<Range> = weighed.into_iter().map(|(_, range)| range).collect();
        if ranges.is_empty() {
            let media = MediaType { name: "*/*".into(), parameters: Vec::new() };
            ranges.push(Range { multipart: None, media });
        }
        Self(ranges)
    }

    /// The first of what is offered that the dearest range covers.
    #[must_use]
    pub fn pick<'a, T>(&'a self, offers: &'a [(bool, &str, T)]) -> Option<(&'a T, &'a Range)> {
        self.0.iter().find_map(|range| {
            let offer = offers.iter().find(|(multipart, name, _)| range.covers(*multipart, name));
            offer.map(|(_, _, what)| (what, range))
        })
    }
}

fn range_of(media: MediaType) -> Range {
    match media.name.as_str() {
        "multipart/related" | "multipart/*" => {
            let name = media.parameter("type").unwrap_or("*/*").to_ascii_lowercase();
            Range { multipart: Some(true), media: MediaType { name, ..media } }
        }
        "*/*" => Range { multipart: None, media },
        _ => Range { multipart: Some(false), media },
    }
}

/// The pieces between separators that are in no quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        if escaped {
            escaped = false;
            return false;
        }
        match letter {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return letter == separator && !quoted,
        }
        false
    })
}

fn unquoted(value: &str) -> String {
    let inside = value.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    let Some(inside) = inside else { return value.to_owned() };
    let mut text = String::with_capacity(inside.len());
    let mut letters = inside.chars();
    while let Some(letter) = letters.next() {
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read_as_peers_write_them() {
        let dicom = "multipart/related; type=\"application/dicom\"; boundary=\"a;b,\\\"c\"";
        let read = MediaType::of(dicom).unwrap();
        assert_eq!((read.name.as_str(), read.parameter("boundary")), ("multipart/related", Some("a;b,\"c")));
        let sloppy = MediaType::of("Multipart/Related;TYPE=application/dicom;transfer-syntax=*").unwrap();
        assert_eq!(sloppy.parameter("type"), Some("application/dicom"));
        assert_eq!(sloppy.parameter("transfer-syntax"), Some("*"));
        for none in ["", "text", "/", "a/b/c", "te xt/plain", "\u{0}/x"] {
            assert_eq!(MediaType::of(none), None, "{none}");
        }
    }

    #[test]
    fn the_dearest_range_that_is_offered_is_picked() {
        let offers = [(false, "application/dicom+json", 'j'), (true, "application/dicom+xml", 'x')];
        let picked = |accept: &str| Accept::of([accept]).pick(&offers).map(|(what, _)| *what);
        assert_eq!(picked(""), Some('j'));
        assert_eq!(picked("*/*"), Some('j'));
        assert_eq!(picked("application/dicom+json"), Some('j'));
        assert_eq!(picked("multipart/related; type=\"application/dicom+xml\""), Some('x'));
        assert_eq!(picked("multipart/related"), Some('x'));
        assert_eq!(
            picked("application/*;q=0.5, multipart/related;type=\"application/dicom+xml\""),
            Some('x')
        );
        assert_eq!(picked("text/html, application/dicom+json;q=0.1"), Some('j'));
        assert_eq!(picked("application/dicom+json;q=0"), Some('j'), "nothing is left: anything");
        assert_eq!(picked("text/html"), None);
        assert_eq!(picked("application/dicom+xml"), None, "only as parts");
    }
}
