//! The Python package: `types.py`, `_codes.py`, `_operations.py`, `_async_operations.py`, `_version.py`, `__init__.py`.
//! What stands beside them is written by hand.

mod types;

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::model::{Model, Named, Operation, Shape, Type, Vendor, error_class};
use super::pages::pages;
use super::{Generated, NOTICE};

const WIDTH: usize = 100;
/// What `Client` and `AsyncClient` have already.
const TAKEN: &[&str] = &["aclose", "call", "close", "vendor"];

/// One of the two kinds of class.
struct Form {
    /// What stands before the names of the classes.
    prefix: &'static str,
    module: &'static str,
    about: &'static str,
    define: &'static str,
    wait: &'static str,
    iterator: &'static str,
}

const FORMS: [Form; 2] = [
    Form {
        prefix: "",
        module: "_client",
        about: "A method for every operation: those of all vendors, then a class for every vendor.",
        define: "def",
        wait: "",
        iterator: "Iterator",
    },
    Form {
        prefix: "Async",
        module: "_async_client",
        about: "The same classes for asyncio: every operation is awaited. Cancelling ends the wait, not the sale.",
        define: "async def",
        wait: "await ",
        iterator: "AsyncIterator",
    },
];

pub fn files(model: &Model) -> Result<Vec<Generated>> {
    Ok(vec![
        ("py/python/kassa/__init__.py", package(model)?),
        ("py/python/kassa/_codes.py", codes(model)?),
        ("py/python/kassa/_operations.py", operations(model, &FORMS[0])?),
        ("py/python/kassa/_async_operations.py", operations(model, &FORMS[1])?),
        ("py/python/kassa/_version.py", format!("# {NOTICE}\n\n__version__ = \"{}\"\n", model.version)),
        ("py/python/kassa/types.py", types::file(model)?),
    ])
}

fn package(model: &Model) -> Result<String> {
    let mut out = format!("# {NOTICE}\n{PACKAGE_HEAD}");
    let mut names = Vec::new();
    for Form { prefix, module, .. } in &FORMS {
        let classes: Vec<_> =
            model.vendors.iter().map(|vendor| format!("{prefix}{}", vendor.class)).collect();
        writeln!(out, "from .{module} import {prefix}Client")?;
        writeln!(out, "from .{} import {}", operations_of(module), classes.join(", "))?;
        names.extend(classes);
        names.push(format!("{prefix}Client"));
    }
    out += "from .errors import (\n    ERROR_CODES,\n    KassaError,\n";
    let errors: Vec<_> = model.kinds.iter().map(|kind| error_class(kind)).collect();
    for name in &errors {
        writeln!(out, "    {name},")?;
    }
    out += ")\n\n__all__ = [\n";
    names.extend(["ERROR_CODES", "KassaError", "__version__"].map(str::to_owned));
    for name in names.iter().chain(&errors) {
        writeln!(out, "    \"{name}\",")?;
    }
    out += "]\n";
    Ok(out)
}

/// The module of the generated classes that stand on this module's client.
fn operations_of(module: &str) -> String {
    module.replace("client", "operations")
}

const PACKAGE_HEAD: &str = r#""""Kassa puts a sale on the fiscal record, exactly once.

    till = kassa.Modulkassa(config)
    registration = till.register(receipt)
"""

from ._version import __version__

try:
    from . import _native
except ImportError as _error:
    raise ImportError(
        f"kassa {__version__}: its native library does not load here ({_error}); "
        "install the wheel for this system: pip install --force-reinstall --only-binary kassa kassa"
    ) from None

if _native.version() != __version__:
    raise ImportError(
        f"kassa {__version__} found the native library of version {_native.version()}; "
        "install the package again"
    )

"#;

fn operations(model: &Model, form: &Form) -> Result<String> {
    let Form { prefix, module, about, iterator, .. } = form;
    let classes: Vec<_> =
        model.vendors.iter().map(|vendor| format!("\"{prefix}{}\"", vendor.class)).collect();
    let mut out = format!("# {NOTICE}\n\"\"\"{about}\"\"\"\n");
    writeln!(out, "\nfrom __future__ import annotations\n")?;
    writeln!(out, "from typing import TYPE_CHECKING, {iterator}, Optional\n")?;
    writeln!(out, "from .{module} import {prefix}Client\n\nif TYPE_CHECKING:\n    import logging\n")?;
    writeln!(out, "    from . import types as t\n\n__all__ = [{}]", classes.join(", "))?;
    writeln!(out, "\n\nclass {prefix}Operations({prefix}Client):")?;
    docstring(&mut out, "What every vendor can be asked for.", 4)?;
    for operation in &model.operations {
        method(&mut out, model, operation, form)?;
    }
    for vendor in &model.vendors {
        class(&mut out, model, vendor, form)?;
    }
    Ok(out)
}

fn class(out: &mut String, model: &Model, vendor: &Vendor, form: &Form) -> Result<()> {
    let prefix = form.prefix;
    writeln!(out, "\n\nclass {prefix}{}({prefix}Operations):", vendor.class)?;
    docstring(out, &vendor.summary, 4)?;
    writeln!(out, "\n    vendor = \"{}\"\n\n    if TYPE_CHECKING:\n", vendor.name)?;
    writeln!(out, "        def __init__(\n            self,")?;
    writeln!(out, "            config: Optional[t.{}] = None,\n            *,", vendor.config)?;
    writeln!(out, "            logger: Optional[logging.Logger] = None,")?;
    if let Some(Named { shape: Shape::Object(fields), .. }) = model.types.get(&vendor.config) {
        for field in fields.iter().filter(|field| field.name != "vendor") {
            let of = types::shown(&Type::OrNull(Box::new(field.of.clone())), "t.");
            writeln!(out, "            {}: {of} = None,", field.name)?;
        }
    }
    writeln!(out, "        ) -> None: ...")?;
    for operation in &vendor.operations {
        method(out, model, operation, form)?;
    }
    Ok(())
}

fn method(out: &mut String, model: &Model, operation: &Operation, form: &Form) -> Result<()> {
    let Operation { name, doc, request, response, .. } = operation;
    let Form { define, wait, iterator, .. } = form;
    ensure!(!TAKEN.contains(&name.as_str()), "Python's clients have `{name}` already; rename the operation");
    let request = match operation.request_optional {
        true => format!("request: Optional[t.{request}] = None"),
        false => format!("request: t.{request}"),
    };
    writeln!(out, "\n    {define} {name}(self, {request}) -> t.{response}:")?;
    docstring(out, doc, 8)?;
    writeln!(out, "        response: t.{response} = {wait}self.call(\"{name}\", request)")?;
    writeln!(out, "        return response")?;
    if let Some(pages) = pages(model, operation) {
        let (listed, cursor, one) = (pages.listed, pages.cursor, types::shown(pages.one, "t."));
        writeln!(out, "\n    def {name}_pages(self, {request}) -> {iterator}[{one}]:")?;
        let doc = format!(
            "Goes through the `{listed}` of every page of `{name}`, asking for a page when its turn comes."
        );
        docstring(out, &doc, 8)?;
        writeln!(out, "        return self._pages(\"{name}\", request, \"{listed}\", \"{cursor}\")")?;
    }
    Ok(())
}

fn codes(model: &Model) -> Result<String> {
    let mut out = format!("# {NOTICE}\n\nfrom typing import Dict, Tuple\n");
    out += "\n#: Every error code: its kind, and what it means and what to do.\n\
            ERROR_CODES: Dict[str, Tuple[str, str]] = {\n";
    for code in &model.codes {
        writeln!(
            out,
            "    \"{}\": (\n        \"{}\",\n        {:?},\n    ),",
            code.code, code.kind, code.advice
        )?;
    }
    Ok(out + "}\n")
}

fn docstring(out: &mut String, doc: &str, indent: usize) -> Result<()> {
    if doc.is_empty() {
        return Ok(());
    }
    let pad = " ".repeat(indent);
    let doc = doc.replace('\\', "\\\\").replace("\"\"\"", "'''");
    let lines = wrapped(&doc, WIDTH - indent - 6);
    match lines.as_slice() {
        [line] if !line.ends_with('"') => writeln!(out, "{pad}\"\"\"{line}\"\"\"")?,
        lines => {
            writeln!(out, "{pad}\"\"\"{}", lines.join(&format!("\n{pad}")))?;
            writeln!(out, "{pad}\"\"\"")?;
        }
    }
    Ok(())
}

/// Breaks a text into lines of at most `width` characters.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
