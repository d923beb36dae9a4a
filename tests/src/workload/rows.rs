//! Statements that change rows.

use super::random::Random;
use super::values::quoted;

/// Which keys this workload has used so far. They grow, so that no insert meets an existing key.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    first: u64,
    orders: u64,
    customers: u64,
}

/// Keys of one workload.
const KEYS: u64 = 10_000_000;

impl Rows {
    pub(super) const fn new(worker: u32) -> Self {
        Self {
            first: worker as u64 * KEYS,
            orders: 0,
            customers: 0,
        }
    }

    fn next_order(&mut self) -> u64 {
        self.orders += 1;
        self.first + self.orders
    }

    /// The key of an order that may well be there: mostly one of the newest.
    fn some_order(&self, random: &mut Random) -> u64 {
        let back = if random.percent(80) {
            random.below(50)
        } else {
            random.next()
        };
        self.first + self.orders - back % self.orders.max(1)
    }

    fn next_customer(&mut self) -> String {
        self.customers += 1;
        self.customer(self.customers)
    }

    fn some_customer(&self, random: &mut Random) -> String {
        self.customer(1 + random.below(self.customers.max(1)))
    }

    /// Letters that compare equal to others, and some outside ASCII.
    fn customer(&self, number: u64) -> String {
        let number = self.first + number;
        let prefix = if number.is_multiple_of(3) { "kd-Ä" } else { "Cust" };
        quoted(&format!("{prefix}-{number}"))
    }

    pub(super) fn insert_orders(&mut self, random: &mut Random) -> String {
        let count = if random.percent(70) { 1 } else { 1 + random.below(30) };
        let rows: Vec<String> = (0..count).map(|_| self.order(random)).collect();
        format!(
            "INSERT INTO shop.orders (id, customer, total, placed, status, note, details) VALUES {}",
            rows.join(", ")
        )
    }

    fn order(&mut self, random: &mut Random) -> String {
        let id = self.next_order();
        let customer = self.some_customer(random);
        let (total, placed) = (random.decimal(), random.datetime());
        let (status, note, details) = (random.status(), random.text(), random.json());
        format!("({id}, {customer}, {total}, {placed}, {status}, {note}, {details})")
    }

    pub(super) fn insert_customers(&mut self, random: &mut Random) -> String {
        let count = 1 + random.below(3);
        let rows: Vec<String> = (0..count).map(|_| self.customer_row(random)).collect();
        format!(
            "INSERT INTO shop.customers (code, name, country, active, points, balance) VALUES {}",
            rows.join(", ")
        )
    }

    fn customer_row(&mut self, random: &mut Random) -> String {
        let code = self.next_customer();
        let name = random.text();
        let country = random.pick(&["'DE'", "'jp'", "''", "'ö'", "NULL"]);
        let (active, points) = (random.integer(-128, 127), random.integer(0, 65_535));
        let balance = random.integer(-8_388_608, 8_388_607);
        format!("({code}, {name}, {country}, {active}, {points}, {balance})")
    }

    /// Several lines of one order, which may have had other lines before.
    pub(super) fn replace_items(&self, random: &mut Random) -> String {
        let order = self.some_order(random);
        let count = 1 + random.below(8);
        let rows: Vec<String> = (0..count).map(|line| item(order, line, random)).collect();
        format!("REPLACE INTO shop.items VALUES {}", rows.join(", "))
    }

    pub(super) fn insert_notes(random: &mut Random) -> String {
        let count = 1 + random.below(4);
        let rows: Vec<String> = (0..count).map(|_| note(random)).collect();
        format!(
            "INSERT INTO shop.notes (topic, body, rating) VALUES {}",
            rows.join(", ")
        )
    }

    /// Rows without a key, some of them equal to others.
    pub(super) fn change_notes(random: &mut Random) -> String {
        let topic = random.below(5);
        match random.below(4) {
            0 => format!("DELETE FROM shop.notes WHERE topic = 'topic {topic}' AND rating > 3 LIMIT 2"),
            1 => "DELETE FROM shop.notes WHERE topic IS NULL LIMIT 3".into(),
            2 => format!("UPDATE shop.notes SET rating = NULL WHERE topic = 'topic {topic}' LIMIT 2"),
            _ => format!(
                "UPDATE shop.notes SET body = {} WHERE rating IS NULL LIMIT 2",
                random.text()
            ),
        }
    }

    pub(super) fn update_orders(&self, random: &mut Random, json: bool) -> String {
        let id = self.some_order(random);
        let change = match random.below(5) {
            0 => format!("status = {}", random.status()),
            1 => format!("total = {}, note = {}", random.decimal(), random.text()),
            2 => format!("placed = {}", random.datetime()),
            3 if json => format!("details = JSON_SET(details, '$.n', {})", random.below(1000)),
            _ => format!("details = {}", random.json()),
        };
        let span = if random.percent(70) { 0 } else { random.below(25) };
        format!(
            "UPDATE shop.orders SET {change} WHERE id BETWEEN {id} AND {}",
            id + span
        )
    }

    pub(super) fn update_items(&self, random: &mut Random) -> String {
        let order = self.some_order(random);
        let change = match random.below(6) {
            0 => format!("weight = {}, size = {}", random.float(), random.double()),
            1 => format!("flags = {}, tags = {}", random.bits(), random.tags()),
            2 => format!("seen = {}, day = {}", random.timestamp(), random.date()),
            3 => format!("at_time = {}, made = {}", random.time(), random.year()),
            4 => format!(
                "picture = {}, description = {}",
                random.binary(3000),
                random.latin1_text()
            ),
            _ => "quantity = NULL".to_owned(),
        };
        format!("UPDATE shop.items SET {change} WHERE order_id >= {order} AND order_id < {order} + 5")
    }

    pub(super) fn update_customers(&self, random: &mut Random) -> String {
        let code = self.some_customer(random);
        match random.below(3) {
            0 => format!(
                "UPDATE shop.customers SET points = {} WHERE code = {code}",
                random.integer(0, 65_535)
            ),
            // The same key to the server, another to whoever compares bytes.
            1 => format!("UPDATE shop.customers SET code = UPPER(code) WHERE code = {code}"),
            _ => format!(
                "INSERT INTO shop.customers (code, name) VALUES ({code}, {}) ON DUPLICATE KEY UPDATE balance = {}",
                random.text(),
                random.integer(-8_388_608, 8_388_607),
            ),
        }
    }

    /// Moves a row to another key.
    pub(super) fn change_key(&mut self, random: &mut Random) -> String {
        let order = self.some_order(random);
        if random.percent(50) {
            let id = self.next_order();
            format!("UPDATE shop.orders SET id = {id} WHERE id = {order}")
        } else {
            format!(
                "UPDATE shop.items SET line = line + 100 WHERE order_id = {order} AND line < 100 ORDER BY line DESC"
            )
        }
    }

    pub(super) fn delete(&self, random: &mut Random) -> String {
        let order = self.some_order(random);
        match random.below(3) {
            0 => format!(
                "DELETE FROM shop.orders WHERE id BETWEEN {order} AND {}",
                order + random.below(4)
            ),
            1 => format!("DELETE FROM shop.items WHERE order_id = {order}"),
            _ => format!("DELETE FROM shop.customers WHERE code = {}", self.some_customer(random)),
        }
    }

    /// One statement that changes several tables, in one form also one that is to be dropped.
    pub(super) fn update_two_tables(&self, random: &mut Random) -> String {
        let order = self.some_order(random);
        match random.below(3) {
            0 => format!(
                "UPDATE shop.orders o JOIN shop.items i ON i.order_id = o.id
                 SET o.total = {}, i.quantity = {} WHERE o.id = {order}",
                random.decimal(),
                random.integer(0, u64::MAX),
            ),
            1 => format!(
                "UPDATE shop.orders o JOIN shop.audit_log a ON a.order_id = o.id
                 SET o.note = {}, a.what = 'changed' WHERE o.id = {order}",
                random.text(),
            ),
            _ => format!(
                "DELETE shop.orders, shop.items FROM shop.orders
                 JOIN shop.items ON items.order_id = orders.id WHERE orders.id = {order}"
            ),
        }
    }

    pub(super) fn audit(&self, random: &mut Random) -> String {
        let order = self.some_order(random);
        format!(
            "INSERT INTO shop.audit_log (order_id, what) VALUES ({order}, {})",
            random.text()
        )
    }

    pub(super) fn noise(random: &mut Random) -> String {
        match random.below(4) {
            0 => "DELETE FROM other.noise ORDER BY id LIMIT 3".into(),
            1 => format!(
                "UPDATE other.noise SET payload = {} ORDER BY id DESC LIMIT 2",
                random.binary(100)
            ),
            _ => format!("INSERT INTO other.noise (payload) VALUES ({})", random.binary(500)),
        }
    }
}

fn item(order: u64, line: u64, random: &mut Random) -> String {
    let longest = if random.percent(3) { 60_000 } else { 200 };
    let values = [
        order.to_string(),
        line.to_string(),
        random.integer(0, u64::MAX),
        random.bits(),
        random.tags(),
        random.date(),
        random.time(),
        random.year(),
        random.timestamp(),
        random.float(),
        random.double(),
        random.binary(32),
        random.binary(longest),
        random.latin1_text(),
    ];
    format!("({})", values.join(", "))
}

fn note(random: &mut Random) -> String {
    let topic = random.below(6);
    let topic = if topic == 0 {
        "NULL".into()
    } else {
        format!("'topic {topic}'")
    };
    let body = if random.percent(60) {
        "'same'".into()
    } else {
        random.text()
    };
    format!("({topic}, {body}, {})", random.pick(&["1", "4", "NULL"]))
}
