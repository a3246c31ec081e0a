//! Segmented palettes (PS3.3 §C.7.9.2): runs of entries, straight lines between entries, and repeats of those.

/// The entries of a segmented table of 16-bit words, at most `entries` of them; `None` where it is damaged.
pub(super) fn expand(words: &[u16], entries: usize) -> Option<Vec<u16>> {
    let mut table = Vec::with_capacity(entries);
    let mut at = 0;
    while at < words.len() && table.len() < entries {
        at = match words[at] {
            // Three words: how many segments to repeat, and where the first begins, in bytes, low word first
            // (§C.7.9.2.3). What is repeated may not repeat in turn, so this ends.
            2 => {
                let operands = words.get(at + 1..at + 4)?;
                let bytes = usize::from(operands[1]) | usize::from(operands[2]) << 16;
                let mut from = bytes / 2;
                for _ in 0..operands[0] {
                    if table.len() >= entries {
                        break;
                    }
                    from = segment(words, from, &mut table)?;
                }
                at + 4
            }
            _ => segment(words, at, &mut table)?,
        };
    }
    table.truncate(entries);
    Some(table)
}

/// Appends one discrete or linear segment, and says where the next begins.
fn segment(words: &[u16], at: usize, table: &mut Vec<u16>) -> Option<usize> {
    let length = usize::from(*words.get(at + 1)?);
    match words.get(at)? {
        // Discrete (§C.7.9.2.1): the entries themselves.
        0 => {
            table.extend_from_slice(words.get(at + 2..at + 2 + length)?);
            Some(at + 2 + length)
        }
        // Linear (§C.7.9.2.2): `length` entries from after the last one to the one that is given.
        1 => {
            let (from, to) = (f64::from(*table.last()?), f64::from(*words.get(at + 2)?));
            let step = (to - from) / length.max(1) as f64;
            table.extend((1..=length).map(|index| (from + step * index as f64).round_ties_even() as u16));
            Some(at + 3)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_expand_to_the_table() {
        let check = |words: &[u16], entries, expect: Option<&[u16]>| {
            assert_eq!(expand(words, entries).as_deref(), expect, "{words:?}");
        };
        check(&[0, 3, 7, 8, 9], 3, Some(&[7, 8, 9]));
        check(&[0, 1, 10, 1, 4, 50], 5, Some(&[10, 20, 30, 40, 50]));
        check(&[0, 1, 50, 1, 2, 0], 3, Some(&[50, 25, 0]));
        // The second of two segments repeats both: eight words, so it begins at byte 0.
        check(&[0, 1, 10, 1, 2, 30, 2, 2, 0, 0], 6, Some(&[10, 20, 30, 10, 20, 30]));
        check(&[0, 9, 1, 2, 3], 3, None); // fewer entries than it says
        check(&[1, 2, 9], 2, None); // a line from nowhere
        check(&[2, 1, 0, 0], 3, None); // repeats itself
        check(&[3, 1, 0], 3, None);
        check(&[0, 5, 1, 2, 3, 4, 5], 3, Some(&[1, 2, 3]));
        check(&[], 3, Some(&[]));
    }
}
