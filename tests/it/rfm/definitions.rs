//! What a merchant sets, and what it would do.

use serde_json::{Value, json};

use super::kit::{counted, define, inhabited, movement, moves, next_window, rfm_of, segments, standing, stands};
use crate::support::{Answer, Shop};

/// Enough for fifths.
const BUYERS: usize = 50;

#[tokio::test]
async fn fifths_are_by_value_and_equal_buyers_have_equal_scores() {
    let shop = Shop::open().await;
    let people: Vec<_> = (0..BUYERS).map(|_| shop.shopper()).collect();
    // Thirty-five spend 10, fourteen spend 20, one spends 30.
    let price = |n: usize| {
        if n < 35 {
            10_00
        } else if n < 49 {
            20_00
        } else {
            30_00
        }
    };
    for (n, person) in people.iter().enumerate() {
        assert!(person.order(price(n)).deliver().await.is_accepted());
    }
    next_window(&shop).await;
    let answer = segments(&shop).await;
    assert_eq!((&answer["window"]["method"], &answer["buyers"]), (&"value_bands".into(), &50.into()));
    let cuts = &answer["window"]["cut_points"];
    assert_eq!(cuts["spend_minor"], json!([10_01, 10_01, 10_01, 20_01]));
    assert_eq!(cuts["orders"], json!([2, 2, 2, 2]));
    let scores = |n: usize| rfm_of(people[n]);
    assert_eq!(standing(&scores(0).await), stands("new", "511", 1, 10_00));
    assert_eq!(standing(&scores(34).await), stands("new", "511", 1, 10_00));
    assert_eq!(standing(&scores(35).await), stands("promising", "514", 1, 20_00));
    assert_eq!(standing(&scores(49).await), stands("promising", "515", 1, 30_00));
    assert_eq!(inhabited(&answer), counted([("new", 35), ("promising", 15)]));
}

#[tokio::test]
async fn what_a_preview_shows_is_what_the_next_window_does() {
    let shop = Shop::open().await;
    let (ada, bob, eve) = (shop.shopper(), shop.shopper(), shop.shopper());
    for order in [ada.order(50_00), bob.order(300_00), bob.order(300_00), eve.order(20_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    next_window(&shop).await;
    let before = segments(&shop).await;
    assert_eq!(inhabited(&before), counted([("new", 2), ("promising", 1)]));

    let wished = json!({
        "method": "fixed_thresholds", "mapping": "shopify_named",
        "thresholds": { "recency_days": [10, 20, 30, 40], "orders": [2, 3, 4, 5],
                        "spend_minor": [10_00, 20_00, 40_00, 100_00] }
    });
    let preview = shop.api.post("/v1/rfm/preview", &json!({ "rfm": wished })).document().await;
    assert_eq!(inhabited(&preview), counted([("active", 2), ("new", 1)]), "{preview:#}");
    assert_eq!(preview["customers"].as_array().unwrap().len(), 2, "Eve is new by both");
    assert_eq!(segments(&shop).await["segments"], before["segments"], "nothing was saved");

    define(&shop, wished).await;
    assert_eq!(segments(&shop).await["segments"], before["segments"], "it counts from the next window on");
    next_window(&shop).await;
    let after = segments(&shop).await;
    assert_eq!(after["segments"], preview["segments"]);
    assert_eq!(after["window"]["day"], preview["day"]);
    assert_eq!((&after["window"]["method"], &after["window"]["definition_version"]), (&preview["method"], &2.into()));
    let days = [&before, &after].map(|answer| answer["window"]["day"].as_str().unwrap().to_owned());
    let mut done = moves(&movement(&shop, &days[0], &days[1]).await);
    let mut foreseen = moves(&preview);
    done.sort();
    foreseen.sort();
    assert_eq!(done, foreseen);
}

async fn refused(shop: &Shop, rfm: Value) -> Answer {
    let current = shop.api.get("/v1/program_settings").send().await;
    let document = json!({ "rfm": rfm });
    let put = shop.api.put("/v1/program_settings", &document).header("If-Match", current.header("etag")).send().await;
    let preview = shop.api.post("/v1/rfm/preview", &document).send().await;
    assert_eq!((put.status, &put.body["pointer"]), (preview.status, &preview.body["pointer"]), "{:?}", preview.body);
    put
}

#[tokio::test]
async fn what_cannot_stand_is_refused_with_the_place_and_the_cells() {
    let shop = Shop::open().await;
    let own = |segments: Value| json!({ "mapping": { "segments": segments } });
    let good = json!({ "name": "good", "cells": ["4**", "5**"] });
    for (rfm, pointer, told) in [
        (json!({ "time_zone": "Europe/Atlantis" }), "/rfm/time_zone", "Europe/Berlin"),
        (
            own(json!([good, { "name": "rest", "cells": ["1**", "2**"] }])),
            "/rfm/mapping",
            "no segment has the cells 311",
        ),
        (
            own(json!([good, { "name": "rest", "cells": ["1**", "2**", "3**", "55*"] }])),
            "/rfm/mapping",
            "more than one segment has the cells 551, 552, 553, 554, 555",
        ),
        (own(json!([{ "name": "Good", "cells": ["***"] }])), "/rfm/mapping/segments/0/name", "lower-case"),
        (own(json!([{ "name": "all", "cells": ["66*"] }])), "/rfm/mapping/segments/0/cells/0", "three digits"),
        (
            json!({ "thresholds": { "recency_days": [30, 90, 90, 365], "orders": [2, 3, 4, 5], "spend_minor": [1, 2, 3, 4] } }),
            "/rfm/thresholds/recency_days",
            "ascending",
        ),
    ] {
        let answer = refused(&shop, rfm).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "invalid"), "{}", answer.body);
        assert_eq!(answer.body["pointer"], pointer);
        assert!(answer.body["detail"].as_str().unwrap().contains(told), "{}", answer.body);
    }
}

#[tokio::test]
async fn settings_without_segments_leave_them_as_they_were() {
    let shop = Shop::open().await;
    let defaults = shop.api.get("/v1/program_settings").document().await["rfm"].clone();
    assert_eq!((&defaults["time_zone"], &defaults["mapping"]), (&"UTC".into(), &"eleven_segments".into()));
    let own = json!({ "segments": [{ "name": "all", "cells": ["***"] }] });
    let saved = define(&shop, json!({ "time_zone": "Europe/Berlin", "mapping": own })).await;
    assert_eq!((&saved["rfm"]["time_zone"], &saved["rfm"]["method"]), (&"Europe/Berlin".into(), &"value_bands".into()));
    assert_eq!(saved["rfm"]["mapping"]["segments"][0]["cells"].as_array().unwrap().len(), 125);
    let current = shop.api.get("/v1/program_settings").send().await;
    let call = shop.api.put("/v1/program_settings", &json!({ "hold": { "days": 3 } }));
    let later = call.header("If-Match", current.header("etag")).document().await;
    assert_eq!(later["rfm"], saved["rfm"]);

    assert!(shop.shopper().order(50_00).deliver().await.is_accepted());
    next_window(&shop).await;
    assert_eq!(inhabited(&segments(&shop).await), counted([("all", 1)]));
}
