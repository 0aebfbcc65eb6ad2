//! Changing a vendor's switches by name. A switch stands for what a protocol sheet leaves open.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::frame::Refused;

/// `current` with the values of `patch` laid over it.
///
/// A value may come as text (from a command line) or as a number (`409` for the name `"409"`).
/// A name or a value that the vendor does not have is refused with the name in the message.
pub fn patched<T: Serialize + DeserializeOwned>(
    current: &T,
    patch: &Map<String, Value>,
) -> Result<T, Refused> {
    let mut all = serde_json::to_value(current).map_err(Refused::new)?;
    for (name, value) in patch {
        let fitted = fit(all.get(name), value);
        if let Value::Object(fields) = &mut all {
            fields.insert(name.clone(), fitted);
        }
        // One name at a time, so that the message can name the one that is wrong.
        T::deserialize(&all).map_err(|error| Refused::new(format!("switch {name}: {error}")))?;
    }
    T::deserialize(&all).map_err(Refused::new)
}

fn fit(current: Option<&Value>, value: &Value) -> Value {
    match (current, value) {
        (Some(Value::String(_)), Value::Number(number)) => Value::String(number.to_string()),
        (Some(Value::Bool(_) | Value::Number(_)), Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    }
}
