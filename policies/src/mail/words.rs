//! Our own templates: what is sent where the merchant has written nothing.

use aggregates::mail::{Language, MailKind, Template};

/// Languages that we have words in.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// Our words for this kind; none in other languages than [`LANGUAGES`].
pub fn built_in(kind: MailKind, language: &Language) -> Option<Template> {
    let (subject, text, unsubscribe) = match language.as_str() {
        "en" => {
            let (subject, text) = english(kind);
            (subject, text, "If you do not want any more of these mails")
        }
        "de" => {
            let (subject, text) = german(kind);
            (subject, text, "Wenn Sie keine solchen E-Mails mehr möchten")
        }
        _ => return None,
    };
    let paragraphs: String = text.split("\n\n").map(|paragraph| format!("<p>{paragraph}</p>\n")).collect();
    Some(Template {
        subject: subject.to_owned(),
        text: format!("{text}\n\n-- \n{unsubscribe}: {{{{ unsubscribe_url }}}}\n"),
        html: format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n<title>{subject}</title>\n{paragraphs}\
             <hr>\n<p><small><a href=\"{{{{ unsubscribe_url }}}}\">{unsubscribe}</a></small></p>\n</html>\n"
        ),
    })
}

const fn english(kind: MailKind) -> (&'static str, &'static str) {
    match kind {
        MailKind::Welcome => (
            "Welcome to the rewards of {{ shop_name }}",
            "Hello{% if first_name %} {{ first_name }}{% endif %},\n\n\
             from now on you collect points with every order at {{ shop_name }}. You have {{ balance }} of them now.",
        ),
        MailKind::PointsEarned => (
            "You have earned {{ points }} points",
            "Hello{% if first_name %} {{ first_name }}{% endif %},\n\n\
             {{ points }} points were added to your account at {{ shop_name }}. You can spend {{ balance }}.",
        ),
        MailKind::PointsExpiring => (
            "{{ points }} of your points expire on {{ expires_on }}",
            "Hello{% if first_name %} {{ first_name }}{% endif %},\n\n\
             {{ points }} of your {{ balance }} points at {{ shop_name }} expire on {{ expires_on }}. Spend them before.",
        ),
        MailKind::TierReached => (
            "You have reached {{ tier_name }}",
            "Hello{% if first_name %} {{ first_name }}{% endif %},\n\n\
             you have reached {{ tier_name }} at {{ shop_name }}. Congratulations!",
        ),
        MailKind::ReferralInvitation => (
            "{% if advocate_name %}{{ advocate_name }}{% else %}A friend{% endif %} recommends {{ shop_name }}",
            "Hello,\n\n\
             {% if advocate_name %}{{ advocate_name }}{% else %}a friend of yours{% endif %} thinks that you would like \
             {{ shop_name }}. Order through this link and you both get points: {{ referral_url }}\n\n\
             You get this once, because they gave us your address for it.",
        ),
        MailKind::RewardReady => (
            "Your reward is ready: {{ reward_name }}",
            "Hello{% if first_name %} {{ first_name }}{% endif %},\n\n\
             here is your reward from {{ shop_name }}: {{ reward_name }}.\
             {% if reward_code %} Your code is {{ reward_code }}.{% endif %}",
        ),
    }
}

const fn german(kind: MailKind) -> (&'static str, &'static str) {
    match kind {
        MailKind::Welcome => (
            "Willkommen beim Bonusprogramm von {{ shop_name }}",
            "Guten Tag{% if first_name %} {{ first_name }}{% endif %},\n\n\
             ab jetzt sammeln Sie mit jeder Bestellung bei {{ shop_name }} Punkte. Sie haben zurzeit {{ balance }}.",
        ),
        MailKind::PointsEarned => (
            "Sie haben {{ points }} Punkte gesammelt",
            "Guten Tag{% if first_name %} {{ first_name }}{% endif %},\n\n\
             Ihrem Konto bei {{ shop_name }} wurden {{ points }} Punkte gutgeschrieben. Einlösen können Sie {{ balance }}.",
        ),
        MailKind::PointsExpiring => (
            "{{ points }} Ihrer Punkte verfallen am {{ expires_on }}",
            "Guten Tag{% if first_name %} {{ first_name }}{% endif %},\n\n\
             {{ points }} Ihrer {{ balance }} Punkte bei {{ shop_name }} verfallen am {{ expires_on }}. Lösen Sie sie vorher ein.",
        ),
        MailKind::TierReached => (
            "Sie haben {{ tier_name }} erreicht",
            "Guten Tag{% if first_name %} {{ first_name }}{% endif %},\n\n\
             Sie haben bei {{ shop_name }} die Stufe {{ tier_name }} erreicht. Herzlichen Glückwunsch!",
        ),
        MailKind::ReferralInvitation => (
            "{% if advocate_name %}{{ advocate_name }}{% else %}Jemand{% endif %} empfiehlt Ihnen {{ shop_name }}",
            "Guten Tag,\n\n\
             {% if advocate_name %}{{ advocate_name }}{% else %}jemand, der Sie kennt,{% endif %} meint, dass Ihnen \
             {{ shop_name }} gefallen könnte. Bestellen Sie über diesen Link, bekommen Sie beide Punkte: {{ referral_url }}\n\n\
             Sie erhalten diese E-Mail einmal, weil uns dafür Ihre Adresse genannt wurde.",
        ),
        MailKind::RewardReady => (
            "Ihre Prämie ist da: {{ reward_name }}",
            "Guten Tag{% if first_name %} {{ first_name }}{% endif %},\n\n\
             hier ist Ihre Prämie von {{ shop_name }}: {{ reward_name }}.\
             {% if reward_code %} Ihr Code lautet {{ reward_code }}.{% endif %}",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::render;

    #[test]
    fn every_kind_has_words_in_each_of_our_languages_that_can_be_sent() {
        for language in LANGUAGES {
            let language = Language::parse(language).expect("a language");
            for kind in MailKind::ALL {
                let template = built_in(kind, &language).expect("words");
                assert_eq!(render::validate(kind, &template), Ok(()), "{kind:?} in {language}");
            }
        }
        assert_eq!(built_in(MailKind::Welcome, &Language::parse("fr").expect("a language")), None);
    }
}
