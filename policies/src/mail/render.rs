//! Filling in words. The template language is bounded: no files, no includes, no code, so many steps and no more.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::mail::{MailKind, Template, TemplateFault, Variable};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, escape_formatter};

/// Steps that filling in one part may take.
const FUEL: u64 = 50_000;
/// Bytes that a part may have once it is filled in.
const RENDERED_BYTES_MAX: usize = 256 * 1024;

/// Values by name.
pub type Values = BTreeMap<&'static str, String>;

/// What a reader sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Values for previews.
pub fn samples(kind: MailKind) -> Values {
    kind.variables().iter().map(|variable| (variable.as_str(), variable.sample().to_owned())).collect()
}

/// Whether these words can be sent for this kind: they can be filled in, refer to nothing that is not there, and say how to
/// unsubscribe in both parts.
///
/// # Errors
/// [`TemplateFault`], for the person who wrote them.
pub fn validate(kind: MailKind, template: &Template) -> Result<(), TemplateFault> {
    template.validate()?;
    let known: BTreeSet<&str> = kind.variables().iter().map(|variable| variable.as_str()).collect();
    let engine = engine();
    for (part, words, _) in template.parts() {
        let fault = |problem: String| TemplateFault { part, problem };
        let parsed = engine.template_from_named_str(part, words).map_err(|error| fault(located(&error)))?;
        let used = parsed.undeclared_variables(true);
        if let Some(unknown) = used.iter().find(|name| !known.contains(name.as_str())) {
            let known = known.iter().copied().collect::<Vec<_>>().join(", ");
            // What is quoted are names that somebody wrote for us, cut to a length.
            let unknown: String = unknown.chars().take(40).collect();
            return Err(fault(format!("`{unknown}` is not known here: known are {known}")));
        }
        if part != "subject" && !used.contains(Variable::UnsubscribeUrl.as_str()) {
            return Err(fault("must say how to unsubscribe: `{{ unsubscribe_url }}`".to_owned()));
        }
    }
    let rendered = render(template, &samples(kind))?;
    let link = Variable::UnsubscribeUrl.sample();
    // Also where it is only said under a condition.
    for (part, words) in [("text", &rendered.text), ("html", &rendered.html)] {
        if !words.contains(link) {
            return Err(TemplateFault { part, problem: "does not show `{{ unsubscribe_url }}`".to_owned() });
        }
    }
    Ok(())
}

/// The words with these values.
///
/// # Errors
/// [`TemplateFault`]
pub fn render(template: &Template, values: &Values) -> Result<Rendered, TemplateFault> {
    let engine = engine();
    let fill = |part: &'static str, words: &str| {
        let fault = |problem: String| TemplateFault { part, problem };
        let filled = engine.render_named_str(part, words, values).map_err(|error| fault(located(&error)))?;
        match filled.len() {
            0..=RENDERED_BYTES_MAX => Ok(filled),
            _ => Err(fault("is too long once it is filled in".to_owned())),
        }
    };
    let subject = fill("subject", &template.subject)?;
    Ok(Rendered {
        // A value may hold anything; a header has one line.
        subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
        text: fill("text", &template.text)?,
        html: fill("html", &template.html)?,
    })
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_fuel(Some(FUEL));
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|name| if name == "html" { AutoEscape::Html } else { AutoEscape::None });
    engine.set_formatter(|out, state, value| match (state.auto_escape(), value.as_str()) {
        (AutoEscape::Html, Some(text)) if !value.is_safe() => out.write_str(&escaped(text)).map_err(Into::into),
        _ => escape_formatter(out, state, value),
    });
    for (name, filter) in [("upper", upper as fn(String) -> String), ("lower", lower), ("trim", trim)] {
        engine.add_filter(name, filter);
    }
    engine
}

/// The engine's own way also escapes slashes, and a link should look like one.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn upper(text: String) -> String {
    text.to_uppercase()
}

fn lower(text: String) -> String {
    text.to_lowercase()
}

fn trim(text: String) -> String {
    text.trim().to_owned()
}

/// Where and what. Not the engine's full report: that shows values.
fn located(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let what: String = what.chars().take(200).collect();
    error.line().map_or_else(|| what.clone(), |line| format!("line {line}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Template {
        Template {
            subject: "Hello {{ first_name }}".to_owned(),
            text: format!("{text} {{{{ unsubscribe_url }}}}"),
            html: format!("<p>{text}</p><a href=\"{{{{ unsubscribe_url }}}}\">end</a>"),
        }
    }

    fn refused(template: &Template) -> (&'static str, String) {
        let fault = validate(MailKind::Welcome, template).expect_err("these words cannot be sent");
        (fault.part, fault.problem)
    }

    #[test]
    fn words_that_can_be_sent_are_accepted() {
        assert_eq!(validate(MailKind::Welcome, &words("Welcome to {{ shop_name }}!")), Ok(()));
        assert_eq!(
            validate(MailKind::Welcome, &words("{% if first_name %}Dear {{ first_name|upper }}{% endif %}")),
            Ok(())
        );
    }

    #[test]
    fn what_nobody_knows_is_named() {
        let (part, problem) = refused(&words("{{ password }}"));
        assert_eq!(part, "text");
        assert!(problem.contains("`password`") && problem.contains("first_name"), "{problem}");
        // Points are not known when somebody has just become a member.
        assert!(refused(&words("{{ points }}")).1.contains("`points`"));
    }

    #[test]
    fn words_without_a_way_out_are_refused() {
        let hidden = Template { text: "{% if false %}{{ unsubscribe_url }}{% endif %}".to_owned(), ..words("Hello") };
        assert_eq!(refused(&hidden).0, "text");
        let missing = Template { html: "<p>Hello</p>".to_owned(), ..words("Hello") };
        assert_eq!(refused(&missing).0, "html");
    }

    #[test]
    fn words_that_cannot_be_read_or_never_end_are_refused() {
        assert_eq!(refused(&words("{{ first_name")).0, "text");
        assert_eq!(refused(&words("{{ first_name|secrets }}")).0, "text");
        assert_eq!(refused(&words("{% include 'secrets' %}")).0, "text");
        let endless = "{% for a in [1,2,3,4,5,6,7,8,9] %}".repeat(9) + "x" + &"{% endfor %}".repeat(9);
        assert_eq!(refused(&words(&endless)).0, "text");
    }

    #[test]
    fn a_name_is_escaped_in_html_and_cannot_add_a_header() {
        let mut values = samples(MailKind::Welcome);
        values.insert("first_name", "<b>Ada</b>\r\nBcc: everybody@example.com".to_owned());
        let rendered = render(&words("Dear {{ first_name }}"), &values).expect("these words can be filled in");
        assert!(rendered.html.contains("&lt;b&gt;Ada&lt;/b&gt;"), "{}", rendered.html);
        assert!(rendered.text.contains("<b>Ada</b>"));
        assert_eq!(rendered.subject, "Hello <b>Ada</b> Bcc: everybody@example.com");
    }
}
