//! The conformance statement of DICOMweb (PS3.2), printed from the tables by which it works.

use std::fmt::Write as _;

use peony_dicom::limits::SEQUENCE_DEPTH;
use peony_dicom::pixels::Lossless;
use peony_dicom::{Level, Tag};
use peony_store::Query;

use crate::frames::{MEDIA, SYNTAXES};
use crate::query::{ANSWERED, name};
use crate::question::MOST;
use crate::storing::REASONS;
use crate::worklist::KEYS;
use crate::{Limits, PLACES, Places, ROOT};

/// The statement, in Markdown.
#[must_use]
pub fn statement() -> String {
    let mut text = String::new();
    // Memory takes every write.
    let _ = write_statement(&mut text);
    text
}

fn write_statement(text: &mut String) -> std::fmt::Result {
    let Limits { silence, object_bytes } = Limits::default();
    let (silence, gib) = (silence.as_secs(), object_bytes >> 30);
    writeln!(
        text,
        "# DICOMweb conformance statement

Printed by `cargo run -p peony-dicomweb --example dicomweb > docs/DICOMWEB.md` from the tables in `crates/dicomweb/src`; a test holds this file to them.
Peony is for research use and no cleared medical device. HTTP/1.1, below the path at which the server mounts it.

## Services

| | below the path | | |
|---|---|---|---|"
    )?;
    for Places { service, of, path, method, note, .. } in PLACES {
        let begin = if *of == ROOT { "" } else { "…" };
        let place = format!("{begin}{path}").replace("{*", "{");
        writeln!(text, "| {service} | `{place}` | {method} | {note} |")?;
    }
    writeln!(
        text,
        "
`GET` means `HEAD` too. Every answer with a body of an object has an `ETag`, another one for each form, and `If-None-Match` is heeded; every answer has `Vary: Accept`. What is wrong, an address or a method that is not among these as well, is one line, as JSON: `{{\"error\": \"…\", \"code\": \"…\"}}`.

## Storing

`multipart/related; type=\"application/dicom\"`, or one object as `application/dicom`; in any transfer syntax, and kept as it came, bit for bit. 200 where every object
is kept, 202 where some are or one has a warning, 409 where none is, 503 where none is for lack of room or since the store cannot keep it now. An
object has at most {gib} GiB, its sequences nested {SEQUENCE_DEPTH} deep at most; a body that brings nothing for {silence} s is given up (408).

Metadata and bulk data may come apart: `multipart/related` of `application/dicom+json` (a data set or a list of them) or `application/dicom+xml` (a data set a part), at most 8 MiB
of them in a request, and parts whose `Content-Location` is the address in the metadata, each named once. Pixel data is `application/octet-stream` in little endian, or coded frames, a part each
in their order, of one of the media types below; without `transfer-syntax` JPEG is what its frame says, another one the first of its row. A value with a backslash in it, which would be two, is refused, and so is an integer string that is none (2.0 as a number of JSON is 2). What is put together is in UTF-8, in explicit little endian or in
that transfer syntax, without tables of offsets, and is received as any other object. A body that breaks off stores nothing.

| reason | when |
|---|---|"
    )?;
    for (code, when) in REASONS {
        writeln!(text, "| {code:04X} | {when} |")?;
    }
    writeln!(
        text,
        "
An object whose UIDs are not known is in the Other Failures Sequence (0008,119A). Error Comment (0000,0902) says more in at most 64 characters;
where there is more to say, Text Value (0040,A160) beside it has all of it.

## Searching

The DICOM JSON Model, or the Native DICOM Model in parts. At most {MOST} results; where there are more, a `Warning` says so, and `offset` leads to them. Single
values, lists of UIDs, wildcards, ranges of dates and times, and empty values are matched. Names are matched without case, accents and width, each component group alone too;
`fuzzymatching` lets the words of Patient's Name stand in any order and be begun only, for other names a `Warning` says that it does nothing. A key that nothing is
matched by and a field that the index does not keep are passed over with a `Warning`; `includefield=all` gives everything that the index keeps.

| level | matched besides those above | answered without being asked |
|---|---|---|"
    )?;
    for (level, title) in [(Level::Study, "study"), (Level::Series, "series"), (Level::Instance, "instance")]
    {
        let above: Vec<Tag> = match level {
            Level::Series => Query::keys(Level::Study).collect(),
            Level::Instance => Query::keys(Level::Series).collect(),
            _ => Vec::new(),
        };
        let matched = Query::keys(level).filter(|tag| !above.contains(tag));
        let answered = ANSWERED.iter().filter(|(of, _)| *of == level).flat_map(|(_, tags)| *tags).copied();
        writeln!(text, "| {title} | {} | {} |", names(matched), names(answered))?;
    }
    writeln!(
        text,
        "
Retrieve URL and Specific Character Set (ISO_IR 192) are in every answer. What the path names is not told again.

## Retrieving

Objects go out as they are kept for `transfer-syntax=*`, for their own transfer syntax and for `Accept: */*`; without `transfer-syntax`, and for explicit
little endian, they are written anew in that, uncompressed; for the codings below they are in explicit little endian with their frames coded anew without loss, each one fragment and without a
table of offsets, where they are of that kind and their frames have places of their own (a deflated data set has none). What was once compressed with a loss still says so. Another transfer syntax, and one whose pixels
are not decoded here (video, JPEG 2000 part 2, high-throughput JPEG 2000), is refused (406), and what is answered is said; nothing is coded with a loss. One instance may come without parts as `application/dicom`; it comes in ranges where it goes out as it is kept.

Of a study or a series, what is refused so, what turns out not to be decoded (such as JPEG-LS in colour) or not to be of the coding that is asked for and what is damaged on the disk is left out of objects, metadata and pictures, and
the rest comes: with 206 and a `Warning` that says how many where that is known before the first part, as damage and an object that could not be written so are from the second request on; what turns out later is in the log. Where nothing is left the answer
is 406, or what is wrong with the first. An object of which a part is on its way when it turns out to be damaged breaks the answer off, and is left out from then on.

| coded anew | transfer syntax | where it is |
|---|---|---|"
    )?;
    for coding in Lossless::ALL {
        let of = match coding {
            Lossless::Rle => "any picture that is decoded here",
            Lossless::JpegLs => "grey or with a palette",
            Lossless::JpegXl => "unsigned grey, or red, green and blue; of two rows and two columns at least",
        };
        writeln!(text, "| {} | `{}` | {of} |", coding.codec(), coding.uid())?;
    }
    writeln!(
        text,
        "
An object with an overlay in the bits of its samples' cells is not coded anew.

Frames go out as they are kept, as one of these, uncompressed as `application/octet-stream`, or coded anew in one of the codings above; one frame may come without parts. Of a range that several cover, what is kept comes first,
then what is uncompressed. `application/octet-stream` with a `transfer-syntax` means that coding too, and the answer has the media type of it. A media type that is refused (`q=0`) does not come as parts either.

| media type | transfer syntaxes `{SYNTAXES}…` |
|---|---|"
    )?;
    for (media, ends) in MEDIA {
        writeln!(text, "| `{media}` | {} |", ends.join(", "))?;
    }
    let keys = names(KEYS.iter().copied());
    writeln!(
        text,
        "
Metadata are all attributes of the data set. Binary values beyond 256 bytes, other values beyond 64 KiB and the pixel data are addresses of bulk data. Bulk data but pixel
data come in ranges where they come without parts.

Pictures are JPEG or PNG, one frame of eight bits through the file's modality LUT or rescaling and its window, else its VOI LUT, or `window=center,width,linear|linear-exact|sigmoid`, with
`viewport` and `quality`. Without a presentation state nothing is enlarged beyond 2048 pixels a side; `annotation` draws nothing into it, and the answer says so in a `Warning`. Without a frame number it is the one in the middle. Of several windows or tables the first is applied.
Of a study or a series every instance with pictures that are drawn here is a part of `multipart/related`, as it is by itself, without presentation states; where there is one alone it may come without parts.

`rendered` of a Grayscale or Color Softcopy Presentation State is the one picture of its study that it is for, or the one that has the frame that is asked for. Of several the picture is named instead, by its own
place in WADO-RS or WADO-URI, and the state by `presentationSeriesUID` and `presentationUID`; a picture that the state is not for is refused (406). Applied are, of a grey state, its modality LUT or rescaling, window or VOI LUT and presentation LUT or its shape, in place of the picture's own; of both, shutters,
overlays (not those within the cells of pixels), displayed area, rotation and flip, graphics and texts with the order and colour of their layers. TRUE SIZE is as large as the picture's pixels; lines and letters have
sizes of their own, since styles are not read; ICC profiles and recommended colours of shutters are not applied; overlays lie under all other marks. A state that subtracts a mask, that has
annotations in units of a tiled picture or compound graphics alone, and one of another kind (pseudo-colour, blending) is refused (406). `window` and the region of `viewport` go with no state (400).

## Worklist

Every order is a workitem (Unified Procedure Step), whatever its state: SCHEDULED, IN PROGRESS, COMPLETED or CANCELED. Searches are matched by {keys}; other keys are passed over with a `Warning`.
Its state is changed by whoever claims it: IN PROGRESS with a Transaction UID, and COMPLETED or CANCELED with the same one; anything else is a conflict (409). What a modality performs of an order (MPPS) is
no claim, and cannot be ended so. Final state requirements are not checked.

## Not there

Making, updating and subscribing to workitems, deleting, rendering of states for several pictures in one answer, de-identification on the way out, capabilities (`OPTIONS`)."
    )
}

fn names(tags: impl Iterator<Item = Tag>) -> String {
    tags.map(name).collect::<Vec<_>>().join(", ")
}
