//! `php/src/Types.php`: an array shape for every type. A request takes more than an answer has, and what became of a
//! receipt is told state by state.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::{begin, quoted};
use crate::codegen::model::{Field, Meant, Model, Shape, Type};

/// Types that tell more in some of their states: the type, the state, the field that is there then and in no other.
const BY_STATE: [(&str, &str, &str); 2] =
    [("Registration", "registered", "fiscal"), ("Registration", "failed", "failure")];

pub fn file(model: &Model) -> Result<String> {
    let mut out = begin();
    out += "/**\n * Types of requests and responses, for PHPStan and for editors; docs/types.md tells what they mean.\n";
    let taken = taken(model);
    for (name, named) in &model.types {
        let set_by_class = model.vendors.iter().any(|vendor| vendor.config == *name);
        write!(out, " *\n * @phpstan-type {name} ")?;
        match &named.shape {
            Shape::Alias(of) => writeln!(out, "{}", shown(of))?,
            Shape::Words(words) => {
                let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
                writeln!(out, "{}", words.join("|"))?;
            }
            Shape::Object(fields) => {
                let fields = fields.iter().filter(|field| !(set_by_class && field.name == "vendor"));
                let fields: Vec<_> = fields
                    .map(|field| {
                        (field, if taken.contains(name) { given(model, field) } else { shown(&field.of) })
                    })
                    .collect();
                writeln!(out, "{}", by_state(model, name, &fields)?)?;
            }
        }
    }
    out += " */\nfinal class Types\n{\n}\n";
    Ok(out)
}

/// The types that requests and configurations are made of. `distribute` gives a receipt back as it takes one.
fn taken(model: &Model) -> BTreeSet<String> {
    let operations = model.vendors.iter().flat_map(|vendor| &vendor.operations).chain(&model.operations);
    let mut found = BTreeSet::new();
    operations.for_each(|one| reach(model, &one.request, &mut found));
    model.vendors.iter().for_each(|vendor| reach(model, &vendor.config, &mut found));
    found
}

/// A type and all that stand in it.
fn reach(model: &Model, name: &str, found: &mut BTreeSet<String>) {
    if !found.insert(name.to_owned()) {
        return;
    }
    match model.types.get(name).map(|named| &named.shape) {
        Some(Shape::Object(fields)) => fields.iter().for_each(|field| reach_in(model, &field.of, found)),
        Some(Shape::Alias(of)) => reach_in(model, of, found),
        Some(Shape::Words(_)) | None => {}
    }
}

fn reach_in(model: &Model, of: &Type, found: &mut BTreeSet<String>) {
    match of {
        Type::Named(name) => reach(model, name, found),
        Type::List(inner) | Type::Map(inner) | Type::OrNull(inner) => reach_in(model, inner, found),
        Type::Text | Type::Decimal | Type::Whole | Type::Truth | Type::Anything => {}
    }
}

/// The type of a field in a request, which takes more than an answer has: whole numbers for ids and for words of
/// digits, times as objects.
fn given(model: &Model, field: &Field) -> String {
    let of = shown(&field.of);
    let plain = if let Type::OrNull(inner) = &field.of { inner } else { &field.of };
    let digits = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    match plain {
        Type::Text if field.meant == Meant::Moment => format!("\\DateTimeInterface|{of}"),
        Type::Text if field.name == "id" => format!("int|{of}"),
        Type::Named(name) => match model.types.get(name).map(|named| &named.shape) {
            Some(Shape::Words(words)) if words.iter().any(digits) => format!("int|{of}"),
            _ => of,
        },
        _ => of,
    }
}

/// A shape, or one for each state that tells more.
fn by_state(model: &Model, name: &str, fields: &[(&Field, String)]) -> Result<String> {
    let told: Vec<_> = BY_STATE.iter().filter(|row| row.0 == name).collect();
    if told.is_empty() {
        return Ok(shape(fields.iter().map(|(field, of)| row(field, of))));
    }
    let Some(Shape::Words(states)) = model.types.get("State").map(|named| &named.shape) else {
        bail!("PHP: there is no type State");
    };
    let others = states.iter().filter(|state| told.iter().all(|row| row.1 != state.as_str()));
    let others: Vec<_> = others.map(|state| quoted(state)).collect();
    let states = told.iter().map(|row| (quoted(row.1), row.2)).chain([(others.join("|"), "")]);
    let shapes = states.map(|(state, there)| {
        shape(fields.iter().map(|(field, of)| match field.name.as_str() {
            "state" => format!("state: {state}"),
            name if name == there => format!("{name}: {}", of.trim_end_matches("|null")),
            name if told.iter().any(|row| row.2 == name) => format!("{name}?: null"),
            _ => row(field, of),
        }))
    });
    Ok(shapes.collect::<Vec<_>>().join("|"))
}

fn shape(rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.map(|row| format!(" *     {row},\n")).collect();
    if rows.is_empty() { "array{}".into() } else { format!("array{{\n{rows} * }}") }
}

fn row(field: &Field, of: &str) -> String {
    let null = if field.required || matches!(field.of, Type::OrNull(_)) { "" } else { "|null" };
    let mark = if field.required { "" } else { "?" };
    format!("{}{mark}: {of}{null}", key(&field.name))
}

pub fn shown(of: &Type) -> String {
    match of {
        Type::Text => "string".into(),
        Type::Decimal => "string|int|float".into(),
        Type::Whole => "int".into(),
        Type::Truth => "bool".into(),
        Type::Anything => "mixed".into(),
        Type::List(inner) => format!("list<{}>", shown(inner)),
        Type::Map(inner) => format!("array<string, {}>", shown(inner)),
        Type::Named(name) => name.clone(),
        Type::OrNull(inner) => format!("{}|null", shown(inner)),
    }
}

/// A key of an array shape.
fn key(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { name.to_owned() } else { quoted(name) }
}
