//! Three-letter pieces of words: two spellings that share most of them are the same word, mistyped.

use std::collections::BTreeSet;

/// The pieces of each word of a text, in lower case, with the word's beginning and end marked by blanks.
pub fn of(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.flat_map(pieces).collect()
}

fn pieces(word: &str) -> Vec<String> {
    let word = word.chars().flat_map(char::to_lowercase);
    let letters: Vec<char> = [' ', ' '].into_iter().chain(word).chain([' ']).collect();
    letters.windows(3).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_its_mistyped_sister_share_most_pieces() {
        assert_eq!(of("Tea"), ["  t", " te", "ea ", "tea"].map(str::to_owned).into());
        let (right, wrong) = (of("espresso"), of("expresso"));
        assert!(right.intersection(&wrong).count() * 2 >= wrong.len(), "{wrong:?}");
        assert!(of("espresso").is_disjoint(&of("kettle")));
        assert!(of(" -- ").is_empty());
    }
}
