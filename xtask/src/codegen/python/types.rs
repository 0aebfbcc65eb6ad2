//! `types.py`: every named type, as Python's type checkers want it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;

use super::super::NOTICE;
use super::super::model::{Field, Meant, Model, Named, Shape, Type};
use super::docstring;

/// A type of which more is known by the word that a field has.
struct Narrowed {
    name: &'static str,
    by: &'static str,
    /// The name of each case, its words, and the field that is then there for sure.
    cases: &'static [(&'static str, &'static [&'static str], Option<&'static str>)],
}

/// What the core gives back of these always has every field, be it null.
const NARROWED: Narrowed = Narrowed {
    name: "Registration",
    by: "state",
    cases: &[
        ("RegisteredRegistration", &["registered"], Some("fiscal")),
        ("FailedRegistration", &["failed"], Some("failure")),
        ("OpenRegistration", &["queued", "sending", "in_doubt", "accepted"], None),
    ],
};

/// `types.py`.
pub fn file(model: &Model) -> Result<String> {
    let asked = asked(model);
    let mut out = format!(
        "# {NOTICE}\n\"\"\"Types of requests and responses. At run time they are plain dicts.\"\"\"\n"
    );
    out += "\nfrom __future__ import annotations\n\nimport datetime\nfrom decimal import Decimal\n";
    out += "from typing import Any, Dict, List, Literal, Optional, TypedDict, Union\nfrom uuid import UUID\n";
    for (name, Named { doc, shape }) in &model.types {
        match shape {
            Shape::Words(words) => {
                writeln!(out, "\n{name} = Literal[")?;
                for word in words {
                    writeln!(out, "    \"{word}\",")?;
                }
                writeln!(out, "]")?;
            }
            Shape::Alias(of) => writeln!(out, "\n{name} = {}", shown(of, ""))?,
            Shape::Object(_) => continue,
        }
        docstring(&mut out, doc, 0)?;
    }
    for (name, Named { doc, shape }) in &model.types {
        let Shape::Object(fields) = shape else { continue };
        let of = |field: &Field| match asked.contains(name.as_str()) {
            true => given(field),
            false => shown(&answered(model, &field.of), ""),
        };
        if name == NARROWED.name {
            narrowed(&mut out, doc, fields, of)?;
        } else {
            // The facades name the vendor themselves.
            let is_config = model.vendors.iter().any(|vendor| vendor.config == *name);
            object(
                &mut out,
                name,
                doc,
                fields,
                |field| field.required && !(is_config && field.name == "vendor"),
                of,
            )?;
        }
    }
    Ok(out)
}

/// One class, or two where only some fields are required.
fn object(
    out: &mut String,
    name: &str,
    doc: &str,
    fields: &[Field],
    is_required: impl Fn(&Field) -> bool,
    of: impl Fn(&Field) -> String,
) -> Result<()> {
    let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| is_required(field));
    let base = match (required.is_empty(), optional.is_empty()) {
        (false, false) => {
            writeln!(out, "\n\nclass _{name}(TypedDict):")?;
            for field in required {
                writeln!(out, "    {}: {}", field.name, of(field))?;
                docstring(out, &field.doc, 4)?;
            }
            format!("_{name}, total=False")
        }
        (true, false) => "TypedDict, total=False".to_owned(),
        _ => "TypedDict".to_owned(),
    };
    let own: Vec<_> = if optional.is_empty() { fields.iter().collect() } else { optional };
    writeln!(out, "\n\nclass {name}({base}):")?;
    docstring(out, doc, 4)?;
    for field in own {
        writeln!(out, "\n    {}: {}", field.name, of(field))?;
        docstring(out, &field.doc, 4)?;
    }
    Ok(())
}

/// A class for each case, and the name for any of them.
fn narrowed(out: &mut String, doc: &str, fields: &[Field], of: impl Fn(&Field) -> String) -> Result<()> {
    let Narrowed { name, by, cases } = NARROWED;
    let is_surely_there = |field: &Field, case: Option<&str>| case == Some(field.name.as_str());
    let (own, common): (Vec<_>, Vec<_>) = fields
        .iter()
        .partition(|field| field.name == by || cases.iter().any(|case| is_surely_there(field, case.2)));
    writeln!(out, "\n\nclass _{name}(TypedDict):")?;
    for field in common {
        writeln!(out, "    {}: {}", field.name, of(field))?;
        docstring(out, &field.doc, 4)?;
    }
    for (case, words, there) in cases {
        let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
        writeln!(out, "\n\nclass {case}(_{name}):")?;
        docstring(out, &format!("{doc} The `{by}` is {}.", words.join(", ").replace('"', "`")), 4)?;
        for field in &own {
            let of = match &field.of {
                _ if field.name == by => format!("Literal[{}]", words.join(", ")),
                Type::OrNull(inner) if is_surely_there(field, *there) => shown(inner, ""),
                _ => of(field),
            };
            writeln!(out, "\n    {}: {of}", field.name)?;
            docstring(out, &field.doc, 4)?;
        }
    }
    let cases: Vec<_> = cases.iter().map(|case| case.0).collect();
    writeln!(out, "\n\n{name} = Union[{}]", cases.join(", "))?;
    docstring(out, doc, 0)
}

/// The types that a caller fills in; some of them come back too.
fn asked(model: &Model) -> BTreeSet<&str> {
    let operations =
        model.operations.iter().chain(model.vendors.iter().flat_map(|vendor| &vendor.operations));
    let mut left: Vec<&str> = operations.map(|operation| operation.request.as_str()).collect();
    left.extend(model.vendors.iter().map(|vendor| vendor.config.as_str()));
    let mut found = BTreeSet::new();
    while let Some(name) = left.pop() {
        if let Some(named) = model.types.get(name)
            && found.insert(name)
        {
            match &named.shape {
                Shape::Words(_) => {}
                Shape::Alias(of) => left.extend(name_in(of)),
                Shape::Object(fields) => left.extend(fields.iter().filter_map(|field| name_in(&field.of))),
            }
        }
    }
    found
}

fn name_in(of: &Type) -> Option<&str> {
    match of {
        Type::Named(name) => Some(name),
        Type::List(inner) | Type::Map(inner) | Type::OrNull(inner) => name_in(inner),
        _ => None,
    }
}

/// What a caller may give.
fn given(field: &Field) -> String {
    let wider = match field.meant {
        Meant::Text => return shown(&field.of, ""),
        Meant::Moment => "Union[str, datetime.datetime]",
        Meant::Day => "Union[str, datetime.date]",
        Meant::Id => "Union[str, UUID]",
    };
    match field.of {
        Type::OrNull(_) => format!("Optional[{wider}]"),
        _ => wider.to_owned(),
    }
}

/// The type as an answer has it: decimals are texts there.
fn answered(model: &Model, of: &Type) -> Type {
    let inside = |inner: &Type| Box::new(answered(model, inner));
    match of {
        Type::Decimal => Type::Text,
        Type::Named(name) => match model.types.get(name).map(|named| &named.shape) {
            Some(Shape::Alias(Type::Decimal)) => Type::Text,
            _ => of.clone(),
        },
        Type::List(inner) => Type::List(inside(inner)),
        Type::Map(inner) => Type::Map(inside(inner)),
        Type::OrNull(inner) => Type::OrNull(inside(inner)),
        _ => of.clone(),
    }
}

/// The type in Python's words; named types get the prefix.
pub fn shown(of: &Type, prefix: &str) -> String {
    match of {
        Type::Text => "str".into(),
        Type::Decimal => "Union[str, Decimal, int]".into(),
        Type::Whole => "int".into(),
        Type::Truth => "bool".into(),
        Type::Anything => "Any".into(),
        Type::List(inner) => format!("List[{}]", shown(inner, prefix)),
        Type::Map(inner) => format!("Dict[str, {}]", shown(inner, prefix)),
        Type::Named(name) => format!("{prefix}{name}"),
        Type::OrNull(inner) => match &**inner {
            Type::OrNull(_) => shown(inner, prefix),
            inner => format!("Optional[{}]", shown(inner, prefix)),
        },
    }
}
