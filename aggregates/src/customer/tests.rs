use super::*;
use crate::{
    badge::{AwardCause, BadgeId, Period},
    id::{ImportId, ReferralLinkId},
    program::TierId,
    tier::Giver,
    time::Timestamp,
};

fn recorded(position: u64) -> Recorded {
    Recorded { position, at: Timestamp(0) }
}

fn customer(number: u128) -> CustomerId {
    CustomerId(uuid::Uuid::from_u128(number))
}

fn request() -> GdprRequestId {
    GdprRequestId(uuid::Uuid::from_u128(0x9))
}

fn seen(content: u64) -> SeenProfile {
    SeenProfile {
        profile: Sealed::from_ciphertext(content.to_be_bytes()),
        updated_at: None,
        fingerprint: Fingerprint(content),
    }
}

/// Decides and takes in what follows.
fn told(customer: &mut Customer, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
    let events = customer.decide(&command)?;
    for event in &events {
        customer.apply(event, &recorded(customer.last_position + 1));
    }
    Ok(events)
}

fn member() -> Customer {
    let mut member = Customer::default();
    told(&mut member, CustomerCommand::Enrol { seen: seen(1), now: Timestamp(1) }).unwrap();
    member
}

fn fence() -> CustomerCommand {
    CustomerCommand::Fence(Fenced { request: request(), at: Timestamp(5) })
}

fn erase() -> CustomerCommand {
    CustomerCommand::Erase(Erased { request: request(), deletion: 1, at: Timestamp(6) })
}

fn every_other_command() -> Vec<CustomerCommand> {
    let limited = Limited { reason: None, at: Timestamp(7) };
    vec![
        CustomerCommand::Enrol { seen: seen(2), now: Timestamp(7) },
        CustomerCommand::StateProfile { seen: seen(2), now: Timestamp(7) },
        CustomerCommand::DeleteInShop { now: Timestamp(7) },
        CustomerCommand::MergeInto { winner: customer(2) },
        absorb(Limits::default(), Choices::default(), Vec::new()),
        CustomerCommand::Impose { limit: Limit::Restriction, limited },
        CustomerCommand::Lift { limit: Limit::Restriction, lifted: LimitLifted { at: Timestamp(7) } },
        award(Period::Ever),
        choose_mail(MailChoice::Unsubscribed),
        choose_leaderboard(true),
        give("gold", Giver::Hand, None),
        take_back(),
    ]
}

fn give(tier: &str, giver: Giver, until: Option<i64>) -> CustomerCommand {
    CustomerCommand::GiveTier(TierGiven { gift: gift(tier, giver, until), reason: None })
}

fn gift(tier: &str, giver: Giver, until: Option<i64>) -> Gift {
    let tier = TierId::parse(tier).expect("an id");
    Gift { tier, giver, at: Timestamp(7), until: until.map(Timestamp) }
}

fn take_back() -> CustomerCommand {
    CustomerCommand::TakeTierBack(TierTakenBack { reason: None, at: Timestamp(8) })
}

fn absorb(limits: Limits, choices: Choices, badges: Vec<HeldBadge>) -> CustomerCommand {
    CustomerCommand::Absorb { loser: customer(2), limits, choices, badges, gifts: Vec::new(), now: Timestamp(7) }
}

fn first_order(period: Period) -> HeldBadge {
    HeldBadge { badge: BadgeId::parse("first_order").expect("an id"), period }
}

fn award(period: Period) -> CustomerCommand {
    CustomerCommand::AwardBadge(BadgeAwarded {
        held: first_order(period),
        cause: AwardCause::Rule,
        points: 50,
        program_version: 1,
        reason: None,
        at: Timestamp(7),
    })
}

fn choose_mail(choice: MailChoice) -> CustomerCommand {
    CustomerCommand::ChooseMail(MailChosen { choice, by: ChosenBy::Link, at: Timestamp(7) })
}

fn choose_leaderboard(opt_out: bool) -> CustomerCommand {
    CustomerCommand::ChooseLeaderboard(LeaderboardChosen { opt_out, by: ChosenBy::Merchant, at: Timestamp(7) })
}

#[test]
fn a_badge_is_awarded_once_for_each_period() {
    let mut member = member();
    assert_eq!(told(&mut member, award(Period::Ever)).map(|events| events.len()), Ok(1));
    assert_eq!(told(&mut member, award(Period::Ever)), Ok(Vec::new()));
    assert_eq!(told(&mut member, award(Period::Year(2026))).map(|events| events.len()), Ok(1));
    assert_eq!(member.badges, [first_order(Period::Ever), first_order(Period::Year(2026))]);
}

#[test]
fn a_choice_that_was_made_already_is_no_news() {
    let mut member = member();
    assert_eq!(told(&mut member, choose_leaderboard(false)), Ok(Vec::new()));
    assert_eq!(told(&mut member, choose_leaderboard(true)).map(|events| events.len()), Ok(1));
    assert_eq!(told(&mut member, choose_mail(MailChoice::Unsubscribed)).map(|events| events.len()), Ok(1));
    assert_eq!(told(&mut member, choose_mail(MailChoice::Unsubscribed)), Ok(Vec::new()));
    assert_eq!(member.choices, Choices { mail: MailChoice::Unsubscribed, off_leaderboards: true });
}

#[test]
fn a_merge_brings_badges_and_the_more_private_of_each_choice() {
    let mut survivor = member();
    told(&mut survivor, award(Period::Ever)).unwrap();
    told(&mut survivor, choose_mail(MailChoice::Subscribed)).unwrap();
    let losers = Choices { mail: MailChoice::Unsubscribed, off_leaderboards: true };
    let badges = vec![first_order(Period::Ever), first_order(Period::Year(2026))];
    told(&mut survivor, absorb(Limits::default(), losers, badges)).unwrap();
    assert_eq!(survivor.badges, [first_order(Period::Ever), first_order(Period::Year(2026))]);
    assert_eq!(survivor.choices, losers);
    assert_eq!(told(&mut survivor, award(Period::Year(2026))), Ok(Vec::new()));
    // Who wants no mail does not get any because a profile that did is merged in.
    let wants = Choices { mail: MailChoice::Subscribed, off_leaderboards: false };
    told(&mut survivor, absorb(Limits::default(), wants, Vec::new())).unwrap();
    assert_eq!(survivor.choices, losers);
}

#[test]
fn behind_the_fence_nothing_is_written_and_nothing_after_erasure() {
    for mut person in [Customer::default(), member()] {
        assert_eq!(told(&mut person, erase()), Err(CustomerRefusal::NotFenced));
        assert_eq!(told(&mut person, fence()).unwrap().len(), 1);
        assert_eq!(told(&mut person, fence()), Ok(Vec::new()), "once");
        for command in every_other_command() {
            assert_eq!(told(&mut person, command), Err(CustomerRefusal::Erased));
        }
        assert_eq!(told(&mut person, erase()).unwrap().len(), 1);
        assert_eq!(told(&mut person, erase()), Ok(Vec::new()), "once");
        assert_eq!(told(&mut person, fence()), Ok(Vec::new()), "erased is more than fenced");
        for command in every_other_command() {
            assert_eq!(told(&mut person, command), Err(CustomerRefusal::Erased));
        }
        assert_eq!(person.newest_profile(), None, "fingerprints of profiles are gone");
    }
}

#[test]
fn a_profile_that_lost_a_merge_can_be_erased_and_still_leads_to_its_survivor() {
    let mut loser = member();
    told(&mut loser, CustomerCommand::MergeInto { winner: customer(2) }).unwrap();
    told(&mut loser, fence()).unwrap();
    told(&mut loser, erase()).unwrap();
    assert_eq!(loser.standing, Standing::MergedInto(customer(2)));
    assert_eq!(loser.erasure, Erasure::Erased { at: Timestamp(6) });
}

#[test]
fn a_limit_is_imposed_and_lifted_once_and_comes_along_in_a_merge() {
    let (mut loser, mut winner) = (member(), member());
    let impose = |limit| CustomerCommand::Impose { limit, limited: Limited { reason: None, at: Timestamp(2) } };
    assert_eq!(told(&mut loser, impose(Limit::Restriction)).unwrap().len(), 1);
    assert_eq!(told(&mut loser, impose(Limit::Restriction)), Ok(Vec::new()));
    assert_eq!(told(&mut winner, impose(Limit::Objection)).unwrap().len(), 1);

    let absorb = CustomerCommand::Absorb {
        loser: customer(1),
        limits: loser.limits,
        choices: loser.choices,
        badges: Vec::new(),
        gifts: Vec::new(),
        now: Timestamp(3),
    };
    assert_eq!(told(&mut winner, absorb).unwrap().len(), 2);
    assert_eq!(winner.limits, Limits { restricted: true, objects_to_profiling: true });
    assert_eq!(winner.absorbed, [customer(1)]);

    let lift = |limit| CustomerCommand::Lift { limit, lifted: LimitLifted { at: Timestamp(4) } };
    assert_eq!(told(&mut winner, lift(Limit::Restriction)).unwrap().len(), 1);
    assert_eq!(told(&mut winner, lift(Limit::Restriction)), Ok(Vec::new()));
    assert!(!winner.limits.restricted && winner.limits.objects_to_profiling);
}

#[test]
fn a_birthday_is_recorded_when_it_is_another() {
    let told_as = |content: u64| ToldBirthday {
        birthday: Sealed::from_ciphertext(content.to_be_bytes()),
        fingerprint: Fingerprint(content),
    };
    let tell = |told| CustomerCommand::TellBirthday { told, now: Timestamp(3) };
    let mut member = member();
    assert_eq!(told(&mut member, tell(None)), Ok(Vec::new()), "it never was known");
    assert_eq!(told(&mut member, tell(Some(told_as(5)))).map(|events| events.len()), Ok(1));
    assert_eq!(told(&mut member, tell(Some(told_as(5)))), Ok(Vec::new()));
    assert_eq!(told(&mut member, tell(Some(told_as(6)))).map(|events| events.len()), Ok(1));
    assert_eq!(told(&mut member, tell(None)).map(|events| events.len()), Ok(1));
    assert_eq!(told(&mut Customer::default(), tell(Some(told_as(5)))), Err(CustomerRefusal::Unknown));
}

#[test]
fn a_tier_is_given_once_and_another_one_takes_its_place() {
    let mut member = member();
    assert_eq!(told(&mut member, take_back()), Ok(Vec::new()), "nothing was given");
    assert_eq!(told(&mut member, give("gold", Giver::Hand, Some(20))).unwrap().len(), 1);
    assert_eq!(told(&mut member, give("gold", Giver::Hand, Some(20))), Ok(Vec::new()));
    assert_eq!(told(&mut member, give("gold", Giver::Hand, Some(30))).unwrap().len(), 1);
    assert_eq!(told(&mut member, give("silver", Giver::Hand, None)).unwrap().len(), 1);
    assert_eq!(member.gifts(), [gift("silver", Giver::Hand, None)]);
    assert_eq!(told(&mut member, take_back()).unwrap().len(), 1);
    assert_eq!(told(&mut member, take_back()), Ok(Vec::new()));
}

fn note(fingerprint: u64, gift: Option<Gift>) -> CustomerCommand {
    let imported = Imported {
        import: ImportId(uuid::Uuid::nil()),
        tier: Some("Gold".to_owned()),
        referral: None,
        fingerprint: Fingerprint(fingerprint),
        at: Timestamp(7),
    };
    let link = ReferralLink { link: ReferralLinkId(uuid::Uuid::nil()), at: Timestamp(7), expires_at: None };
    CustomerCommand::NoteImport(NoteImport { imported, gift, link: Some(link) })
}

#[test]
fn what_an_import_brings_is_noted_once_and_staff_has_the_last_word() {
    let brought = || Some(gift("gold", Giver::Import, None));
    let mut fresh = member();
    assert_eq!(told(&mut fresh, note(1, brought())).unwrap().len(), 3, "noted, a tier, a link");
    assert_eq!(told(&mut fresh, note(1, brought())), Ok(Vec::new()));
    assert_eq!(told(&mut fresh, note(2, brought())).unwrap().len(), 2, "they have a link");
    let mut chosen = member();
    told(&mut chosen, give("silver", Giver::Hand, None)).unwrap();
    told(&mut chosen, note(1, brought())).unwrap();
    assert_eq!(chosen.gifts(), [gift("silver", Giver::Hand, None)]);
}

#[test]
fn a_merge_brings_along_what_was_given_and_is_not_over() {
    let (mut loser, mut winner) = (member(), member());
    told(&mut loser, give("gold", Giver::Hand, Some(100))).unwrap();
    told(&mut winner, give("silver", Giver::Hand, None)).unwrap();
    let absorb = |gifts: Vec<Gift>, now| CustomerCommand::Absorb {
        loser: customer(2),
        limits: Limits::default(),
        choices: Choices::default(),
        badges: Vec::new(),
        gifts,
        now: Timestamp(now),
    };
    told(&mut winner, absorb(loser.gifts().to_vec(), 99)).unwrap();
    assert_eq!(winner.gifts(), [gift("silver", Giver::Hand, None), gift("gold", Giver::Hand, Some(100))]);
    assert_eq!(told(&mut winner, take_back()).unwrap().len(), 1);
    assert_eq!(winner.gifts(), []);
    told(&mut winner, absorb(loser.gifts().to_vec(), 100)).unwrap();
    assert_eq!(winner.gifts(), [], "it is over");
}

#[test]
fn what_was_noted_is_known_with_its_place() {
    let mut member = member();
    let noted = |fingerprint| match note(fingerprint, None) {
        CustomerCommand::NoteImport(note) => note.imported,
        other => panic!("{other:?}"),
    };
    assert!(!member.was_noted_behind(0, &noted(1)));
    let events = member.decide(&note(1, None)).unwrap();
    events.iter().for_each(|event| member.apply(event, &Recorded { position: 9, at: Timestamp(7) }));
    assert!(member.was_noted_behind(8, &noted(1)));
    assert!(!member.was_noted_behind(9, &noted(1)), "by an earlier piece");
    assert!(!member.was_noted_behind(8, &noted(2)), "something else");
}
