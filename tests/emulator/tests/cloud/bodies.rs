//! The example bodies of protocol/atol.md 4.2.

use serde_json::{Value, json};

/// The sheet's v4 sale, with no callback.
pub fn sale_v4(id: &str) -> Value {
    json!({
        "timestamp": "14.02.2026 09:05:00",
        "external_id": id,
        "receipt": {
            "client": { "email": "buyer@example.org", "name": "Petrov P." },
            "company": { "email": "shop@example.org", "sno": "osn", "inn": "7700000016", "payment_address": "https://demo-shop.example" },
            "items": [
                { "name": "Notebook A5", "price": 250.00, "quantity": 2, "sum": 500.00, "measurement_unit": "pcs",
                  "payment_method": "full_payment", "payment_object": "commodity", "vat": { "type": "vat20", "sum": 83.33 } },
                { "name": "Oat flakes by weight", "price": 99.90, "quantity": 1.5, "sum": 149.85, "measurement_unit": "kg",
                  "payment_method": "full_payment", "payment_object": "commodity", "vat": { "type": "vat10", "sum": 13.62 } }
            ],
            "payments": [{ "type": 1, "sum": 649.85 }],
            "vats": [{ "type": "vat20", "sum": 83.33 }, { "type": "vat10", "sum": 13.62 }],
            "total": 649.85,
            "additional_user_props": { "name": "order", "value": "000017" }
        }
    })
}

/// The sheet's v4 correction.
pub fn correction_v4(id: &str) -> Value {
    json!({
        "timestamp": "14.02.2026 10:00:00",
        "external_id": id,
        "correction": {
            "company": { "sno": "osn", "inn": "7700000016", "payment_address": "https://demo-shop.example" },
            "correction_info": { "type": "instruction", "base_date": "10.02.2026", "base_number": "44-17" },
            "payments": [{ "type": 1, "sum": 1200.00 }],
            "vats": [{ "type": "vat20", "sum": 200.00 }],
            "cashier": "Ivanova I."
        }
    })
}

/// The sheet's v5 sale: an agent's service and a marked pair of shoes.
pub fn sale_v5(id: &str) -> Value {
    json!({
        "timestamp": "14.02.2026 09:10:00",
        "external_id": id,
        "ism_optional": true,
        "receipt": {
            "client": { "phone": "+79990000001" },
            "company": { "email": "shop@example.org", "sno": "usn_income", "inn": "770000000007", "payment_address": "https://demo-shop.example" },
            "items": [
                { "name": "Delivery", "price": 300.00, "quantity": 1, "measure": 0, "sum": 300.00,
                  "payment_method": "full_payment", "payment_object": 4, "vat": { "type": "none" },
                  "agent_info": { "type": "paying_agent", "paying_agent": { "operation": "transfer", "phones": ["+79990000002"] } },
                  "supplier_info": { "inn": "7700000016", "name": "Carrier LLC", "phones": ["+79990000003"] } },
                { "name": "Trainers, pair", "price": 1200.00, "quantity": 1, "measure": 0, "sum": 1200.00,
                  "payment_method": "full_payment", "payment_object": 33, "vat": { "type": "none" },
                  "mark_processing_mode": "0", "mark_code": { "gs1m": MARK } }
            ],
            "payments": [{ "type": 1, "sum": 1000.00 }, { "type": 2, "sum": 500.00 }],
            "total": 1500.00,
            "cashier": "Ivanova I.",
            "cashier_inn": "770000000015"
        }
    })
}

/// A marking code as v5 wants it.
pub const MARK: &str = "MDEwNDYwMDAwMDAwMDAxODIxTjR2cTdaazJUYjFhWB05MUVFMTAdOTJkR1Z6ZEhSbGMzUjBaWE4wZEdWemRIUmxjM1IwWlhOMGRHVnpkQT09";

/// The sheet's v5 correction, with the company of the seeded group.
pub fn correction_v5(id: &str) -> Value {
    json!({
        "timestamp": "15.02.2026 12:00:00",
        "external_id": id,
        "correction": {
            "client": { "email": "buyer@example.org" },
            "company": { "email": "shop@example.org", "sno": "osn", "inn": "770000000007", "payment_address": "https://demo-shop.example" },
            "correction_info": { "type": "self", "base_date": "14.02.2026" },
            "items": [
                { "name": "Notebook A5", "price": 250.00, "quantity": 1, "measure": 0, "sum": 250.00,
                  "payment_method": "full_payment", "payment_object": 1, "vat": { "type": "vat20", "sum": 41.67 } }
            ],
            "payments": [{ "type": 0, "sum": 250.00 }],
            "total": 250.00
        }
    })
}
