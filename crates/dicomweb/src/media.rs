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

/// What a peer accepts, the dearest first; nothing of what it refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept(pub Vec<Range>);

/// One media range of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// In one part (`Some(false)`), as `multipart/related` (`Some(true)`), or either.
    pub multipart: Option<bool>,
    /// Of the body, or of each part; its parameters are those of both.
    pub media: MediaType,
    /// What it takes in that a narrower range says otherwise of: that is less dear, or refused (RFC 9110 §12.5.1).
    pub but: Vec<Self>,
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
        self.multipart.is_none_or(|wanted| wanted == multipart)
            && self.media.covers(name)
            && !self.but.iter().any(|narrower| narrower.covers(multipart, name))
    }

    /// What it takes out of a wider range. Whoever refuses a media type wants no parts of it either; whoever refuses parts of one, or takes it less
    /// gladly, says nothing of the other form.
    fn as_exception(&self, weight: f32) -> Self {
        let refuses_all = weight == 0.0 && self.multipart == Some(false);
        Self { multipart: if refuses_all { None } else { self.multipart }, ..self.clone() }
    }

    /// Of two ranges that cover a media type the narrower one counts.
    fn narrowness(&self) -> (bool, u8) {
        let named = match self.media.name.as_str() {
            "*/*" => 0,
            name if name.ends_with("/*") => 1,
            _ => 2,
        };
        (self.multipart.is_some(), named)
    }
}

impl Accept {
    /// What header fields or a query parameter say, of which there may be several; nothing is anything. Where all that is said is what is refused,
    /// nothing is accepted.
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a str>) -> Self {
        let listed = fields.into_iter().flat_map(|field| split(field, ','));
        let media = listed.take(MOST_RANGES).filter_map(MediaType::of);
        let mut weighed: Vec<(f32, Range)> = media
            .map(|media| {
                let said = media.parameter("q").and_then(|q| q.parse().ok());
                let weight = said.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0_f32);
                (weight, range_of(media))
            })
            .collect();
        if weighed.is_empty() {
            weighed.push((1.0, range_of(MediaType { name: "*/*".into(), parameters: Vec::new() })));
        }
        weighed.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let accepted = weighed.iter().filter(|(weight, _)| *weight > 0.0).map(|(weight, range)| {
            // What is said of one transfer syntax says nothing of a media type.
            let is_exception = |(less, other): &&(f32, Range)| {
                less < weight
                    && other.narrowness() > range.narrowness()
                    && other.transfer_syntax().is_none_or(|uid| uid == "*")
            };
            let but = weighed.iter().filter(is_exception).map(|(less, other)| other.as_exception(*less));
            let but = but.collect();
            Range { but, ..range.clone() }
        });
        Self(accepted.collect())
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
            Range { multipart: Some(true), media: MediaType { name, ..media }, but: Vec::new() }
        }
        "*/*" => Range { multipart: None, media, but: Vec::new() },
        _ => Range { multipart: Some(false), media, but: Vec::new() },
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
        assert_eq!(picked("text"), Some('j'), "no range at all: anything");
        assert_eq!(picked("*/*;q=high"), Some('j'), "no weight is the highest");
        assert_eq!(picked("text/html"), None);
        assert_eq!(picked("application/dicom+xml"), None, "only as parts");
    }
    #[test]
    fn what_is_refused_is_not_picked() {
        let offers = [(false, "application/dicom+json", 'j'), (true, "application/dicom+xml", 'x')];
        let picked = |accept: &str| Accept::of([accept]).pick(&offers).map(|(what, _)| *what);
        for (accept, expect) in [
            ("*/*;q=0", None),
            ("*/*;q=0.000", None),
            ("application/dicom+json;q=0", None),
            ("*/*;q=0, application/dicom+json;q=0.2", Some('j')),
            ("*/*, application/dicom+json;q=0", Some('x')),
            ("*/*, multipart/related;q=0", Some('j')),
            ("*/*, multipart/*;q=0, application/dicom+json;q=0", None),
            ("multipart/related, multipart/related;type=\"application/dicom+xml\";q=0", None),
            // A type that is refused does not come as parts either, nor do all of a kind.
            ("application/*;q=0, */*", None),
            ("image/*;q=0, */*", Some('j')),
            ("application/dicom+json;q=0, application/dicom+xml;q=0, */*", None),
            ("application/dicom+xml;q=0, multipart/related", None),
            ("application/dicom+xml;q=0, multipart/related;type=\"application/dicom+xml\"", Some('x')),
            ("application/dicom+json;q=0, application/dicom+xml;q=0.1, */*", Some('x')),
            ("multipart/related;type=\"application/dicom+json\";q=0, */*", Some('j')),
            // Dearer is what the narrower range says is dearer, and not what a wide one takes in.
            ("*/*;q=0.8, application/dicom+json;q=0.1", Some('x')),
            ("application/dicom+json;transfer-syntax=1.2;q=0, */*", Some('j')),
        ] {
            assert_eq!(picked(accept), expect, "{accept}");
        }
    }
}
