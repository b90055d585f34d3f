use std::collections::BTreeMap;

use crate::rfm::{Cell, CustomSegment, Mapping, Partition, PartitionFault, SegmentName};

fn named(mapping: &Mapping, cells: &[&str]) -> Vec<String> {
    let partition = mapping.partition().expect("it stands");
    let segment = |cell: &&str| partition.segment_of(cell.parse().expect("a cell")).to_string();
    cells.iter().map(segment).collect()
}

fn sizes(partition: &Partition) -> BTreeMap<&str, usize> {
    let mut sizes = BTreeMap::new();
    Cell::all().for_each(|cell| *sizes.entry(partition.segment_of(cell).as_str()).or_default() += 1);
    sizes
}

#[test]
fn every_preset_gives_each_of_the_125_cells_one_segment() {
    for (mapping, segments) in [(Mapping::ElevenSegments, 11), (Mapping::RfGrid, 10), (Mapping::ShopifyNamed, 10)] {
        let partition = mapping.partition().expect("it stands");
        let sizes = sizes(&partition);
        assert_eq!(sizes.values().sum::<usize>(), 125, "{mapping:?}");
        assert_eq!(sizes.len(), segments, "{mapping:?}: no segment is empty");
    }
}

#[test]
fn presets_mean_what_they_are_known_for() {
    assert_eq!(
        named(&Mapping::ElevenSegments, &["555", "311", "155", "111", "251", "333", "535"]),
        ["champions", "new", "cannot_lose_them", "lost", "about_to_sleep", "potential_loyalist", "need_attention"]
    );
    assert_eq!(
        named(&Mapping::RfGrid, &["541", "515", "415", "435", "445", "345", "333", "321", "151", "141", "221"]),
        [
            "champions",
            "new",
            "promising",
            "potential_loyalist",
            "loyal",
            "loyal",
            "need_attention",
            "about_to_sleep",
            "cannot_lose_them",
            "at_risk",
            "hibernating"
        ]
    );
    assert_eq!(
        named(&Mapping::ShopifyNamed, &["544", "522", "523", "444", "422", "344", "332", "322", "253", "232", "122"]),
        [
            "champions",
            "new",
            "active",
            "loyal",
            "promising",
            "loyal",
            "needs_attention",
            "almost_lost",
            "previously_loyal",
            "at_risk",
            "dormant"
        ]
    );
}

fn own(segments: &[(&str, Vec<Cell>)]) -> Mapping {
    let segment = |(name, cells): &(&str, Vec<Cell>)| CustomSegment {
        name: SegmentName::parse(name).expect("a name"),
        cells: cells.clone(),
    };
    Mapping::Custom(segments.iter().map(segment).collect())
}

#[test]
fn a_mapping_of_ones_own_stands_if_it_is_total_and_disjoint() {
    let (good, rest): (Vec<Cell>, Vec<Cell>) = Cell::all().partition(|cell| cell.recency() > 3);
    let mapping = own(&[("good", good.clone()), ("rest", rest.clone())]);
    assert_eq!(named(&mapping, &["411", "355"]), ["good", "rest"]);

    let gap = own(&[("good", good[1..].to_vec()), ("rest", rest.clone())]).partition();
    assert_eq!(gap.map_err(|fault| fault.to_string()), Err("no segment has the cells 411".to_owned()));

    let overlap = [rest, vec!["555".parse().expect("a cell"), "412".parse().expect("a cell")]].concat();
    let twice = own(&[("good", good.clone()), ("rest", overlap)]).partition();
    assert_eq!(
        twice.map_err(|fault| fault.to_string()),
        Err("more than one segment has the cells 412, 555".to_owned())
    );

    let same = own(&[("good", good.clone()), ("good", Vec::new())]).partition();
    assert!(matches!(same, Err(PartitionFault::SameName(_))), "{same:?}");
    let nothing = own(&[]).partition().map_err(|fault| fault.to_string());
    let told = "no segment has the cells 111, 112, 113, 114, 115, 121, 122, 123, 124, 125 and 115 more";
    assert_eq!(nothing, Err(told.to_owned()));
}

#[test]
fn names_are_plain_and_nobody_takes_the_prospects_name() {
    assert!(SegmentName::parse("vip_2").is_ok());
    for name in ["", "prospect", "VIP", "très bien", &"a".repeat(41)] {
        assert!(SegmentName::parse(name).is_err(), "{name}");
    }
}
