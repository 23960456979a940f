//! The clock may be set back: order and cursors do not care. (Ids across a restart: see the store's own tests.)
