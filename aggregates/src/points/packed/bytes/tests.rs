//! What is written can be read, and what was not written cannot.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn numbers_are_read_as_they_were_written(unsigned: u64, signed: i64, shift in 0..64_u32) {
        let (unsigned, signed) = (unsigned >> shift, signed >> shift);
        let mut writer = Writer::default();
        writer.unsigned(unsigned);
        writer.signed(signed);
        writer.raw(b"end");
        let bytes = writer.into_bytes();
        let mut reader = bytes.reader();
        prop_assert_eq!((reader.unsigned(), reader.signed(), reader.raw()), (Some(unsigned), Some(signed), Some(*b"end")));
        prop_assert_eq!(reader.len(), 0);
    }
}

#[test]
fn small_numbers_take_one_byte() {
    for number in [0, 1, -1, 63, -64] {
        let mut writer = Writer::default();
        writer.signed(number);
        assert_eq!(writer.0.len(), 1, "{number}");
    }
}

#[test]
fn a_number_without_an_end_is_not_read() {
    assert_eq!(Reader(&[MORE; 3]).unsigned(), None);
    assert_eq!(Reader(&[MORE; 20]).unsigned(), None);
}

#[test]
fn more_things_than_there_are_bytes_cannot_be_counted() {
    assert_eq!(Reader(&[2, 0, 0]).count(), Some(2));
    assert_eq!(Reader(&[3, 0, 0]).count(), None);
}
