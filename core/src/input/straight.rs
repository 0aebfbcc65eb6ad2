//! The straight way: a request that is right goes into its type in one reading, checked against its shape on the
//! way. It gives up at the first thing that is not plainly right. The walk then names all that is wrong, or takes it after all:
//! whatever the straight way takes, the walk takes too, with the same result.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use super::formats::{acts, format_fault};
use super::shape::{Leaf, Members, Shape, Shapes};
use super::{MOST_DEPTH, walk};

/// How serde_json asks for JSON as it stands.
const RAW: &str = "$serde_json::private::RawValue";

/// The request as a `T`; none where the walk has to look at it.
pub fn read<T: DeserializeOwned>(text: &str, shapes: &Shapes) -> Option<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let place = Place { shapes, shape: shapes.at(shapes.root), depth: 0, is_required: true };
    let read = T::deserialize(Checked { place, json: &mut json }).ok()?;
    json.end().ok()?;
    Some(read)
}

/// Where the reading is.
#[derive(Clone, Copy)]
struct Place<'s> {
    shapes: &'s Shapes,
    shape: &'s Shape,
    depth: usize,
    /// True where `null` is not as good as nothing.
    is_required: bool,
}

impl<'s> Place<'s> {
    /// A part of it.
    fn part(self, shape: usize, is_required: bool) -> Self {
        Self { shape: self.shapes.at(shape), depth: self.depth + 1, is_required, ..self }
    }
}

/// Not plainly right.
fn not_plain<E: serde::de::Error>() -> E {
    E::custom("")
}

/// A deserializer or a visitor whose values are checked.
struct Checked<'s, J> {
    place: Place<'s>,
    json: J,
}

impl<'de, J: Deserializer<'de>> Deserializer<'de> for Checked<'_, J> {
    type Error = J::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, J::Error> {
        let Self { place, json } = self;
        if place.depth > MOST_DEPTH {
            return Err(not_plain());
        }
        match place.shape {
            Shape::Object(members) => json.deserialize_map(Object { place, members, visitor }),
            Shape::Array { of, length } => {
                let count = &mut 0;
                let read = json.deserialize_seq(Array { place: place.part(*of, true), count, visitor })?;
                if length.holds(*count) { Ok(read) } else { Err(not_plain()) }
            }
            Shape::Leaf(leaf) => leaf_into(leaf, json, visitor),
            Shape::Free { is_object } => {
                let clean = cleaned(place, *is_object, json)?;
                // From a reader it borrows nothing, so that it may end with this call.
                let mut clean = serde_json::Deserializer::from_reader(clean.as_bytes());
                clean.deserialize_any(visitor).map_err(|_| not_plain())
            }
            Shape::Odd => Err(not_plain()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, J::Error> {
        let Self { place, json } = self;
        json.deserialize_option(Perhaps { place, visitor })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, J::Error> {
        if name != RAW {
            return visitor.visit_newtype_struct(self);
        }
        match self.place.shape {
            Shape::Free { is_object } => {
                let clean = cleaned(self.place, *is_object, self.json)?;
                let mut clean = serde_json::Deserializer::from_reader(clean.as_bytes());
                clean.deserialize_newtype_struct(name, visitor).map_err(|_| not_plain())
            }
            _ => Err(not_plain()),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, J::Error> {
        match self.place.shape {
            Shape::Leaf(leaf) => leaf_into(leaf, self.json, Word(visitor)),
            _ => Err(not_plain()),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// JSON of the vendor's own, as the walk writes it.
fn cleaned<'de, J: Deserializer<'de>>(
    place: Place<'_>,
    is_object: bool,
    json: J,
) -> Result<String, J::Error> {
    let raw = Box::<RawValue>::deserialize(json)?;
    // Whether `null` is as good as nothing here is for the walk to say.
    if raw.get() == "null" || is_object && !raw.get().starts_with('{') {
        return Err(not_plain());
    }
    walk::free(&raw, place.depth).ok_or_else(not_plain)
}

/// A text, a number or a truth value.
fn leaf_into<'de, J: Deserializer<'de>, V: Visitor<'de>>(
    leaf: &Leaf,
    json: J,
    visitor: V,
) -> Result<V::Value, J::Error> {
    match leaf {
        Leaf { text: true, whole_number: false, decimal: false, boolean: false, .. }
            if !leaf.has_numeric_words() =>
        {
            json.deserialize_str(Checking { leaf, visitor })
        }
        Leaf { text: false, decimal: false, .. } => json.deserialize_any(Checking { leaf, visitor }),
        // The digits count, and no number of the machine has all of them.
        _ => {
            let raw: &'de RawValue = Deserialize::deserialize(json)?;
            let text = raw.get();
            let first = text.as_bytes().first();
            match first {
                Some(b'"') => match text.get(1..text.len() - 1).filter(|inner| !inner.contains('\\')) {
                    Some(plain) => Checking { leaf, visitor }.visit_borrowed_str(plain),
                    None => Err(not_plain()),
                },
                Some(b'0'..=b'9') if leaf.decimal || leaf.words.iter().any(|word| **word == *text) => {
                    Checking { leaf, visitor }.visit_borrowed_str(text)
                }
                _ => Err(not_plain()),
            }
        }
    }
}

impl Leaf {
    /// Whether a number may stand for one of its words, such as a VAT rate.
    fn has_numeric_words(&self) -> bool {
        self.words.iter().any(|word| word.starts_with(|first: char| first.is_ascii_digit()))
    }

    fn is_right(&self, text: &str) -> bool {
        let format = self.format.as_deref();
        let is_known = self.words.is_empty() || self.words.iter().any(|word| **word == *text);
        // All but control characters, in one glance at the bytes.
        let is_quiet = text.bytes().all(|byte| (0x20..0x7F).contains(&byte))
            || !text.chars().any(|letter| acts(letter, format));
        self.text
            && is_known
            && is_quiet
            && self.length.holds_of(text)
            && format.is_none_or(|format| format_fault(format, text).is_none())
    }

    fn is_within(&self, number: i64) -> bool {
        self.whole_number
            && self.least.is_none_or(|least| number >= least)
            && self.most.is_none_or(|most| number <= most)
    }
}

/// Hands on what a leaf may be.
struct Checking<'s, V> {
    leaf: &'s Leaf,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Checking<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<V::Value, E> {
        if self.leaf.is_right(text) { self.visitor.visit_borrowed_str(text) } else { Err(not_plain()) }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<V::Value, E> {
        if self.leaf.is_right(text) { self.visitor.visit_str(text) } else { Err(not_plain()) }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<V::Value, E> {
        let is_within = i64::try_from(number).is_ok_and(|number| self.leaf.is_within(number));
        if is_within { self.visitor.visit_u64(number) } else { Err(not_plain()) }
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<V::Value, E> {
        if self.leaf.is_within(number) { self.visitor.visit_i64(number) } else { Err(not_plain()) }
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<V::Value, E> {
        if self.leaf.boolean { self.visitor.visit_bool(value) } else { Err(not_plain()) }
    }
}

/// `null`, or what it may be.
struct Perhaps<'s, V> {
    place: Place<'s>,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Perhaps<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        if self.place.is_required { Err(not_plain()) } else { self.visitor.visit_none() }
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.visit_none()
    }

    fn visit_some<J: Deserializer<'de>>(self, json: J) -> Result<V::Value, J::Error> {
        self.visitor.visit_some(Checked { place: self.place, json })
    }
}

/// Hands on the members of an object.
struct Object<'s, V> {
    place: Place<'s>,
    members: &'s Members,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<M: MapAccess<'de>>(self, json: M) -> Result<V::Value, M::Error> {
        let Self { place, members, visitor } = self;
        visitor.visit_map(Entries { place, members, json, given: 0, next: None })
    }
}

struct Entries<'s, M> {
    place: Place<'s>,
    members: &'s Members,
    json: M,
    /// Bits of the members that were given.
    given: u128,
    /// What the value that comes next is.
    next: Option<Place<'s>>,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Entries<'_, M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, M::Error> {
        let Some(Name(name)) = self.json.next_key::<Name<'de>>()? else {
            let is_whole = self.given & self.members.required == self.members.required;
            return if is_whole { Ok(None) } else { Err(not_plain()) };
        };
        let Some((bit, shape)) = self.members.find(&name) else { return Err(not_plain()) };
        if self.given & bit != 0 {
            return Err(not_plain());
        }
        self.given |= bit;
        self.next = Some(self.place.part(shape, self.members.required & bit != 0));
        match name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            Cow::Owned(name) => seed.deserialize(StrDeserializer::new(&name)).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, M::Error> {
        let place = self.next.take().ok_or_else(|| M::Error::custom(""))?;
        self.json.next_value_seed(Part { place, seed })
    }
}

/// The name of a member; borrowed unless it has an escape.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        json.deserialize_str(Text)
    }
}

/// Hands on the elements of an array, and counts them.
struct Array<'s, 'c, V> {
    place: Place<'s>,
    count: &'c mut usize,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Array<'_, '_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, json: S) -> Result<V::Value, S::Error> {
        self.visitor.visit_seq(Elements { place: self.place, count: self.count, json })
    }
}

struct Elements<'s, 'c, S> {
    place: Place<'s>,
    count: &'c mut usize,
    json: S,
}

impl<'de, S: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, '_, S> {
    type Error = S::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, S::Error> {
        let element = self.json.next_element_seed(Part { place: self.place, seed })?;
        *self.count += usize::from(element.is_some());
        Ok(element)
    }
}

/// Reads a part in its place.
struct Part<'s, S> {
    place: Place<'s>,
    seed: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Part<'_, S> {
    type Value = S::Value;

    fn deserialize<J: Deserializer<'de>>(self, json: J) -> Result<S::Value, J::Error> {
        self.seed.deserialize(Checked { place: self.place, json })
    }
}

/// Gives an enumeration its word.
struct Word<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Word<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<V::Value, E> {
        self.0.visit_enum(StrDeserializer::new(word))
    }
}
