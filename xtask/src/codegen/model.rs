//! What the generators work on: the description of the library with its JSON Schemas turned into
//! named types. It knows no language.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Letters of an id, at most; other texts that take any letter are of other lengths.
const LONGEST_ID: u64 = 128;

/// The library, described.
pub struct Model {
    /// Version of every package.
    pub version: String,
    /// Every named type, by its name.
    pub types: BTreeMap<String, Named>,
    /// The operations that every vendor has: one class in every language, the base of the vendors'.
    pub operations: Vec<Operation>,
    /// Vendors in the order of the table.
    pub vendors: Vec<Vendor>,
    /// Kinds of error, in the order of the table: each is an exception class.
    pub kinds: Vec<String>,
    /// Error codes.
    pub codes: Vec<Code>,
}

/// A named type.
pub struct Named {
    /// What it is, in sentences; may be empty.
    pub doc: String,
    /// Its shape.
    pub shape: Shape,
}

/// The shape of a named type.
pub enum Shape {
    /// One of these words.
    Words(Vec<String>),
    /// An object with these fields, in the order of their names, the required ones marked.
    Object(Vec<Field>),
    /// Another name for a type.
    Alias(Type),
}

/// A field of an object.
pub struct Field {
    /// Name, the same in every language.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// True where it must be there.
    pub required: bool,
    /// Its type.
    pub of: Type,
    /// What a text is, where that matters to a language.
    pub meant: Meant,
}

/// What a text is.
#[derive(Clone, Copy, PartialEq)]
pub enum Meant {
    /// Just a text.
    Text,
    /// A moment, with its offset.
    Moment,
    /// A day.
    Day,
    /// The caller's id of a receipt.
    Id,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A text.
    Text,
    /// A decimal: written as a text, read from a text or a number.
    Decimal,
    /// A whole number.
    Whole,
    /// True or false.
    Truth,
    /// Any JSON.
    Anything,
    /// A list.
    List(Box<Type>),
    /// An object with any keys.
    Map(Box<Type>),
    /// A named type.
    Named(String),
    /// The type, or null.
    OrNull(Box<Type>),
}

/// A vendor: a class in every language.
pub struct Vendor {
    /// Name, such as `modulkassa`.
    pub name: String,
    /// Class, such as `Modulkassa`.
    pub class: String,
    /// What it is.
    pub summary: String,
    /// Named type of its configuration.
    pub config: String,
    /// The operations that only it has, in the order of the table.
    pub operations: Vec<Operation>,
}

/// An operation: a method in every language.
pub struct Operation {
    /// Name in snake case.
    pub name: String,
    /// What it does, in sentences.
    pub doc: String,
    /// True where it may change what is on the fiscal record.
    pub fiscal: bool,
    /// Named type of the request.
    pub request: String,
    /// True where every field of the request may be left out, so that the request may be too.
    pub request_optional: bool,
    /// Named type of the response.
    pub response: String,
}

/// An error code.
pub struct Code {
    /// The code.
    pub code: String,
    /// Its kind.
    pub kind: String,
    /// What it means and what to do.
    pub advice: String,
}

/// `open_shift` as `OpenShift`.
pub fn pascal(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect()
}

/// `open_shift` as `openShift`.
pub fn camel(snake: &str) -> String {
    let pascal = pascal(snake);
    let mut letters = pascal.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The class of a kind of error: `in_doubt` as `InDoubtError`.
pub fn error_class(kind: &str) -> String {
    format!("{}Error", pascal(kind))
}

impl Model {
    /// Reads what `kassa::table::describe` says.
    pub fn read(description: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(description)?;
        let mut types = BTreeMap::new();
        take_root(&value["error"], &mut types)?;
        let mut shared = Vec::new();
        let mut own: BTreeMap<&str, Vec<Operation>> = BTreeMap::new();
        for row in list(&value["operations"]) {
            let request = take_root(&row["request"], &mut types)?;
            let request_optional = row["request"]["required"].as_array().is_none_or(Vec::is_empty);
            let operation = Operation {
                name: text(&row["name"]),
                doc: text(&row["doc"]),
                fiscal: row["fiscal"] == true,
                request,
                request_optional,
                response: take_root(&row["response"], &mut types)?,
            };
            match row["vendor"].as_str() {
                Some(vendor) => own.entry(vendor).or_default().push(operation),
                None => shared.push(operation),
            }
        }
        let mut vendors = Vec::new();
        for row in list(&value["vendors"]) {
            let name = text(&row["name"]);
            let operations = own.remove(name.as_str()).unwrap_or_default();
            // A vendor's method would hide the one of all vendors.
            if let Some(both) = operations.iter().find(|op| shared.iter().any(|of| of.name == op.name)) {
                bail!("{name} and all vendors have an operation `{}`", both.name);
            }
            vendors.push(Vendor {
                class: pascal(&name),
                summary: text(&row["summary"]),
                config: take_root(&row["config"], &mut types)?,
                operations,
                name,
            });
        }
        if let Some(vendor) = own.keys().next() {
            bail!("operations belong to `{vendor}`, which is not among the vendors");
        }
        let codes = list(&value["codes"]);
        Ok(Self {
            version: text(&value["version"]),
            types,
            operations: shared,
            vendors,
            kinds: list(&value["kinds"]).iter().map(text).collect(),
            codes: codes
                .iter()
                .map(|row| Code {
                    code: text(&row["code"]),
                    kind: text(&row["kind"]),
                    advice: text(&row["advice"]),
                })
                .collect(),
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Takes a root schema and everything it defines; gives back its name.
fn take_root(schema: &Value, types: &mut BTreeMap<String, Named>) -> Result<String> {
    let name = schema["title"].as_str().context("a root schema has a title")?;
    take(name, schema, types)?;
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        take(name, definition, types)?;
    }
    Ok(name.to_owned())
}

fn take(name: &str, schema: &Value, types: &mut BTreeMap<String, Named>) -> Result<()> {
    let named = Named { doc: one_line(&schema["description"]), shape: shape(name, schema)? };
    if let Some(before) = types.get(name)
        && signature(before) != signature(&named)
    {
        bail!("two different types are named {name}; rename one with #[schemars(rename)]");
    }
    types.insert(name.to_owned(), named);
    Ok(())
}

/// What two types of the same name must agree in.
fn signature(named: &Named) -> String {
    match &named.shape {
        Shape::Words(words) => words.join("|"),
        Shape::Alias(of) => format!("{of:?}"),
        Shape::Object(fields) => fields
            .iter()
            .map(|f| format!("{}:{}:{:?}", f.name, f.required, f.of))
            .collect::<Vec<_>>()
            .join(","),
    }
}

fn one_line(description: &Value) -> String {
    text(description).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shape(name: &str, schema: &Value) -> Result<Shape> {
    let words = words(schema);
    if !words.is_empty() {
        return Ok(Shape::Words(words));
    }
    let Some(properties) = schema["properties"].as_object() else {
        if schema["type"] == "object" && schema["additionalProperties"] == false {
            return Ok(Shape::Object(Vec::new()));
        }
        return Ok(Shape::Alias(type_of(schema).with_context(|| format!("type {name}"))?));
    };
    let required = list(&schema["required"]);
    let mut fields = Vec::new();
    for (field, schema) in properties {
        fields.push(Field {
            name: field.clone(),
            doc: one_line(&schema["description"]),
            required: required.iter().any(|name| name == field),
            of: type_of(schema).with_context(|| format!("field {name}.{field}"))?,
            meant: meant(field, schema),
        });
    }
    // Required fields first: that is the order in which a person fills them in.
    fields.sort_by_key(|field| !field.required);
    Ok(Shape::Object(fields))
}

fn meant(name: &str, schema: &Value) -> Meant {
    let is_long = schema["maxLength"] == LONGEST_ID;
    match schema["format"].as_str() {
        Some("date-time") => Meant::Moment,
        Some("date") => Meant::Day,
        Some("any") if is_long => Meant::Id,
        _ if is_long && matches!(name, "id" | "refund_id") => Meant::Id,
        _ => Meant::Text,
    }
}

fn words(schema: &Value) -> Vec<String> {
    let described = list(&schema["oneOf"]).iter().flat_map(|one| match one["const"].as_str() {
        Some(word) => vec![word.to_owned()],
        None => list(&one["enum"]).iter().map(text).collect(),
    });
    list(&schema["enum"]).iter().map(text).chain(described).collect()
}

fn type_of(schema: &Value) -> Result<Type> {
    if let Some(reference) = schema["$ref"].as_str() {
        return Ok(Type::Named(reference.rsplit('/').next().unwrap_or_default().to_owned()));
    }
    let branches = list(&schema["anyOf"]);
    if let [one, Value::Object(null)] = branches
        && null.get("type").is_some_and(|of| of == "null")
    {
        return Ok(Type::OrNull(Box::new(type_of(one)?)));
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(Type::Anything),
    };
    let inner = |key: &str| type_of(&schema[key]).map(Box::new);
    let plain = match names.iter().filter(|name| **name != "null").copied().collect::<Vec<_>>().as_slice() {
        ["string", "number"] => Type::Decimal,
        ["string"] => Type::Text,
        ["integer" | "number"] => Type::Whole,
        ["boolean"] => Type::Truth,
        ["array"] => Type::List(inner("items")?),
        ["object"] => Type::Map(inner("additionalProperties")?),
        other => bail!("a schema of type {other:?} has no counterpart"),
    };
    Ok(if names.contains(&"null") { Type::OrNull(Box::new(plain)) } else { plain })
}
