use super::*;
use crate::{Aggregate, event::Recorded, order::Item};

fn stated(tags: &[&str], updated_at: Option<i64>) -> ProductCommand {
    ProductCommand::State(ProductStated {
        product_id: "1".to_owned(),
        title: "Tea".to_owned(),
        vendor: Some("Leaf & Co".to_owned()),
        product_type: Some("Drinks".to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        status: None,
        updated_at: updated_at.map(Timestamp),
        variants: Vec::new(),
    })
}

fn carry_out(shard: &mut ProductShard, command: &ProductCommand, at: i64) -> usize {
    let Ok(events) = shard.decide(command);
    for event in &events {
        shard.apply(event, &Recorded { position: 1, at: Timestamp(at) });
    }
    events.len()
}

fn tags_at(shard: &ProductShard, instant: i64) -> Vec<String> {
    let facts = shard.product_at("1", Timestamp(instant)).expect("it was stated");
    facts.tags.into_iter().collect()
}

#[test]
fn a_product_is_known_as_it_was_at_any_time_whichever_way_its_versions_arrive() {
    let versions = [stated(&["New"], Some(10)), stated(&["Sale"], Some(20)), stated(&["old"], Some(30))];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        let mut shard = ProductShard::default();
        for place in order {
            assert_eq!(carry_out(&mut shard, &versions[place], 99), 1);
        }
        assert_eq!(tags_at(&shard, 5), ["new"], "before it was first stated");
        assert_eq!(tags_at(&shard, 10), ["new"]);
        assert_eq!(tags_at(&shard, 29), ["sale"]);
        assert_eq!(tags_at(&shard, 1_000), ["old"]);
    }
}

#[test]
fn what_was_said_before_is_not_recorded_again() {
    let mut shard = ProductShard::default();
    assert_eq!(carry_out(&mut shard, &stated(&["new"], Some(10)), 11), 1);
    assert_eq!(carry_out(&mut shard, &stated(&["new"], Some(10)), 12), 0);
    assert_eq!(carry_out(&mut shard, &stated(&["new"], None), 13), 1, "nobody knows whether it is the same");
    let collections = |from| {
        let collections = ["7".to_owned()].into();
        ProductCommand::StateCollections(CollectionsStated {
            product_id: "1".to_owned(),
            collections,
            from: Timestamp(from),
        })
    };
    assert_eq!(carry_out(&mut shard, &collections(20), 20), 1);
    assert_eq!(carry_out(&mut shard, &collections(20), 21), 0);
    let facts = shard.product_at("1", Timestamp(25)).expect("it was stated");
    assert!(facts.collections.contains("7") && facts.tags.contains("new"));
}

#[test]
fn a_product_that_was_never_stated_is_unknown() {
    let mut shard = ProductShard::default();
    carry_out(&mut shard, &stated(&["new"], Some(10)), 11);
    assert_eq!(shard.product_at("2", Timestamp(20)), None);
    let products: OrderedProducts = [("1".to_owned(), ProductFacts::default())].into_iter().collect();
    assert_eq!(products.of(&Item::default()), None);
    assert!(products.of(&Item { product_id: Some("1".to_owned()), ..Item::default() }).is_some());
}

#[test]
fn a_product_that_changes_all_the_time_does_not_grow_for_ever() {
    let mut shard = ProductShard::default();
    for version in 0..1_000 {
        carry_out(&mut shard, &stated(&[&version.to_string()], Some(version)), version);
    }
    assert_eq!(tags_at(&shard, 0), ["936"], "the oldest of those that are remembered covers what was before");
    assert_eq!(tags_at(&shard, 999), ["999"]);
}
