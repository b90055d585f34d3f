//! Whether a request is one that the shop's API would take: the document against the schema, the variables against their
//! types, and what the reference says besides, which no schema can say.

use std::{collections::HashMap, sync::LazyLock};

use graphql_parser::{
    parse_query, parse_schema,
    query::{
        Definition, Field, OperationDefinition, Selection, SelectionSet, TypeCondition, Value as Given,
        VariableDefinition,
    },
    schema::{Definition as Defined, Field as Defining, InputValue, Type, TypeDefinition},
};
use serde_json::Value;

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::read);

/// Types that are written as any one value.
const SCALARS: [&str; 7] = ["Boolean", "DateTime", "Decimal", "Float", "ID", "Int", "String"];

type Typed = Type<'static, String>;

/// Fields of one type: their arguments and what they give.
type Fields = HashMap<String, (Vec<InputValue<'static, String>>, Typed)>;

struct Schema {
    /// Of objects and of interfaces.
    objects: HashMap<String, Fields>,
    /// Which objects an interface stands for.
    kinds: HashMap<String, Vec<String>>,
    inputs: HashMap<String, Vec<InputValue<'static, String>>>,
    enums: HashMap<String, Vec<String>>,
}

/// What is wrong with a request, if anything is.
pub fn fault_of(document: &str, variables: &Value) -> Option<String> {
    SCHEMA.takes(document, variables).err().or_else(|| rule_broken(document, variables).map(str::to_owned))
}

impl Schema {
    fn read() -> Schema {
        let document = parse_schema::<String>(include_str!("schema.graphql")).unwrap().into_static();
        let mut schema =
            Schema { objects: HashMap::new(), kinds: HashMap::new(), inputs: HashMap::new(), enums: HashMap::new() };
        for definition in document.definitions {
            let Defined::TypeDefinition(definition) = definition else { continue };
            match definition {
                TypeDefinition::Object(object) => {
                    for interface in object.implements_interfaces {
                        schema.kinds.entry(interface).or_default().push(object.name.clone());
                    }
                    schema.objects.insert(object.name, fields_of(object.fields));
                }
                TypeDefinition::Interface(interface) => {
                    schema.objects.insert(interface.name, fields_of(interface.fields));
                }
                TypeDefinition::InputObject(input) => drop(schema.inputs.insert(input.name, input.fields)),
                TypeDefinition::Enum(words) => {
                    let values = words.values.into_iter().map(|value| value.name).collect();
                    schema.enums.insert(words.name, values);
                }
                _ => {}
            }
        }
        schema
    }

    fn takes(&self, document: &str, variables: &Value) -> Result<(), String> {
        let parsed = parse_query::<String>(document).map_err(|error| error.to_string())?.into_static();
        let [Definition::Operation(operation)] = parsed.definitions.as_slice() else {
            return Err("not one operation".to_owned());
        };
        let (root, declared, selected) = match operation {
            OperationDefinition::Query(query) => ("Query", &query.variable_definitions, &query.selection_set),
            OperationDefinition::Mutation(change) => ("Mutation", &change.variable_definitions, &change.selection_set),
            _ => return Err("neither a query nor a mutation with a name for its kind".to_owned()),
        };
        let given = variables.as_object().ok_or("variables are an object")?;
        for name in given.keys() {
            if !declared.iter().any(|variable| variable.name == *name) {
                return Err(format!("${name} is not declared"));
            }
        }
        for variable in declared {
            self.fits(&variable.var_type, given.get(&variable.name), &format!("${}", variable.name))?;
        }
        self.selects(root, selected, declared)
    }

    /// Every field is one of the type, with the arguments that it takes, and with fields of its own where it has any.
    fn selects(
        &self,
        of: &str,
        selected: &SelectionSet<'_, String>,
        declared: &[VariableDefinition<'_, String>],
    ) -> Result<(), String> {
        let fields = self.objects.get(of).ok_or_else(|| format!("{of} has no fields"))?;
        for item in &selected.items {
            let field = match item {
                Selection::Field(field) if field.name == "__typename" => continue,
                Selection::Field(field) => field,
                Selection::InlineFragment(fragment) => {
                    let Some(TypeCondition::On(kind)) = &fragment.type_condition else {
                        return Err("a fragment without a type is not ours".to_owned());
                    };
                    if !self.kinds.get(of).is_some_and(|kinds| kinds.contains(kind)) {
                        return Err(format!("no {of} is a {kind}"));
                    }
                    self.selects(kind, &fragment.selection_set, declared)?;
                    continue;
                }
                Selection::FragmentSpread(_) => return Err("fragments with names are not ours".to_owned()),
            };
            let (arguments, gives) = fields.get(&field.name).ok_or_else(|| format!("{of} has no {}", field.name))?;
            arguments_fit(field, arguments, declared)?;
            let name = name_of(gives);
            match (self.objects.contains_key(name), field.selection_set.items.is_empty()) {
                (true, false) => self.selects(name, &field.selection_set, declared)?,
                (false, true) => {}
                (true, true) => return Err(format!("{of}.{}: of {name} nothing is asked", field.name)),
                (false, false) => return Err(format!("{of}.{}: {name} has no fields", field.name)),
            }
        }
        Ok(())
    }

    /// A value of a type, in JSON.
    fn fits(&self, wanted: &Typed, value: Option<&Value>, place: &str) -> Result<(), String> {
        let value = value.filter(|value| !value.is_null());
        let wrong = || Err(format!("{place} is not {wanted}: {value:?}"));
        match (wanted, value) {
            (Type::NonNullType(_), None) => Err(format!("{place} is needed")),
            (_, None) => Ok(()),
            (Type::NonNullType(inner), value) => self.fits(inner, value, place),
            (Type::ListType(inner), Some(Value::Array(items))) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| self.fits(inner, Some(item), &format!("{place}/{at}"))),
            (Type::ListType(_), _) => wrong(),
            (Type::NamedType(name), Some(value)) => {
                if let Some(fields) = self.inputs.get(name) {
                    return self.input_fits(fields, value, place);
                }
                let is_word = |word: &str| self.enums.get(name).is_some_and(|words| words.iter().any(|it| it == word));
                let is_one = match name.as_str() {
                    "Boolean" => value.is_boolean(),
                    "Int" => value.is_i64(),
                    "Float" => value.is_number(),
                    scalar if SCALARS.contains(&scalar) => value.is_string(),
                    _ => value.as_str().is_some_and(is_word),
                };
                if is_one { Ok(()) } else { wrong() }
            }
        }
    }

    fn input_fits(&self, fields: &[InputValue<'_, String>], value: &Value, place: &str) -> Result<(), String> {
        let object = value.as_object().ok_or_else(|| format!("{place} is an object"))?;
        for name in object.keys() {
            if !fields.iter().any(|field| field.name == *name) {
                return Err(format!("{place} has no {name}"));
            }
        }
        fields.iter().try_for_each(|field| {
            let wanted = owned(&field.value_type);
            self.fits(&wanted, object.get(&field.name), &format!("{place}/{}", field.name))
        })
    }
}

/// Every argument is one that the field takes; a variable is declared with the very type, or with the stricter one.
fn arguments_fit(
    field: &Field<'_, String>,
    takes: &[InputValue<'_, String>],
    declared: &[VariableDefinition<'_, String>],
) -> Result<(), String> {
    for (name, given) in &field.arguments {
        let known = takes.iter().find(|argument| argument.name == *name);
        let known = known.ok_or_else(|| format!("{} takes no {name}", field.name))?;
        let Given::Variable(variable) = given else { continue };
        let variable = declared.iter().find(|declared| declared.name == *variable);
        let variable = variable.ok_or_else(|| format!("${given} is not declared"))?;
        let (ours, theirs) = (variable.var_type.to_string(), known.value_type.to_string());
        if ours != theirs && ours != format!("{theirs}!") {
            return Err(format!("{}({name}) takes {theirs}, and ${} is {ours}", field.name, variable.name));
        }
    }
    let missing = takes.iter().find(|argument| {
        let needed = matches!(argument.value_type, Type::NonNullType(_)) && argument.default_value.is_none();
        needed && !field.arguments.iter().any(|(name, _)| *name == argument.name)
    });
    missing.map_or(Ok(()), |missing| Err(format!("{} needs {}", field.name, missing.name)))
}

fn fields_of(fields: Vec<Defining<'static, String>>) -> Fields {
    fields.into_iter().map(|field| (field.name, (field.arguments, field.field_type))).collect()
}

fn name_of<'a>(of: &'a Type<'_, String>) -> &'a str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => name_of(inner),
    }
}

fn owned(of: &Type<'_, String>) -> Typed {
    match of {
        Type::NamedType(name) => Type::NamedType(name.clone()),
        Type::ListType(inner) => Type::ListType(Box::new(owned(inner))),
        Type::NonNullType(inner) => Type::NonNullType(Box::new(owned(inner))),
    }
}

/// Rules of the reference: one kind of value and one of items, a gift card's code, a mark's name, money above nothing.
fn rule_broken(document: &str, variables: &Value) -> Option<&'static str> {
    let input = &variables["input"];
    let said =
        |object: &Value| object.as_object().map_or(0, |fields| fields.values().filter(|it| !it.is_null()).count());
    let positive =
        |amount: &Value| amount.as_str().is_some_and(|text| text.bytes().any(|it| (b'1'..=b'9').contains(&it)));
    if document.contains("discountCodeBasicCreate") {
        let gets = &input["customerGets"];
        if said(&gets["value"]) != 1 || said(&gets["items"]) != 1 {
            return Some("customerGets has one value and one kind of items");
        }
        let share = gets["value"]["percentage"].as_f64();
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Some("a percentage is from 0.0 to 1.0");
        }
    }
    if document.contains("discountCode") && document.contains("Create") {
        let has = |name: &str| input[name].as_str().is_some_and(|text| !text.is_empty());
        if !has("title") || !has("code") || said(&input["context"]) != 1 {
            return Some("title, code and context are needed");
        }
    }
    if document.contains("giftCardCreate") {
        let code = input["code"].as_str().unwrap_or_default();
        if !(8..=20).contains(&code.len()) || !code.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
            return Some("a gift card's code has from 8 to 20 letters and digits");
        }
        if !positive(&input["initialValue"]) {
            return Some("a gift card has a value");
        }
    }
    let moved = [&variables["credit"]["creditAmount"], &variables["debit"]["debitAmount"]];
    if moved.iter().any(|money| money.is_object() && !positive(&money["amount"])) {
        return Some("what is moved is above nothing");
    }
    for mark in variables["marks"].as_array().into_iter().flatten() {
        let length = |name: &str| mark[name].as_str().unwrap_or_default().len();
        if !(2..=64).contains(&length("key")) || !(3..=255).contains(&length("namespace")) || mark["type"].is_null() {
            return Some("a metafield without a definition has a key, a namespace and a type");
        }
        let value = mark["value"].as_str().unwrap_or_default();
        if mark["type"] == "json" && serde_json::from_str::<Value>(value).is_err() {
            return Some("the value of a metafield is of its type");
        }
    }
    None
}

/// Only some kinds of transactions have an id.
const MOVED_BY_ANYTHING: &str = "query($id: ID!) { customer(id: $id) {
    storeCreditAccounts { nodes { transactions { nodes { id } } } } } }";
const MOVED_BY_CREDIT: &str = "query($id: ID!) { customer(id: $id) { storeCreditAccounts { nodes { transactions {
    nodes { __typename createdAt ... on StoreCreditAccountCreditTransaction { id } } } } } } }";

#[test]
fn the_schema_refuses_what_the_shop_would() {
    let document = "mutation($input: GiftCardCreateInput!) {
        created: giftCardCreate(input: $input) { giftCard { id } userErrors { field code message } } }";
    let card = |code: &str| serde_json::json!({ "input": { "code": code, "initialValue": "5.00", "note": "a note" } });
    assert_eq!(fault_of(document, &card("ln12345678")), None);
    assert!(fault_of(document, &card("LN-1234-5678")).is_some(), "dashes");
    assert!(fault_of(document, &serde_json::json!({ "input": { "code": "ln12345678" } })).is_some(), "no value");
    let unknown = serde_json::json!({ "input": { "initialValue": "5.00", "currency": "EUR" } });
    assert!(fault_of(document, &unknown).is_some(), "no such field");
    for (document, is_one) in [
        ("query { giftCards(first: 1) { nodes { id } } }", true),
        ("query { giftCards(first: 1) { nodes { code } } }", false),
        ("query { giftCards(last: 1) { nodes { id } } }", false),
        ("query { giftCards { nodes } }", false),
        ("query { customer { metafield(key: \"k\") { value } } }", false),
        (MOVED_BY_CREDIT, true),
        (MOVED_BY_ANYTHING, false),
        ("query($id: String!) { product(id: $id) { priceRangeV2 { maxVariantPrice { amount } } } }", false),
    ] {
        let alone = if document.contains("$id") { serde_json::json!({ "id": "1" }) } else { serde_json::json!({}) };
        assert_eq!(fault_of(document, &alone).is_none(), is_one, "{document}");
    }
}
