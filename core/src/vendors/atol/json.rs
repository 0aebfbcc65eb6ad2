//! Writes JSON objects with their members in order and decimals as numbers with all their digits.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::receipt::money::{Amount, Quantity};

/// An object under construction.
pub struct Object(String);

impl Object {
    pub fn new() -> Self {
        Self("{".into())
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&serde_json::Value::from(name).to_string());
        self.0.push(':');
    }

    /// Adds a member that is JSON text already.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.0.push_str(json);
        self
    }

    /// Adds a member.
    pub fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> &mut Self {
        match serde_json::value::to_raw_value(value) {
            Ok(json) => self.raw(name, json.get()),
            // Plain data always has a text; were it not so, the vendor would refuse the member.
            Err(_) => self.raw(name, RawValue::NULL.get()),
        }
    }

    /// Adds a member that may be absent.
    pub fn maybe<T: Serialize>(&mut self, name: &str, value: Option<T>) -> &mut Self {
        match value {
            Some(value) => self.put(name, &value),
            None => self,
        }
    }

    /// Adds an amount as a number with 2 decimals.
    pub fn amount(&mut self, name: &str, amount: Amount) -> &mut Self {
        self.raw(name, &amount.to_string())
    }

    /// Adds a quantity as a number.
    pub fn quantity(&mut self, name: &str, quantity: Quantity) -> &mut Self {
        self.raw(name, &quantity.to_string())
    }

    /// Adds a list of objects.
    pub fn list(&mut self, name: &str, objects: impl IntoIterator<Item = Object>) -> &mut Self {
        let objects: Vec<String> = objects.into_iter().map(Object::end).collect();
        self.raw(name, &format!("[{}]", objects.join(",")))
    }

    /// Adds an object.
    pub fn object(&mut self, name: &str, object: Object) -> &mut Self {
        self.raw(name, &object.end())
    }

    /// The finished text.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
