//! The npm package: `operations.js`, `codes.js`, `version.js` and the types, `index.d.ts`. The types of
//! `client.js` and `errors.js` stand beside them and are written by hand, as they are.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::model::{Code, Model, Named, Operation, Shape, Type, Vendor, camel, error_class};
use super::python::wrapped;
use super::{Generated, NOTICE};

const WIDTH: usize = 100;
/// What `Client` has already.
const TAKEN: &[&str] = &["call", "close", "vendor"];

pub fn files(model: &Model) -> Result<Vec<Generated>> {
    Ok(vec![
        ("node/codes.js", codes(model)?),
        ("node/index.d.ts", declarations(model)?),
        ("node/operations.js", operations(model)?),
        ("node/version.js", format!("// {NOTICE}\n'use strict'\n\nexports.version = '{}'\n", model.version)),
    ])
}

fn codes_of<'a>(model: &'a Model, kind: &'a str) -> impl Iterator<Item = &'a Code> {
    model.codes.iter().filter(move |code| code.kind == kind)
}

/// A text as a JavaScript literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn operations(model: &Model) -> Result<String> {
    let mut out = format!("// {NOTICE}\n'use strict'\n\nconst {{ Client }} = require('./client.js')\n");
    out += "\nclass Operations extends Client {\n";
    methods(&mut out, &model.operations)?;
    out += "}\n";
    for vendor in &model.vendors {
        writeln!(out, "\nclass {} extends Operations {{", vendor.class)?;
        writeln!(out, "  static vendor = '{}'", vendor.name)?;
        if !vendor.operations.is_empty() {
            out += "\n";
        }
        methods(&mut out, &vendor.operations)?;
        out += "}\n";
    }
    let classes: Vec<_> = model.vendors.iter().map(|vendor| vendor.class.as_str()).collect();
    writeln!(out, "\nmodule.exports = {{ {} }}", classes.join(", "))?;
    Ok(out)
}

/// The methods of a class, each with its `Sync` form.
fn methods(out: &mut String, operations: &[Operation]) -> Result<()> {
    for (index, Operation { name, .. }) in operations.iter().enumerate() {
        ensure!(!TAKEN.contains(&name.as_str()), "Node's Client has `{name}` already; rename the operation");
        let (method, gap) = (camel(name), if index == 0 { "" } else { "\n" });
        writeln!(out, "{gap}  {method}(...request) {{\n    return this.call('{name}', ...request)\n  }}")?;
        writeln!(
            out,
            "\n  {method}Sync(...request) {{\n    return this.callSync('{name}', ...request)\n  }}"
        )?;
    }
    Ok(())
}

fn codes(model: &Model) -> Result<String> {
    let mut out = format!("// {NOTICE}\n'use strict'\n\nexports.ERROR_CODES = Object.freeze({{\n");
    for Code { code, kind, advice } in &model.codes {
        writeln!(out, "  {code}: {{ kind: '{kind}', advice: {} }},", quoted(advice))?;
    }
    Ok(out + "})\n")
}

fn declarations(model: &Model) -> Result<String> {
    let mut out = format!("// {NOTICE}\n");
    out += "import { Client, type Options } from './client.js'\nimport { KassaError } from './errors.js'\n";
    out += "\nexport * from './client.js'\nexport * from './errors.js'\n";
    for (name, Named { doc, shape }) in &model.types {
        out += "\n";
        comment(&mut out, doc, 0)?;
        match shape {
            Shape::Words(words) => {
                writeln!(out, "export type {name} =")?;
                for word in words {
                    writeln!(out, "  | '{word}'")?;
                }
            }
            Shape::Alias(of) => writeln!(out, "export type {name} = {}", shown(of))?,
            Shape::Object(fields) if fields.is_empty() => {
                writeln!(out, "export type {name} = Record<string, never>")?;
            }
            Shape::Object(fields) => {
                let is_config = model.vendors.iter().any(|vendor| vendor.config == *name);
                writeln!(out, "export interface {name} {{")?;
                for field in fields {
                    // The facades name the vendor themselves.
                    let required = field.required && !(is_config && field.name == "vendor");
                    let mark = if required { "" } else { "?" };
                    comment(&mut out, &field.doc, 2)?;
                    writeln!(out, "  {}{mark}: {}", field.name, shown(&field.of))?;
                }
                out += "}\n";
            }
        }
    }
    out += "\n/** What every vendor can be asked for; a type only, use the vendors' classes. */\n";
    out += "declare class Operations extends Client {\n";
    signatures(&mut out, &model.operations)?;
    out += "}\n";
    for vendor in &model.vendors {
        class(&mut out, vendor)?;
    }
    error_types(&mut out, model)?;
    writeln!(out, "\n/** Version of the package. */\nexport const version: string")?;
    Ok(out)
}

fn class(out: &mut String, vendor: &Vendor) -> Result<()> {
    out.push('\n');
    comment(out, &vendor.summary, 0)?;
    writeln!(out, "export class {} extends Operations {{", vendor.class)?;
    writeln!(out, "  constructor(config: {}, options?: Options)", vendor.config)?;
    signatures(out, &vendor.operations)?;
    *out += "}\n";
    Ok(())
}

/// The types of the methods of a class.
fn signatures(out: &mut String, operations: &[Operation]) -> Result<()> {
    for Operation { name, doc, request, request_optional, response, .. } in operations {
        let (method, mark) = (camel(name), if *request_optional { "?" } else { "" });
        comment(out, doc, 2)?;
        writeln!(out, "  {method}(request{mark}: {request}): Promise<{response}>")?;
        comment(out, &format!("`{method}` while the event loop stands still."), 2)?;
        writeln!(out, "  {method}Sync(request{mark}: {request}): {response}")?;
    }
    Ok(())
}

fn error_types(out: &mut String, model: &Model) -> Result<()> {
    writeln!(
        out,
        "\n/** Code of an error. Codes are never renamed and never used again. */\nexport type ErrorCode ="
    )?;
    for code in &model.codes {
        writeln!(out, "  | '{}'", code.code)?;
    }
    for kind in &model.kinds {
        writeln!(out, "\n/**\n * Kind `{kind}`.\n *")?;
        for code in codes_of(model, kind) {
            for (index, line) in
                wrapped(&format!("- `{}`: {}", code.code, code.advice), WIDTH - 5).iter().enumerate()
            {
                writeln!(out, " * {}{line}", if index == 0 { "" } else { "  " })?;
            }
        }
        writeln!(out, " */\nexport class {} extends KassaError {{}}", error_class(kind))?;
    }
    writeln!(out, "\n/** Every error code: its kind, and what it means and what to do. */")?;
    writeln!(
        out,
        "export const ERROR_CODES: Readonly<Record<ErrorCode, {{ kind: ErrorKind; advice: string }}>>"
    )?;
    Ok(())
}

/// The type in TypeScript's words.
fn shown(of: &Type) -> String {
    match of {
        Type::Text => "string".into(),
        Type::Decimal => "string | number".into(),
        Type::Whole => "number".into(),
        Type::Truth => "boolean".into(),
        Type::Anything => "any".into(),
        Type::List(inner) => format!("Array<{}>", shown(inner)),
        Type::Map(inner) => format!("Record<string, {}>", shown(inner)),
        Type::Named(name) => name.clone(),
        Type::OrNull(inner) => format!("{} | null", shown(inner)),
    }
}

fn comment(out: &mut String, doc: &str, indent: usize) -> Result<()> {
    if doc.is_empty() {
        return Ok(());
    }
    let pad = " ".repeat(indent);
    let doc = doc.replace("*/", "*\\/");
    match wrapped(&doc, WIDTH - indent - 7).as_slice() {
        [line] => writeln!(out, "{pad}/** {line} */")?,
        lines => {
            writeln!(out, "{pad}/**\n{pad} * {}\n{pad} */", lines.join(&format!("\n{pad} * ")))?;
        }
    }
    Ok(())
}
