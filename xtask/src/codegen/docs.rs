//! `docs/operations.md`, `docs/types.md` and `docs/errors.md`.

use std::fmt::Write as _;

use anyhow::Result;
use kassa::delivery::verdict::Standing;

use super::model::{Model, Named, Operation, Shape, Type};
use super::{Generated, NOTICE};

pub fn files(model: &Model) -> Result<Vec<Generated>> {
    Ok(vec![
        ("docs/operations.md", operations(model)?),
        ("docs/types.md", types(model)?),
        ("docs/errors.md", errors(model)?),
    ])
}

fn operations(model: &Model) -> Result<String> {
    let mut out = format!("<!-- {NOTICE} -->\n# Operations\n\n");
    out += "The name is the method's name: `register` in Python and Rust, `register` and `registerSync` in Node, \
            `register` in PHP; `open_shift` is `openShift` where the language writes so. Types are in \
            [types.md](types.md), errors in [errors.md](errors.md).\n";
    writeln!(out, "\n## Every vendor\n")?;
    table(&mut out, &model.operations)?;
    for vendor in &model.vendors {
        writeln!(out, "\n## {}\n\n{}\n", vendor.class, vendor.summary)?;
        writeln!(out, "Configuration: [`{0}`](types.md#{1})", vendor.config, vendor.config.to_lowercase())?;
        if !vendor.operations.is_empty() {
            out += "\n";
            table(&mut out, &vendor.operations)?;
        }
    }
    Ok(out)
}

fn table(out: &mut String, operations: &[Operation]) -> Result<()> {
    writeln!(out, "| operation | request | response | fiscal | what it does |\n|---|---|---|---|---|")?;
    for operation in operations {
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            operation.name,
            link(&operation.request),
            link(&operation.response),
            if operation.fiscal { "yes" } else { "no" },
            cell(&operation.doc)
        )?;
    }
    Ok(())
}

fn types(model: &Model) -> Result<String> {
    let mut out = format!("<!-- {NOTICE} -->\n# Types\n\nFields marked * are required; null means absent.\n");
    for (name, Named { doc, shape }) in &model.types {
        writeln!(out, "\n## {name}\n")?;
        if !doc.is_empty() {
            writeln!(out, "{doc}\n")?;
        }
        match shape {
            Shape::Words(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                writeln!(out, "One of {}.", words.join(", "))?;
            }
            Shape::Alias(of) => writeln!(out, "{}.", shown(of))?,
            Shape::Object(fields) if fields.is_empty() => writeln!(out, "No fields.")?,
            Shape::Object(fields) => {
                writeln!(out, "| field | type | what it is |\n|---|---|---|")?;
                for field in fields {
                    let star = if field.required { " *" } else { "" };
                    writeln!(
                        out,
                        "| `{}`{star} | {} | {} |",
                        field.name,
                        shown(&field.of),
                        cell(&field.doc)
                    )?;
                }
            }
        }
    }
    Ok(out)
}

fn errors(model: &Model) -> Result<String> {
    let mut out = format!("<!-- {NOTICE} -->\n# Errors\n\n");
    out += "Every error says whether the sale is on record (`outcome`): `not_registered`, `registered` or `unknown`. \
            The kind is the exception class; codes are never renamed and never used again.\n\n";
    writeln!(out, "| code | kind | what it means and what to do |\n|---|---|---|")?;
    for code in &model.codes {
        writeln!(out, "| `{}` | `{}` | {} |", code.code, code.kind, cell(&code.advice))?;
    }
    out += "\n## Where the receipt stands\n\n\
            What to do with the id follows from where the receipt stands, and `advice` says it behind the text above. \
            The same cause has another code where the one above would claim something that is not so: `in_doubt` \
            where the fate is not known, `not_taken` where nothing is on record.\n\n";
    writeln!(out, "| the receipt is | `outcome` | what to do with the id |\n|---|---|---|")?;
    for standing in Standing::all() {
        let place = match standing {
            Standing::At(state) => format!("`{}`", state.word()),
            Standing::Never => "not in the journal".into(),
            Standing::NotTold => "not told: the journal cannot be read".into(),
        };
        let outcome = serde_json::to_string(&standing.outcome())?;
        writeln!(out, "| {place} | `{}` | {} |", outcome.trim_matches('"'), standing.advice())?;
    }
    Ok(out)
}

fn link(name: &str) -> String {
    format!("[`{name}`](types.md#{})", name.to_lowercase())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn shown(of: &Type) -> String {
    match of {
        Type::Text => "text".into(),
        Type::Decimal => "decimal".into(),
        Type::Whole => "whole number".into(),
        Type::Truth => "true or false".into(),
        Type::Anything => "any JSON".into(),
        Type::List(inner) => format!("list of {}", shown(inner)),
        Type::Map(inner) => format!("map of {}", shown(inner)),
        Type::Named(name) => format!("[`{name}`](#{})", name.to_lowercase()),
        Type::OrNull(inner) => shown(inner),
    }
}
