//! The npm package: `operations.js`, `codes.js`, `version.js` and the types, `index.d.ts`. The types of
//! `client.js` and `errors.js` stand beside them and are written by hand, as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use kassa::delivery::transitions::{TRANSITIONS, Written};
use kassa::receipt::registration::State;

use super::model::{Code, Field, Meant, Model, Named, Operation, Shape, Type, Vendor, camel, error_class};
use super::pages::{Pages, fields, pages};
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
    out += "const pages = require('./pages.js')\n\nclass Operations extends Client {\n";
    methods(&mut out, model, &model.operations)?;
    out += "}\n";
    for vendor in &model.vendors {
        writeln!(out, "\nclass {} extends Operations {{", vendor.class)?;
        writeln!(out, "  static vendor = '{}'", vendor.name)?;
        if !vendor.operations.is_empty() {
            out += "\n";
        }
        methods(&mut out, model, &vendor.operations)?;
        out += "}\n";
    }
    let classes: Vec<_> = model.vendors.iter().map(|vendor| vendor.class.as_str()).collect();
    writeln!(out, "\nmodule.exports = {{ {} }}", classes.join(", "))?;
    Ok(out)
}

/// The methods of a class, each with its `Sync` form; a generator over the entries where there are pages.
fn methods(out: &mut String, model: &Model, operations: &[Operation]) -> Result<()> {
    for (index, operation) in operations.iter().enumerate() {
        let name = &operation.name;
        ensure!(!TAKEN.contains(&name.as_str()), "Node's Client has `{name}` already; rename the operation");
        let (method, gap) = (camel(name), if index == 0 { "" } else { "\n" });
        writeln!(out, "{gap}  {method}(...given) {{\n    return this.call('{name}', ...given)\n  }}")?;
        writeln!(out, "\n  {method}Sync(...given) {{\n    return this.callSync('{name}', ...given)\n  }}")?;
        if let Some(Pages { listed, cursor, .. }) = pages(model, operation) {
            writeln!(out, "\n  {method}Pages(...given) {{")?;
            writeln!(out, "    return pages.{cursor}(this, '{name}', '{listed}', ...given)\n  }}")?;
        }
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
    out += "import { Client, type CallOptions, type Options } from './client.js'\nimport { KassaError } from './errors.js'\n";
    out += "\nexport * from './client.js'\nexport * from './errors.js'\n";
    let taken = taken(model);
    for (name, Named { doc, shape }) in &model.types {
        let way = if taken.contains(name.as_str()) { Way::In } else { Way::Out };
        out += "\n";
        if name == "Registration" {
            registration(&mut out, model, doc)?;
            continue;
        }
        comment(&mut out, doc, 0)?;
        match shape {
            Shape::Words(words) => {
                writeln!(out, "export type {name} =")?;
                for word in words {
                    writeln!(out, "  | '{word}'")?;
                }
            }
            Shape::Alias(of) => writeln!(out, "export type {name} = {}", shown(model, of, Way::In))?,
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
                    writeln!(out, "  {}{mark}: {}", field.name, of_field(model, field, way))?;
                }
                out += "}\n";
            }
        }
    }
    out += "\n/** What every vendor can be asked for; a type only, use the vendors' classes. */\n";
    out += "declare class Operations extends Client {\n";
    signatures(&mut out, model, &model.operations)?;
    out += "}\n";
    for vendor in &model.vendors {
        class(&mut out, model, vendor)?;
    }
    error_types(&mut out, model)?;
    writeln!(out, "\n/** Version of the package. */\nexport const version: string")?;
    Ok(out)
}

fn class(out: &mut String, model: &Model, vendor: &Vendor) -> Result<()> {
    out.push('\n');
    comment(out, &vendor.summary, 0)?;
    writeln!(out, "export class {} extends Operations {{", vendor.class)?;
    writeln!(out, "  constructor(config: {}, options?: Options)", vendor.config)?;
    signatures(out, model, &vendor.operations)?;
    *out += "}\n";
    Ok(())
}

/// The types of the methods of a class.
fn signatures(out: &mut String, model: &Model, operations: &[Operation]) -> Result<()> {
    for operation in operations {
        let Operation { name, doc, request, request_optional, response, .. } = operation;
        let (method, mark) = (camel(name), if *request_optional { "?" } else { "" });
        comment(out, doc, 2)?;
        writeln!(out, "  {method}(request{mark}: {request}, options?: CallOptions): Promise<{response}>")?;
        comment(out, &format!("`{method}` while the event loop stands still."), 2)?;
        writeln!(out, "  {method}Sync(request{mark}: {request}): {response}")?;
        if let Some(Pages { listed, one: Type::Named(entry), .. }) = pages(model, operation) {
            let doc = format!(
                "The `{listed}` of all pages of `{method}`, one by one, for `for await`; `limit` is the size of a page."
            );
            comment(out, &doc, 2)?;
            writeln!(out, "  {method}Pages(")?;
            writeln!(out, "    request{mark}: {request},\n    options?: CallOptions,")?;
            writeln!(out, "  ): AsyncGenerator<{entry}, void, undefined>")?;
        }
    }
    Ok(())
}

/// A registration by its state: what the table of transitions writes with every step into a state is there.
fn registration(out: &mut String, model: &Model, doc: &str) -> Result<()> {
    const BY_STATE: [(&str, Written); 2] = [("fiscal", Written::Record), ("failure", Written::Failure)];
    let fields = fields(model, "Registration");
    let field = |name: &str| fields.iter().find(|field| field.name == name);
    let told = |name: &str| field(name).with_context(|| format!("a registration has no `{name}`"));
    writeln!(out, "/** What a registration tells in every state. */\nexport interface RegistrationBase {{")?;
    let by_state =
        |field: &&Field| field.name == "state" || BY_STATE.iter().any(|(name, _)| *name == field.name);
    for field in fields.iter().filter(|field| !by_state(field)) {
        comment(out, &field.doc, 2)?;
        let mark = if field.required { "" } else { "?" };
        writeln!(out, "  {}{mark}: {}", field.name, of_field(model, field, Way::Out))?;
    }
    out.push_str("}\n\n");
    comment(out, &format!("{doc} `state` tells whether there is `fiscal` or `failure`."), 0)?;
    out.push_str("export type Registration =\n");
    let mut groups: Vec<([Option<bool>; 2], Vec<&str>)> = Vec::new();
    for state in State::ALL {
        let there = BY_STATE.map(|(_, written)| is_there(*state, written));
        match groups.iter_mut().find(|(of, _)| *of == there) {
            Some((_, states)) => states.push(state.word()),
            None => groups.push((there, vec![state.word()])),
        }
    }
    for (there, states) in groups {
        out.push_str("  | (RegistrationBase & {\n");
        comment(out, &told("state")?.doc, 6)?;
        writeln!(out, "      state: '{}'", states.join("' | '"))?;
        for ((name, _), there) in BY_STATE.iter().zip(there) {
            let field = told(name)?;
            let Type::OrNull(of) = &field.of else { continue };
            comment(out, &field.doc, 6)?;
            match there {
                Some(true) => writeln!(out, "      {name}: {}", shown(model, of, Way::Out))?,
                Some(false) => writeln!(out, "      {name}?: null")?,
                None => writeln!(out, "      {name}?: {} | null", shown(model, of, Way::Out))?,
            }
        }
        out.push_str("    })\n");
    }
    Ok(())
}

/// Whether what is `written` with steps is always there in a state, or never; `None` where that is not certain.
fn is_there(state: State, written: Written) -> Option<bool> {
    let writes = |to: State| {
        let mut rows = TRANSITIONS.iter().filter(move |row| row.to == to).peekable();
        rows.peek().is_some() && rows.all(|row| row.written == written)
    };
    let never = TRANSITIONS.iter().all(|row| row.to != state || row.written != written);
    // Fiscal data that were written once stay with the entry; a failure goes with the next step.
    let stays =
        written == Written::Record && TRANSITIONS.iter().any(|row| writes(row.from) && row.to == state);
    if writes(state) { Some(true) } else { (never && !stays).then_some(false) }
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
        let codes: Vec<_> = codes_of(model, kind).map(|code| format!("\n    | '{}'", code.code)).collect();
        writeln!(out, " */\nexport class {} extends KassaError {{", error_class(kind))?;
        writeln!(out, "  kind: '{kind}'\n  code:{}\n}}", codes.concat())?;
    }
    writeln!(out, "\n/** Every error code: its kind, and what it means and what to do. */")?;
    writeln!(
        out,
        "export const ERROR_CODES: Readonly<Record<ErrorCode, {{ kind: ErrorKind; advice: string }}>>"
    )?;
    Ok(())
}

/// Which way values of a type go.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Into the library, and perhaps out too: what it takes.
    In,
    /// Out of it only: what JSON gives.
    Out,
}

/// The types that are part of a request or a configuration.
fn taken(model: &Model) -> BTreeSet<&str> {
    let operations =
        model.operations.iter().chain(model.vendors.iter().flat_map(|vendor| &vendor.operations));
    let requests = operations.map(|operation| operation.request.as_str());
    let mut left: Vec<_> =
        requests.chain(model.vendors.iter().map(|vendor| vendor.config.as_str())).collect();
    let mut taken = BTreeSet::new();
    while let Some(name) = left.pop() {
        if taken.insert(name) {
            left.extend(fields(model, name).iter().filter_map(|field| named(&field.of)));
        }
    }
    taken
}

/// The named type within a type.
fn named(of: &Type) -> Option<&str> {
    match of {
        Type::Named(name) => Some(name),
        Type::List(inner) | Type::Map(inner) | Type::OrNull(inner) => named(inner),
        _ => None,
    }
}

fn of_field(model: &Model, field: &Field, way: Way) -> String {
    let of = shown(model, &field.of, way);
    if field.meant == Meant::Moment && way == Way::In {
        of.replacen("string", "string | Date", 1)
    } else {
        of
    }
}

/// The type in TypeScript's words.
fn shown(model: &Model, of: &Type, way: Way) -> String {
    let decimal =
        |name: &str| matches!(model.types.get(name), Some(Named { shape: Shape::Alias(Type::Decimal), .. }));
    match of {
        Type::Text => "string".into(),
        Type::Decimal if way == Way::In => "string | number | bigint".into(),
        Type::Decimal => "string".into(),
        Type::Whole if way == Way::In => "number | bigint".into(),
        Type::Whole => "number".into(),
        Type::Truth => "boolean".into(),
        Type::Anything => "any".into(),
        Type::List(inner) => format!("Array<{}>", shown(model, inner, way)),
        Type::Map(inner) => format!("Record<string, {}>", shown(model, inner, way)),
        Type::Named(name) if way == Way::Out && decimal(name) => "string".into(),
        Type::Named(name) => name.clone(),
        Type::OrNull(inner) => format!("{} | null", shown(model, inner, way)),
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
