//! The Python package: `types.py`, `_codes.py`, `_operations.py`, `_version.py`, `__init__.py`.
//! `_client.py` and `errors.py` beside them are written by hand.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::model::{Model, Named, Operation, Shape, Type, Vendor, error_class};
use super::{Generated, NOTICE};

const WIDTH: usize = 100;
/// What `Client` has already.
const TAKEN: &[&str] = &["call", "close", "vendor"];

pub fn files(model: &Model) -> Result<Vec<Generated>> {
    Ok(vec![
        ("py/python/kassa/__init__.py", package(model)?),
        ("py/python/kassa/_codes.py", codes(model)?),
        ("py/python/kassa/_operations.py", operations(model)?),
        ("py/python/kassa/_version.py", format!("# {NOTICE}\n\n__version__ = \"{}\"\n", model.version)),
        ("py/python/kassa/types.py", types(model)?),
    ])
}

fn package(model: &Model) -> Result<String> {
    let vendors: Vec<_> = model.vendors.iter().map(|vendor| vendor.class.clone()).collect();
    let errors: Vec<_> = model.kinds.iter().map(|kind| error_class(kind)).collect();
    let mut out = format!("# {NOTICE}\n{PACKAGE_HEAD}");
    writeln!(out, "from ._client import Client\nfrom ._operations import {}", vendors.join(", "))?;
    out += "from .errors import (\n    ERROR_CODES,\n    KassaError,\n";
    for name in &errors {
        writeln!(out, "    {name},")?;
    }
    out += ")\n\n__all__ = [\n";
    let own = ["Client", "ERROR_CODES", "KassaError", "__version__"].map(str::to_owned);
    for name in vendors.iter().chain(&own).chain(&errors) {
        writeln!(out, "    \"{name}\",")?;
    }
    out += "]\n";
    Ok(out)
}

const PACKAGE_HEAD: &str = r#""""Kassa puts a sale on the fiscal record, exactly once.

    till = kassa.Modulkassa(config)
    registration = till.register(receipt)
"""

from . import _native
from ._version import __version__

if _native.version() != __version__:
    raise ImportError(
        f"kassa {__version__} found the native library of version {_native.version()}; "
        "install the package again"
    )

"#;

fn operations(model: &Model) -> Result<String> {
    let classes: Vec<_> = model.vendors.iter().map(|vendor| format!("\"{}\"", vendor.class)).collect();
    let mut out = format!(
        "# {NOTICE}\n\"\"\"A method for every operation: those of all vendors, then a class for every vendor.\"\"\"\n"
    );
    out += "\nfrom __future__ import annotations\n\nfrom typing import TYPE_CHECKING, Optional\n\n";
    out += "from ._client import Client\n\nif TYPE_CHECKING:\n    import logging\n\n    from . import types as t\n\n";
    writeln!(out, "__all__ = [{}]", classes.join(", "))?;
    out += "\n\nclass Operations(Client):\n    \"\"\"What every vendor can be asked for.\"\"\"\n";
    for operation in &model.operations {
        method(&mut out, operation)?;
    }
    for vendor in &model.vendors {
        class(&mut out, model, vendor)?;
    }
    Ok(out)
}

fn class(out: &mut String, model: &Model, vendor: &Vendor) -> Result<()> {
    writeln!(out, "\n\nclass {}(Operations):", vendor.class)?;
    docstring(out, &vendor.summary, 4)?;
    writeln!(out, "\n    vendor = \"{}\"\n\n    if TYPE_CHECKING:\n", vendor.name)?;
    writeln!(out, "        def __init__(\n            self,")?;
    writeln!(out, "            config: Optional[t.{}] = None,\n            *,", vendor.config)?;
    writeln!(out, "            logger: Optional[logging.Logger] = None,")?;
    if let Some(Named { shape: Shape::Object(fields), .. }) = model.types.get(&vendor.config) {
        for field in fields.iter().filter(|field| field.name != "vendor") {
            let of = shown(&Type::OrNull(Box::new(field.of.clone())), "t.");
            writeln!(out, "            {}: {of} = None,", field.name)?;
        }
    }
    writeln!(out, "        ) -> None: ...")?;
    for operation in &vendor.operations {
        method(out, operation)?;
    }
    Ok(())
}

fn method(out: &mut String, operation: &Operation) -> Result<()> {
    let Operation { name, doc, request, response, .. } = operation;
    ensure!(!TAKEN.contains(&name.as_str()), "Python's Client has `{name}` already; rename the operation");
    let request = match operation.request_optional {
        true => format!("request: Optional[t.{request}] = None"),
        false => format!("request: t.{request}"),
    };
    writeln!(out, "\n    def {name}(self, {request}) -> t.{response}:")?;
    docstring(out, doc, 8)?;
    writeln!(
        out,
        "        response: t.{response} = self.call(\"{name}\", request)\n        return response"
    )?;
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

fn types(model: &Model) -> Result<String> {
    let mut out = format!(
        "# {NOTICE}\n\"\"\"Types of requests and responses. At run time they are plain dicts.\"\"\"\n"
    );
    out += "\nfrom __future__ import annotations\n\nfrom decimal import Decimal\n";
    out += "from typing import Any, Dict, List, Literal, Optional, TypedDict, Union\n";
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
        // The facades name the vendor themselves.
        let is_config = model.vendors.iter().any(|vendor| vendor.config == *name);
        let (required, optional): (Vec<_>, Vec<_>) =
            fields.iter().partition(|field| field.required && !(is_config && field.name == "vendor"));
        let base = match (required.is_empty(), optional.is_empty()) {
            (false, false) => {
                writeln!(out, "\n\nclass _{name}(TypedDict):")?;
                for field in required {
                    writeln!(out, "    {}: {}", field.name, shown(&field.of, ""))?;
                    docstring(&mut out, &field.doc, 4)?;
                }
                format!("_{name}, total=False")
            }
            (true, false) => "TypedDict, total=False".to_owned(),
            _ => "TypedDict".to_owned(),
        };
        let own = if optional.is_empty() { fields.iter().collect() } else { optional };
        writeln!(out, "\n\nclass {name}({base}):")?;
        docstring(&mut out, doc, 4)?;
        for field in own {
            writeln!(out, "\n    {}: {}", field.name, shown(&field.of, ""))?;
            docstring(&mut out, &field.doc, 4)?;
        }
    }
    Ok(out)
}

/// The type in Python's words; named types get the prefix.
fn shown(of: &Type, prefix: &str) -> String {
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
