//! What a request may look like, made of its JSON Schema once in a process, so that reading one looks nothing up.

use std::collections::HashMap;

use serde_json::Value;

use super::ANYTHING;
use super::schema::{allowed_words, is_number, resolve, types_of};

/// Most members that an object may have here: one bit each, for what was given.
const MOST_MEMBERS: usize = 128;

/// All shapes of a request; a shape names others by their place in the list.
pub struct Shapes {
    list: Vec<Shape>,
    /// The shape of the whole.
    pub root: usize,
}

/// What a value may be.
pub enum Shape {
    Object(Members),
    Array {
        of: usize,
        length: Bounds,
    },
    Leaf(Leaf),
    /// JSON of the vendor's own: anything, or any object.
    Free {
        is_object: bool,
    },
    /// Read by the walk that names mistakes, and only by it.
    Odd,
}

/// The members that an object may have.
pub struct Members {
    /// In the order of their names; the shape of each.
    known: Vec<(Box<str>, usize)>,
    /// Bits of those that have to be there.
    pub required: u128,
}

impl Members {
    /// The bit of a member, and its shape.
    pub fn find(&self, name: &str) -> Option<(u128, usize)> {
        let place = self.known.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.known.get(place).map(|(_, shape)| (1 << place, *shape))
    }
}

/// What a text, a number or a truth value may be.
#[derive(Default)]
pub struct Leaf {
    pub text: bool,
    pub whole_number: bool,
    /// An amount or a quantity, as a text or as a number.
    pub decimal: bool,
    pub boolean: bool,
    pub format: Option<Box<str>>,
    /// All that it may be; empty where anything goes.
    pub words: Vec<Box<str>>,
    /// In characters.
    pub length: Bounds,
    pub least: Option<i64>,
    pub most: Option<i64>,
}

/// From and to, both included.
#[derive(Clone, Copy, Default)]
pub struct Bounds {
    least: Option<usize>,
    most: Option<usize>,
}

impl Bounds {
    fn of(schema: &Value, least: &str, most: &str) -> Self {
        let bound = |name| schema.get(name).and_then(Value::as_u64).map(|bound| bound as usize);
        Self { least: bound(least), most: bound(most) }
    }

    pub fn holds(self, length: usize) -> bool {
        self.least.is_none_or(|least| length >= least) && self.most.is_none_or(|most| length <= most)
    }

    /// Whether a text of so many bytes holds, where that can be said without counting its characters.
    pub fn holds_of(self, text: &str) -> bool {
        // A character has between one and four bytes.
        let is_sure = self.most.is_none_or(|most| text.len() <= most)
            && self
                .least
                .is_none_or(|least| text.len() >= least.saturating_mul(4) || least <= 1 && !text.is_empty());
        is_sure || self.holds(text.chars().count())
    }
}

impl Shapes {
    /// The shapes of a schema with its `$defs`.
    pub fn of(schema: &Value) -> Self {
        let definitions = schema.get("$defs").unwrap_or(&Value::Null);
        let mut made = Making { definitions, list: Vec::new(), known: HashMap::new() };
        let root = made.shape(schema);
        Self { list: made.list, root }
    }

    /// A shape by its place; the walk decides about one that is not there.
    pub fn at(&self, place: usize) -> &Shape {
        self.list.get(place).unwrap_or(&Shape::Odd)
    }
}

struct Making<'a> {
    definitions: &'a Value,
    list: Vec<Shape>,
    /// The places of schemas that were met: a type may hold itself.
    known: HashMap<*const Value, usize>,
}

impl<'a> Making<'a> {
    fn shape(&mut self, schema: &'a Value) -> usize {
        let schema = resolve(schema, self.definitions);
        if let Some(place) = self.known.get(&std::ptr::from_ref(schema)) {
            return *place;
        }
        let place = self.list.len();
        self.known.insert(schema, place);
        self.list.push(Shape::Odd);
        let made = self.made(schema);
        if let Some(shape) = self.list.get_mut(place) {
            *shape = made;
        }
        place
    }

    fn made(&mut self, schema: &'a Value) -> Shape {
        let types = types_of(schema);
        let words = allowed_words(schema);
        match types.as_slice() {
            [] => Shape::Free { is_object: false },
            ["object"] | ["object", "null"] => self.object(schema),
            ["array"] | ["array", "null"] => Shape::Array {
                of: self.shape(schema.get("items").unwrap_or(&ANYTHING)),
                length: Bounds::of(schema, "minItems", "maxItems"),
            },
            leaf if leaf.iter().any(|kind| matches!(*kind, "object" | "array")) => Shape::Odd,
            leaf => {
                let format = schema.get("format").and_then(Value::as_str);
                let decimal = matches!(format, Some("amount" | "quantity"));
                let bound = |name| schema.get(name).and_then(Value::as_i64);
                Shape::Leaf(Leaf {
                    text: leaf.contains(&"string"),
                    whole_number: !decimal && is_number(leaf),
                    decimal,
                    boolean: leaf.contains(&"boolean"),
                    format: format.map(Box::from),
                    words: words.into_iter().map(Box::from).collect(),
                    length: Bounds::of(schema, "minLength", "maxLength"),
                    least: bound("minimum"),
                    most: bound("maximum"),
                })
            }
        }
    }

    fn object(&mut self, schema: &'a Value) -> Shape {
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let listed = schema.get("properties").and_then(Value::as_object);
        let members = match listed {
            None if !closed => return Shape::Free { is_object: true },
            listed => listed.into_iter().flatten(),
        };
        let mut known: Vec<(Box<str>, usize)> =
            members.map(|(name, member)| (name.as_str().into(), self.shape(member))).collect();
        known.sort_unstable();
        let wanted = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut members = Members { known, required: 0 };
        for name in wanted {
            // What has to be there and cannot be is a matter for the walk.
            let Some((bit, _)) = name.as_str().and_then(|name| members.find(name)) else { return Shape::Odd };
            members.required |= bit;
        }
        if members.known.len() > MOST_MEMBERS { Shape::Odd } else { Shape::Object(members) }
    }
}
