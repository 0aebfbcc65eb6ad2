//! `php/src`: a class per vendor, the operations of all of them, the types, the codes.
//!
//! What stands beside them is written by hand.

mod types;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};

use super::model::{Model, Operation, Type, Vendor, camel, error_class};
use super::pages::{Pages, pages};
use super::{Generated, NOTICE};

/// Longest line of a comment.
const WIDTH: usize = 100;
/// Methods that every client has; PHP does not tell capitals from small letters in their names.
const TAKEN_METHODS: [&str; 4] = ["call", "close", "countedPages", "pages"];
/// Operations whose pages begin at an offset, and what tells their rows apart.
const COUNTED: [(&str, &str); 1] = [("kkts", "serial_number")];
/// Classes that are there whatever the table says.
const TAKEN_CLASSES: [&str; 10] = [
    "Client",
    "ErrorCode",
    "Json",
    "KassaError",
    "Native",
    "Operations",
    "Program",
    "Types",
    "Version",
    "WhyNot",
];

pub fn files(model: &Model) -> Result<Vec<Generated>> {
    check_classes(model)?;
    let mut files = vec![
        ("php/src/Version.php", version(model)),
        ("php/src/ErrorCode.php", error_codes(model)?),
        ("php/src/Types.php", types::file(model)?),
    ];
    files.push(("php/src/Operations.php", operations(model)?));
    for vendor in &model.vendors {
        files.push((path(&vendor.class), client(model, vendor)?));
    }
    Ok(files)
}

/// Leaked, because the paths of generated files are constants everywhere else.
fn path(class: &str) -> &'static str {
    format!("php/src/{class}.php").leak()
}

/// Two classes of one name would overwrite each other, and a type of a class' name would hide it.
fn check_classes(model: &Model) -> Result<()> {
    let errors = model.kinds.iter().map(|kind| error_class(kind));
    let vendors = model.vendors.iter().map(|vendor| vendor.class.clone());
    let types = model.types.keys().cloned();
    let mut seen: BTreeSet<String> = TAKEN_CLASSES.iter().map(|class| class.to_lowercase()).collect();
    for name in errors.chain(vendors).chain(types) {
        if !seen.insert(name.to_lowercase()) {
            bail!("PHP: two classes or types are named {name}");
        }
    }
    Ok(())
}

/// Begins a file: the notice, the namespace.
fn begin() -> String {
    format!("<?php // {NOTICE}\n\ndeclare(strict_types=1);\n\nnamespace Kassa;\n\n")
}

fn version(model: &Model) -> String {
    let mut out = begin();
    out += "/** Version of this package; the native library must have the same. */\nfinal class Version\n{\n";
    out += "    /** The version. */\n";
    out + &format!("    public const VERSION = '{}';\n}}\n", model.version)
}

fn error_codes(model: &Model) -> Result<String> {
    let mut out = begin();
    out +=
        "/** Every error code. Codes are never renamed and never used again. */\nfinal class ErrorCode\n{\n";
    for code in &model.codes {
        out += &comment(4, &[&code.advice]);
        writeln!(out, "    public const {} = '{}';\n", code.code.to_uppercase(), code.code)?;
    }
    out += "    /** The kind of each code. */\n    public const KINDS = [\n";
    for code in &model.codes {
        writeln!(out, "        '{}' => '{}',", code.code, code.kind)?;
    }
    out += "    ];\n\n    /** What each code means and what to do. */\n    public const ADVICE = [\n";
    for code in &model.codes {
        writeln!(out, "        '{}' => {},", code.code, quoted(&code.advice))?;
    }
    Ok(out + "    ];\n}\n")
}

/// What every vendor can be asked for, between `Client` and the vendors' classes.
fn operations(model: &Model) -> Result<String> {
    let mut lines = vec!["What every vendor can be asked for.".to_owned(), String::new()];
    lines.extend(imports(model, &model.operations, None));
    let mut out = begin() + &comment(0, &borrowed(&lines));
    out += "abstract class Operations extends Client\n{\n";
    methods(&mut out, model, &model.operations, &mut BTreeSet::new())?;
    Ok(out + "}\n")
}

fn client(model: &Model, vendor: &Vendor) -> Result<String> {
    let mut lines = vec![vendor.summary.clone(), String::new()];
    lines.extend(imports(model, &vendor.operations, Some(&vendor.config)));
    let mut out = begin() + &comment(0, &borrowed(&lines));
    writeln!(out, "final class {} extends Operations\n{{", vendor.class)?;
    writeln!(out, "    protected const VENDOR = {};\n", quoted(&vendor.name))?;
    out += &comment(
        4,
        &[
            "Opens a client; no connection is made.",
            "",
            &format!("@param {} $config", vendor.config),
            "@param \\Psr\\Log\\LoggerInterface|object|null $logger anything with PSR-3's `log()`; gets the lines that \
             the configuration's `log` asks for",
            "@throws KassaError",
        ],
    );
    out += "    public function __construct(#[\\SensitiveParameter] array $config, ?object $logger = null)\n    {\n";
    out += "        parent::__construct($config, $logger);\n    }\n";
    if !vendor.operations.is_empty() {
        out += "\n";
    }
    // PHP does not tell capitals from small letters in the names of methods.
    let mut seen = model.operations.iter().map(|one| camel(&one.name).to_lowercase()).collect();
    methods(&mut out, model, &vendor.operations, &mut seen)?;
    Ok(out + "}\n")
}

/// The methods of a class; two of one name are refused.
fn methods(
    out: &mut String,
    model: &Model,
    operations: &[Operation],
    seen: &mut BTreeSet<String>,
) -> Result<()> {
    seen.extend(TAKEN_METHODS.map(str::to_lowercase));
    for (index, operation) in operations.iter().enumerate() {
        let pages = pages(model, operation);
        let method = camel(&operation.name);
        for method in
            [Some(method.clone()), pages.as_ref().map(|_| format!("{method}Pages"))].iter().flatten()
        {
            ensure!(seen.insert(method.to_lowercase()), "PHP: a class has two methods named {method}");
        }
        if index > 0 {
            out.push('\n');
        }
        *out += &self::method(operation)?;
        if let Some(pages) = pages {
            *out += &pages_method(operation, &pages)?;
        }
    }
    Ok(())
}

fn method(operation: &Operation) -> Result<String> {
    let mut out = comment(
        4,
        &[
            &operation.doc,
            "",
            &format!("@param {} $request", operation.request),
            &format!("@return {}", operation.response),
            "@throws KassaError",
        ],
    );
    let default = if operation.request_optional { " = []" } else { "" };
    writeln!(
        out,
        "    public function {}(#[\\SensitiveParameter] array $request{default}): array\n    {{\n        return \
         $this->call('{}', $request);\n    }}",
        camel(&operation.name),
        operation.name
    )?;
    Ok(out)
}

fn pages_method(operation: &Operation, pages: &Pages<'_>) -> Result<String> {
    let rows = format!(
        "The `{}` of all pages of `{}`, one after the other; a page is asked for when it is needed.",
        pages.listed,
        camel(&operation.name)
    );
    let mut out = comment(
        4,
        &[
            &rows,
            "",
            &format!("@param {} $request", operation.request),
            &format!("@return \\Generator<int, {}>", types::shown(pages.one)),
            "@throws KassaError",
        ],
    );
    let default = if operation.request_optional { " = []" } else { "" };
    let (rows, name) = (pages.listed, &operation.name);
    let call = if pages.cursor == "offset" {
        let Some((_, key)) = COUNTED.iter().find(|row| row.0 == *name) else {
            bail!("PHP: nothing tells the rows of {name} apart");
        };
        format!("countedPages('{name}', $request, '{rows}', '{key}')")
    } else {
        format!("pages('{name}', $request, '{rows}')")
    };
    let method = camel(name);
    writeln!(
        out,
        "    public function {method}Pages(#[\\SensitiveParameter] array $request{default}): \\Generator\n    {{\n        \
         return $this->{call};\n    }}"
    )?;
    Ok(format!("\n{out}"))
}

/// A line for every type that a class names.
fn imports<'a>(model: &'a Model, operations: &'a [Operation], config: Option<&'a str>) -> Vec<String> {
    let named = operations.iter().flat_map(|one| [one.request.as_str(), one.response.as_str()]);
    let rows = operations.iter().filter_map(|one| pages(model, one)).filter_map(|pages| match pages.one {
        Type::Named(row) => Some(row.as_str()),
        _ => None,
    });
    let used: BTreeSet<&str> = named.chain(rows).chain(config).collect();
    used.iter().map(|name| format!("@phpstan-import-type {name} from Types")).collect()
}

fn borrowed(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A doc comment; long lines are broken, and those that go on with a tag are indented.
fn comment(indent: usize, lines: &[&str]) -> String {
    let space = " ".repeat(indent);
    let mut broken = Vec::new();
    for line in lines {
        let hang = if line.starts_with('@') || line.starts_with('*') { "  " } else { "" };
        let mut row = String::new();
        for word in line.replace("*/", "* /").split(' ') {
            if !row.trim().is_empty() && row.len() + 1 + word.len() + indent + 3 > WIDTH {
                broken.push(std::mem::replace(&mut row, hang.to_owned()));
            }
            if !row.trim().is_empty() {
                row.push(' ');
            }
            row += word;
        }
        broken.push(row);
    }
    if let [only] = broken.as_slice() {
        return format!("{space}/** {only} */\n");
    }
    let rows: String =
        broken.iter().map(|row| format!("{space} * {row}").trim_end().to_owned() + "\n").collect();
    format!("{space}/**\n{rows}{space} */\n")
}
