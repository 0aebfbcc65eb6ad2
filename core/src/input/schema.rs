//! What the JSON Schema of a type says.

use serde_json::Value;

/// Follows `$ref`, and steps into the one branch of an optional type that is not `null`.
pub fn resolve<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
        return definitions.get(name).map_or(schema, |found| resolve(found, definitions));
    }
    let branches = schema.get("anyOf").and_then(Value::as_array);
    let is_null = |branch: &&Value| branch.get("type").and_then(Value::as_str) != Some("null");
    match branches.and_then(|all| all.iter().find(is_null)) {
        Some(branch) => resolve(branch, definitions),
        None => schema,
    }
}

pub fn types_of(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("oneOf").is_some() || schema.get("enum").is_some() => vec!["string"],
        _ if schema.get("properties").is_some() => vec!["object"],
        _ => Vec::new(),
    }
}

pub fn is_number(types: &[&str]) -> bool {
    types.contains(&"number") || types.contains(&"integer")
}

/// The words of an enumeration, whether or not each has a description of its own.
pub fn allowed_words(schema: &Value) -> Vec<&str> {
    let plain = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.flat_map(|one| {
        let listed = one.get("enum").and_then(Value::as_array).into_iter().flatten();
        one.get("const").into_iter().chain(listed)
    });
    plain.chain(described).filter_map(Value::as_str).collect()
}
