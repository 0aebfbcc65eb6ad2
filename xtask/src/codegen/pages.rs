//! Which operations give their answer in pages: that can be told from their types.

use super::model::{Field, Model, Named, Operation, Shape, Type};

/// What is listed on the pages of an operation.
pub struct Pages<'m> {
    /// The list's field.
    pub listed: &'m str,
    /// One of what is listed.
    pub one: &'m Type,
    /// The field of the request that says where the page begins: `after`, which the page before names as `next`, or
    /// `offset`, which counts what was listed before.
    pub cursor: &'static str,
}

/// The pages of an operation, where it has such.
pub fn pages<'m>(model: &'m Model, operation: &Operation) -> Option<Pages<'m>> {
    let (asked, given) = (fields(model, &operation.request), fields(model, &operation.response));
    let has = |fields: &[Field], name: &str| fields.iter().any(|field| field.name == name);
    let cursor = match (has(asked, "after") && has(given, "next"), has(asked, "offset")) {
        (true, _) => "after",
        (false, true) => "offset",
        (false, false) => return None,
    };
    given.iter().find_map(|field| match &field.of {
        Type::List(one) if field.required => Some(Pages { listed: &field.name, one, cursor }),
        _ => None,
    })
}

fn fields<'m>(model: &'m Model, name: &str) -> &'m [Field] {
    match model.types.get(name) {
        Some(Named { shape: Shape::Object(fields), .. }) => fields,
        _ => &[],
    }
}
