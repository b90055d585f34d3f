//! In which forms a value could lie in a file, so that a search for it is worth something.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// Shorter ones would be found by chance.
const BYTES_MIN: usize = 7;

/// One way to write one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub encoding: &'static str,
    pub bytes: Vec<u8>,
}

/// A text in the encodings of programs, files and URLs, as it was given and as look-ups normalise it.
pub fn of_text(text: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for spelling in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
        let little = spelling.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big = spelling.encode_utf16().flat_map(u16::to_be_bytes).collect();
        forms.push(Form { encoding: "JSON escapes", bytes: escaped(&spelling).into_bytes() });
        forms.push(Form { encoding: "percent encoding", bytes: percent_encoded(&spelling).into_bytes() });
        in_all_wrappings(&mut forms, "UTF-8", spelling.into_bytes());
        in_all_wrappings(&mut forms, "UTF-16 little-endian", little);
        in_all_wrappings(&mut forms, "UTF-16 big-endian", big);
    }
    only_useful(forms)
}

/// A number as text, and in the binary encodings of the journal, of databases and of programs.
pub fn of_number(number: u64) -> Vec<Form> {
    let mut forms = of_text(&number.to_string());
    in_all_wrappings(&mut forms, "little-endian", number.to_le_bytes().to_vec());
    in_all_wrappings(&mut forms, "big-endian", number.to_be_bytes().to_vec());
    let varint = postcard::to_stdvec(&number).expect("a number can be encoded");
    in_all_wrappings(&mut forms, "varint", varint);
    let signed = i64::try_from(number).expect("ids of shops have 63 bits");
    in_all_wrappings(&mut forms, "signed varint", postcard::to_stdvec(&signed).expect("a number can be encoded"));
    in_all_wrappings(&mut forms, "floating point", (number as f64).to_le_bytes().to_vec());
    only_useful(forms)
}

/// The bytes themselves, in hexadecimal, and in base64 wherever in a longer text they begin.
fn in_all_wrappings(forms: &mut Vec<Form>, encoding: &'static str, bytes: Vec<u8>) {
    forms.push(Form { encoding, bytes: hex::encode(&bytes).into_bytes() });
    forms.push(Form { encoding, bytes: hex::encode_upper(&bytes).into_bytes() });
    for before in 0..3 {
        for alphabet in [&STANDARD, &URL_SAFE] {
            forms.push(Form { encoding, bytes: in_base64(alphabet, &bytes, before) });
        }
    }
    forms.push(Form { encoding, bytes });
}

/// The letters that depend on `bytes` alone when so many others stand before them.
fn in_base64(alphabet: &impl base64::Engine, bytes: &[u8], before: usize) -> Vec<u8> {
    let text = alphabet.encode([&[0; 2][..before], bytes].concat());
    let first = (before * 8).div_ceil(6);
    let last = (before + bytes.len()) * 8 / 6;
    text.as_bytes()[first..last].to_vec()
}

fn escaped(text: &str) -> String {
    let escape = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    text.encode_utf16().map(escape).collect()
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn only_useful(mut forms: Vec<Form>) -> Vec<Form> {
    forms.retain(|form| form.bytes.len() >= BYTES_MIN);
    forms.sort_by(|one, other| one.bytes.cmp(&other.bytes));
    forms.dedup_by(|one, other| one.bytes == other.bytes);
    forms
}

#[test]
fn a_value_is_found_wherever_in_a_base64_text_it_begins() {
    for before in ["", "a", "ab", "abc"] {
        let text = STANDARD.encode(format!("{before}Florentine Kestrel-Ibis and more"));
        let found = of_text("Florentine Kestrel-Ibis").iter().any(|form| {
            form.encoding == "UTF-8" && text.as_bytes().windows(form.bytes.len()).any(|window| window == form.bytes)
        });
        assert!(found, "after {before:?}");
    }
}
