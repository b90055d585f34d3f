//! Subjects are stored for ever: their spelling and the partition of a merchant are held to known values.

use proptest::prelude::*;

use super::*;

fn merchant(n: u128) -> MerchantId {
    MerchantId(Uuid::from_u128(n))
}

#[test]
fn the_partition_of_a_merchant_never_changes() {
    let known = [
        (0x0000_0000_0000_0000_0000_0000_0000_0000, 28),
        (0x0000_0000_0000_0000_0000_0000_0000_0001, 11),
        (0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8, 46),
        (0xf81d_4fae_7dec_41d0_a765_00a0_c91e_6bf6, 25),
        (0xffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff, 29),
    ];
    assert_eq!(known.map(|(id, _)| Subject::partition(merchant(id))), known.map(|(_, partition)| partition));
}

#[test]
fn merchants_spread_over_all_partitions() {
    let mut counts = [0_u32; 64];
    for n in 0..64_000_u32 {
        // Version 4 UUIDs as they come, without needing any to come: multiples of a large odd number.
        let id = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        counts[usize::from(Subject::partition(merchant(id)))] += 1;
    }
    assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
}

#[test]
fn subjects_have_one_spelling() {
    let merchant = merchant(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    let customer = CustomerId(Uuid::from_u128(0xf81d_4fae_7dec_41d0_a765_00a0_c91e_6bf6));
    let request = GdprRequestId(customer.0);
    let parked = ParkedId(customer.0);
    let lines = [
        Subject::customer(merchant, customer).to_string(),
        Subject::points(merchant, customer).to_string(),
        Subject::program(merchant).to_string(),
        Subject::merchant(merchant).to_string(),
        Subject::waiting(merchant, 0x0b).to_string(),
        Subject::parked(merchant, 0xff).to_string(),
        Subject::gdpr(merchant, request).to_string(),
        Subject::product(merchant, 0).to_string(),
        Subject::installation().to_string(),
        Subject::points(merchant, customer).snapshot(),
        parked_body(merchant, parked),
        everything_of(merchant),
        everything(),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.customer.f81d4fae7dec41d0a76500a0c91e6bf6
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.points.f81d4fae7dec41d0a76500a0c91e6bf6
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.program.main
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.merchant.main
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.waiting.s0b
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.parked.sff
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.gdpr.f81d4fae7dec41d0a76500a0c91e6bf6
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.product.s00
    ln.1c.00000000000000000000000000000000.installation.main
    lnsnap.2e.67e5504410b1426f9247bb680e5fe0c8.points.f81d4fae7dec41d0a76500a0c91e6bf6
    lnparked.2e.67e5504410b1426f9247bb680e5fe0c8.f81d4fae7dec41d0a76500a0c91e6bf6
    ln.2e.67e5504410b1426f9247bb680e5fe0c8.>
    ln.>
    ");
}

#[test]
fn text_that_is_no_subject_is_refused() {
    let good = Subject::points(merchant(7), CustomerId(Uuid::from_u128(8))).to_string();
    let (head, _) = good.rsplit_once('.').expect("it has words");
    let wrong_partition = good.replacen(&good[3..5], "3f", 1);
    let hyphens = good.replace(&Uuid::from_u128(8).simple().to_string(), &Uuid::from_u128(8).to_string());
    let bad = ["", "ln", "ln.nowhere", head, &format!("{good}.x"), &wrong_partition, &hyphens, &good.to_uppercase()];
    for text in bad {
        assert!(text.parse::<Subject>().is_err(), "{text}");
    }
    assert!(format!("{head}.s1").parse::<Subject>().is_err());
    assert!(format!("{head}.s+1").parse::<Subject>().is_err());
    assert!(good.parse::<Subject>().is_ok());
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let id = prop_oneof![
        any::<u128>().prop_map(|n| SubjectId::Uuid(Uuid::from_u128(n))),
        any::<u8>().prop_map(SubjectId::Shard),
        Just(SubjectId::Main),
    ];
    (any::<u128>(), proptest::sample::select(Context::ALL.to_vec()), id).prop_map(|(merchant, context, id)| Subject {
        merchant: MerchantId(Uuid::from_u128(merchant)),
        context,
        id,
    })
}

proptest! {
    #[test]
    fn every_subject_is_read_back_as_it_was_printed(subject in any_subject()) {
        prop_assert_eq!(subject.to_string().parse(), Ok(subject));
    }

    #[test]
    fn no_text_is_read_as_a_subject_that_prints_otherwise(text in "ln\\.[0-3][0-9a-f]\\.[0-9a-f]{32}\\.points\\.(main|s[0-9a-f]{2}|[0-9a-f]{32})") {
        if let Ok(subject) = text.parse::<Subject>() {
            prop_assert_eq!(subject.to_string(), text);
        }
    }
}
