//! Words to choose from.

use super::messages::{Ending, Messages};

/// The number of the word that this text begins, in any case, when it begins no other.
///
/// # Errors
/// It is none of them, which was said.
pub(super) fn choose(text: &str, words: &[&str], option: &str, messages: &mut Messages<'_>) -> Result<usize, Ending> {
    if let Some(number) = find(text, words) {
        return Ok(number);
    }
    match text {
        "" => messages.line(format_args!("No option given to {option}")),
        text => messages.line(format_args!("Unknown option to {option}: {text}")),
    }
    messages.line(format_args!("Alternatives are: '{}'", words.join("','")));
    Err(Ending::FAILURE)
}

fn find(text: &str, words: &[&str]) -> Option<usize> {
    let whole = text.trim_end_matches(' ');
    let exact = words.iter().position(|word| word.eq_ignore_ascii_case(whole));
    let begun = |word: &&str| {
        let start = word.get(..text.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    let mut begun = words
        .iter()
        .enumerate()
        .filter(|(_, word)| !text.is_empty() && begun(word));
    match (exact, begun.next(), begun.next()) {
        (Some(exact), ..) => Some(exact),
        (None, Some((only, _)), None) => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn beginnings() {
        let words = ["NEVER", "AUTO", "UNSPEC", "DECODE-ROWS", "AUTOMATIC"];
        for (text, expected) in [
            ("never", Some(0)),
            ("n", Some(0)),
            ("decode", Some(3)),
            ("auto", Some(1)),
            ("auto  ", Some(1)),
            (" auto", None),
            ("aut", None),
            ("", None),
            ("1", None),
            ("always", None),
        ] {
            assert_eq!(find(text, &words), expected, "{text}");
        }
    }
}
